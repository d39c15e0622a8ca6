"""What somebody bought with an order: the goods in their hands, and which of them they keep.

Kept is what was neither brought back nor paid back: goods that came back without their money and
money that went back without the goods are both no purchase any more, and one that did both is so
once. Money back that names no line is first that of the carriage, then that of all goods alike.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from agent.core.identifiers import SaleId
from agent.core.orders.claims import Claim
from agent.core.orders.model import Cause, CustomerOrder, OrderLine, Payment, PaymentState, Placed
from agent.core.orders.money import Money, carriage, money_of
from agent.core.orders.tally import Tallies, Tally, given_for, tallies
from agent.core.quantities import Minor, Thousandths, allot, divide_half_away


class InSale(NamedTuple):
    """Goods that were handed over, and paid for, in a sale at a till."""

    sale_id: SaleId
    handed: Thousandths
    kept: Thousandths


class Bought(msgspec.Struct, frozen=True):
    """One line of goods, as far as it was handed over."""

    line: OrderLine
    handed: Thousandths
    """Elsewhere than in a sale."""
    kept: Thousandths
    """Of those."""
    amount: Minor
    """What those handed over cost, tax as the order's prices have it."""
    in_sales: tuple[InSale, ...]


class Purchase(msgspec.Struct, frozen=True):
    """What was bought with one order."""

    placed: Placed
    lines: tuple[Bought, ...]
    """By line number; without those of which nothing was handed over."""
    tenders: dict[str, Minor]
    """Kind → what was settled with it elsewhere than in a sale."""
    is_done: bool
    """Everything was handed over or cancelled, and is paid for."""


def purchase(order: CustomerOrder) -> Purchase | None:
    """Tell what was bought with an order; None as long as nobody told what was ordered.

    Args:
        order: everything told of it, with the payment its channel implies.
    """
    counted = tallies(order)
    if counted.placed is None:
        return None
    known = [tally for tally in counted.lines if tally.known]
    money = money_of(counted)
    kept = _kept(counted, [tally for tally in known if tally.handed], money)
    return Purchase(
        placed=counted.placed,
        lines=tuple(_bought(tally, quantity) for tally, quantity in kept),
        tenders=_tenders(counted),
        is_done=bool(kept) and _is_paid(counted, money) and not any(each.open for each in known),
    )


def _is_paid(counted: Tallies, money: Money) -> bool:
    """Tell whether it was paid for, whatever went back since."""
    wanted = sum(
        tally.worth(tally.line.quantity - tally.cancelled) for tally in counted.lines if tally.known
    )
    return money.settled >= max(1, wanted + carriage(counted) - money.let_off)


def _kept(counted: Tallies, handed: list[Tally], money: Money) -> list[tuple[Tally, int]]:
    """Give each line with how much of it is neither brought back nor paid back."""
    back = given_for(counted.told, Cause.RETURN)
    let_off = given_for(counted.told, Cause.GOODWILL)
    worths = [
        _worth(tally, Minor(back.get(tally.line.line, 0) + let_off.get(tally.line.line, 0)))
        for tally in handed
    ]
    lack = max(0, sum(worths) - max(0, money.settled - money.refunded)) if money.settled else 0
    shares = allot(Minor(lack), worths) if lack else [Minor(0)] * len(worths)
    return [
        (tally, _quantity(tally, worth - share))
        for tally, worth, share in zip(handed, worths, shares, strict=True)
    ]


def _worth(tally: Tally, paid_back: int) -> int:
    """Tell what the goods cost that were handed over, without what came or was paid back."""
    stays = _cost(tally, tally.handed) - max(_cost(tally, tally.returned), paid_back)
    return max(0, stays)


def _quantity(tally: Tally, worth: int) -> int:
    """Tell how much of a line money stands for; goods without a price count by themselves."""
    by_goods = tally.handed - tally.returned
    whole = _cost(tally, tally.handed)
    if not whole or worth >= _cost(tally, tally.handed) - _cost(tally, tally.returned):
        return by_goods
    return min(by_goods, divide_half_away(tally.handed * worth, whole))


def _cost(tally: Tally, quantity: int) -> int:
    line = tally.line
    return divide_half_away(max(0, line.cost) * quantity, line.quantity) if line.quantity else 0


def _bought(tally: Tally, kept: int) -> Bought:
    claims = tally.moves.handed
    own = sum(claim.quantity for claim in claims if claim.step.sale_id is None)
    rest = tally.handed - kept
    own_back = min(rest, own)
    amount = divide_half_away(tally.line.amount * own, tally.line.quantity)
    return Bought(
        line=tally.line,
        handed=Thousandths(own),
        kept=Thousandths(own - own_back),
        amount=Minor(amount),
        in_sales=_in_sales(claims, rest - own_back),
    )


def _in_sales(claims: tuple[Claim, ...], back: int) -> tuple[InSale, ...]:
    found = []
    for claim in claims:
        if claim.step.sale_id is not None:
            taken = min(back, claim.quantity)
            back -= taken
            kept = Thousandths(claim.quantity - taken)
            found.append(InSale(claim.step.sale_id, Thousandths(claim.quantity), kept))
    return tuple(found)


def _tenders(counted: Tallies) -> dict[str, Minor]:
    paid: dict[str, Minor] = {}
    for each in counted.told:
        if isinstance(each, Payment) and each.state is PaymentState.SETTLED and not each.sale_id:
            paid[each.kind] = Minor(paid.get(each.kind, 0) + each.amount)
    return paid
