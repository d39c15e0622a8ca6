"""Goods of an order that come back over a counter: how much may, and what is given back for them.

What is given back is read from both sides: the share of the goods that are back by now, less what
was given back for them already, on whichever channel. So all parts add up to what was paid, and
never to more than was paid, whatever the order in which stores and the web took them back.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent.core.faults import NotFoundFault
from agent.core.identifiers import ActorId, SaleId
from agent.core.orders.gathering import noted
from agent.core.orders.model import (
    NOBODY,
    By,
    Cause,
    CustomerOrder,
    OrderId,
    OrderLine,
    Part,
    Refund,
    RefundPart,
    Stage,
    Step,
    Told,
)
from agent.core.orders.money import kept, money_of
from agent.core.orders.states import OrderFault
from agent.core.orders.tally import Tallies, Tally, given_for, tallies
from agent.core.quantities import ONE, Minor, Thousandths, divide_half_away, extend
from agent.core.sale.bounds import live, pieces
from agent.core.sale.model import Line, ReturnOf, Sale
from agent.core.sale.tax import line_taxes, spread
from agent.core.stock.places import Bucket


def returnable(order: CustomerOrder) -> dict[int, Thousandths]:
    """Tell how much of each line of goods may still come back."""
    return {tally.line.line: tally.returnable for tally in tallies(order).lines if tally.known}


def refund_for(order: CustomerOrder, line: int, quantity: Thousandths) -> Minor:
    """Tell what is to be given back for so much of a line, tax included.

    Raises:
        NotFoundFault: `no-such-line`.
        OrderFault: `more-than-returnable`, `zero-quantity`.
    """
    counted = tallies(order)
    tally = _line(counted, line)
    _require_returnable(tally, quantity)
    until = tally.worth(tally.returned + quantity)
    due_back = until - given_for(counted.told, Cause.RETURN).get(line, 0)
    money = money_of(counted)
    kept_then = kept(counted) - (until - tally.worth(tally.returned)) - money.let_off
    overpaid = money.settled - money.refunded - max(0, kept_then)
    return Minor(max(0, min(due_back, overpaid)))


def return_line(
    order: CustomerOrder,
    sale: Sale,
    line: int,
    quantity: Thousandths | None = None,
    *,
    reason: str | None = None,
    actor: ActorId | None = None,
    line_id: str | None = None,
) -> Line:
    """Make the sale line by which goods of an order are given back; `sale.lines.append` adds it.

    Args:
        order: as known here.
        sale: the open basket; what it gives back of the order already counts.
        line: the order's line.
        quantity: how much comes back; all that may where it is None.
        reason: why, if the customer said.
        actor: who takes the goods back, where it is not the sale's own actor.
        line_id: the caller's own id of the line.

    Raises:
        NotFoundFault: `no-such-line`.
        OrderFault: `more-than-returnable`, `zero-quantity`, `other-currency`.
    """
    _require_same_money(order, sale)
    taxes = taxes_on_top(sale.lines, sale.discount, included=sale.prices_include_tax)
    known = noted(order, *of_sale(order.order_id, sale.sale_id, sale.lines, taxes=taxes))
    tally = _line(tallies(known), line)
    back = tally.returnable if quantity is None else Thousandths(abs(quantity))
    cost = tally.line.cost
    amount = Minor(
        divide_half_away(refund_for(known, line, back) * tally.line.amount, cost) if cost else 0
    )
    return _turned_round(
        tally.line,
        back,
        amount,
        returns=ReturnOf(SaleId(order.order_id), line),
        reason=reason,
        actor=None if actor == sale.actor else actor,
        line_id=line_id,
    )


def taxes_on_top(lines: tuple[Line, ...], discount: Minor, *, included: bool) -> dict[int, Minor]:
    """Tell the tax on top of each line of a sale; nothing where prices include it."""
    return {} if included else line_taxes(spread(lines, discount), included=False)


def of_sale(
    order_id: OrderId,
    sale_id: SaleId,
    lines: tuple[Line, ...],
    *,
    location: str = "",
    taxes: Mapping[int, Minor] | None = None,
    put: Mapping[int, Bucket] | None = None,
    kind: str = "",
    by: By = NOBODY,
) -> tuple[Told, ...]:
    """Tell what a sale gave back of an order: the goods, and the money, each by itself.

    Args:
        order_id: of the order.
        sale_id: of the sale; names what is told, so that it is told once.
        lines: of the sale; those that give nothing back of the order are passed over.
        location: the store.
        taxes: sale line → tax on top of it, see `taxes_on_top`.
        put: sale line → where the goods were put; on the shelf where nothing is said.
        kind: of tender the money went back by.
        by: who took the goods back.
    """
    back = [
        (line, line.returns.line)
        for line in live(lines)
        if line.returns is not None and line.returns.sale_id == SaleId(order_id)
    ]
    shelves: dict[Bucket, dict[int, int]] = {}
    amounts: dict[int, int] = {}
    for line, number in back:
        parts = shelves.setdefault((put or {}).get(line.line, Bucket.AVAILABLE), {})
        parts[number] = parts.get(number, 0) - line.quantity
        tax = (taxes or {}).get(line.line, 0)
        amounts[number] = amounts.get(number, 0) - line.extension - tax
    steps = tuple(
        _returned(order_id, sale_id, bucket, shelves[bucket], location, by)
        for bucket in sorted(shelves)
    )
    return (*steps, *_refunded(order_id, sale_id, amounts, kind, by))


def _returned(
    order_id: OrderId,
    sale_id: SaleId,
    bucket: Bucket,
    parts: Mapping[int, int],
    location: str,
    by: By,
) -> Step:
    return Step(
        event=f"{sale_id}/returned/{order_id}/{bucket}",
        order_id=order_id,
        stage=Stage.RETURNED,
        parts=tuple(Part(number, Thousandths(parts[number])) for number in sorted(parts)),
        location=location,
        sale_id=sale_id,
        bucket=bucket,
        at=by.at,
        touch_point=by.touch_point,
        actor=by.actor,
    )


def _refunded(
    order_id: OrderId, sale_id: SaleId, amounts: Mapping[int, int], kind: str, by: By
) -> tuple[Refund, ...]:
    """Tell the money; goods that cost nothing are returned without any."""
    if not any(amounts.values()):
        return ()
    refund = Refund(
        event=f"{sale_id}/refunded/{order_id}",
        order_id=order_id,
        refund=sale_id,
        amount=Minor(sum(amounts.values())),
        parts=tuple(RefundPart(number, Minor(amounts[number])) for number in sorted(amounts)),
        kind=kind,
        sale_id=sale_id,
        at=by.at,
        touch_point=by.touch_point,
        actor=by.actor,
    )
    return (refund,)


def _turned_round(
    ordered: OrderLine,
    back: Thousandths,
    amount: Minor,
    *,
    returns: ReturnOf,
    reason: str | None,
    actor: ActorId | None,
    line_id: str | None,
) -> Line:
    # A price that leaves a discount, never a surcharge: what is given back is exact to the cent,
    # and the price per piece need not be.
    unit_price = max(
        ordered.unit_price or 0,
        _up(ordered.amount * ONE, ordered.quantity),
        _up(amount * ONE, back),
    )
    return Line(
        line=0,
        name=ordered.name,
        quantity=Thousandths(-back),
        unit_price=Minor(unit_price),
        extension=Minor(-amount),
        taxes=ordered.taxes,
        unit=ordered.unit,
        item_id=ordered.item,
        gtin=ordered.gtin,
        discount=Minor(amount - extend(Minor(unit_price), back)),
        reason=reason,
        actor=actor,
        returns=returns,
        line_id=line_id,
    )


def _up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def _line(counted: Tallies, number: int) -> Tally:
    for tally in counted.lines:
        if tally.known and tally.line.line == number:
            return tally
    numbers = ", ".join(str(each.line.line) for each in counted.lines if each.returnable)
    raise NotFoundFault(
        f"the order has no goods in line {number}",
        remedy=f"lines that can be returned: {numbers or 'none'}",
        name="no-such-line",
    )


def _require_returnable(tally: Tally, back: Thousandths) -> None:
    left = tally.returnable
    if back > left or left == 0:
        raise OrderFault(
            f"{tally.line.name}: {pieces(tally.handed)} handed over, "
            f"{pieces(tally.returned)} came back already, "
            f"so {pieces(back or left)} cannot come back",
            remedy=f"take back at most {pieces(left)}" if left else "nothing of it can come back",
            name="more-than-returnable",
        )
    if back <= 0:
        raise OrderFault(
            "a return of 0 gives nothing back",
            remedy="enter how much comes back",
            name="zero-quantity",
        )


def _require_same_money(order: CustomerOrder, sale: Sale) -> None:
    placed = tallies(order).placed
    if placed is None:
        return
    if (placed.currency, placed.prices_include_tax) != (sale.currency, sale.prices_include_tax):
        raise OrderFault(
            f"order {placed.number} was made in {placed.currency} with other price rules",
            remedy="have it refunded in the channel it was paid in",
            name="other-currency",
        )
