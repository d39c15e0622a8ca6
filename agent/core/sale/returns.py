"""Goods that come back: how many may, and what is given back for them.

What was paid for a line is its extension less its share of the receipt discount. Bit by bit or all
at once, a line gives back exactly that: each part is the difference of two rounded running sums.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from agent.core.faults import NotFoundFault
from agent.core.identifiers import ActorId, SaleId
from agent.core.quantities import Minor, Thousandths, divide_half_away
from agent.core.sale.bounds import live, pieces
from agent.core.sale.lines import append
from agent.core.sale.model import Line, ReturnOf, Sale, SaleFault
from agent.core.sale.states import Action, next_state
from agent.core.sale.tax import spread


class Original(msgspec.Struct, frozen=True):
    """A completed sale, as far as a return needs it."""

    sale_id: SaleId
    lines: tuple[Line, ...]
    currency: str
    prices_include_tax: bool
    discount: Minor = Minor(0)
    """Off the whole receipt."""


def returnable(
    lines: tuple[Line, ...], returned: Mapping[int, Thousandths] | None = None
) -> dict[int, Thousandths]:
    """Tell how much of each line may still come back; what was itself a return may not.

    Args:
        lines: of the original sale.
        returned: line number to the quantity that came back already, of either sign.
    """
    before = returned or {}
    return {
        line.line: Thousandths(max(0, line.quantity - abs(before.get(line.line, 0))))
        for line in live(lines)
        if line.quantity > 0
    }


def returned_in(sale: Sale, original: SaleId) -> dict[int, Thousandths]:
    """Add up what this basket itself gives back of another sale: line number to quantity."""
    back: dict[int, Thousandths] = {}
    for line in live(sale.lines):
        if line.returns is not None and line.returns.sale_id == original:
            earlier = back.get(line.returns.line, 0)
            back[line.returns.line] = Thousandths(earlier - line.quantity)
    return back


def return_line(
    sale: Sale,
    original: Original,
    line: int,
    quantity: Thousandths | None = None,
    *,
    returned: Mapping[int, Thousandths] | None = None,
    reason: str | None = None,
    actor: ActorId | None = None,
    line_id: str | None = None,
) -> Sale:
    """Add a line that gives goods back for what was paid for them.

    Args:
        sale: the open sale to add to.
        original: the completed sale the goods came from.
        line: its line number.
        quantity: how much comes back, of either sign; all that is left where it is None.
        returned: what came back of the original in completed sales; this basket is added.
        reason: why, if the customer said.
        actor: who takes the goods back now.
        line_id: the caller's own id; a known one adds nothing.

    Raises:
        SaleFault: `more-than-sold`, `zero-quantity`, `other-currency`, `sale-full`, or the sale
            is not open.
        NotFoundFault: `no-such-line`: not a line that was sold there.
    """
    next_state(sale, Action.ADD_LINE)
    if line_id is not None and any(each.line_id == line_id for each in sale.lines):
        return sale
    _require_same_money(sale, original)
    sold, paid = _sold(original, line)
    before = abs((returned or {}).get(line, 0)) + returned_in(sale, original.sale_id).get(line, 0)
    left = returnable((sold,), {line: Thousandths(before)})[line]
    back = Thousandths(abs(quantity)) if quantity is not None else left
    _require_left(sold, back, left)
    part = _part_of(sold, paid, before, back)
    signed = msgspec.structs.replace(
        part,
        returns=ReturnOf(original.sale_id, line),
        reason=reason,
        actor=None if actor == sale.actor else actor,
        line_id=line_id,
    )
    return append(sale, signed)


def _part_of(sold: Line, paid: Minor, before: int, back: Thousandths) -> Line:
    """Turn `back` of a line round, given that `before` of it came back already."""
    given = _between(paid, before, back, sold.quantity)
    base = _between(Minor(sold.extension + sold.discount), before, back, sold.quantity)
    return msgspec.structs.replace(
        sold,
        quantity=Thousandths(-back),
        extension=Minor(-given),
        discount=Minor(given - base),
        list_price=None,
        scanned=None,
    )


def _between(amount: Minor, before: int, back: int, whole: int) -> int:
    until = divide_half_away(amount * (before + back), whole)
    return until - divide_half_away(amount * before, whole)


def _sold(original: Original, number: int) -> tuple[Line, Minor]:
    for part in spread(original.lines, original.discount):
        if part.line.line == number and part.line.quantity > 0:
            return part.line, part.amount
    numbers = ", ".join(map(str, returnable(original.lines))) or "none"
    raise NotFoundFault(
        f"line {number} of sale {original.sale_id} did not sell anything",
        remedy=f"lines that can be returned: {numbers}",
        name="no-such-line",
    )


def _require_left(sold: Line, back: Thousandths, left: Thousandths) -> None:
    if left == 0 or back > left:
        gone = pieces(sold.quantity - left)
        raise SaleFault(
            f"{sold.name}: {pieces(sold.quantity)} sold, {gone} already returned, "
            f"so {pieces(back or left)} cannot come back",
            remedy=f"return at most {pieces(left)}" if left else "the line has come back in full",
            name="more-than-sold",
        )
    if back == 0:
        raise SaleFault(
            "a return of 0 gives nothing back",
            remedy="enter how much comes back",
            name="zero-quantity",
        )


def _require_same_money(sale: Sale, original: Original) -> None:
    same_currency = sale.currency == original.currency
    if not same_currency or sale.prices_include_tax != original.prices_include_tax:
        raise SaleFault(
            f"sale {original.sale_id} was made in {original.currency} with other price rules",
            remedy="take the goods back without their receipt, at today's price, with a reason",
            name="other-currency",
        )
