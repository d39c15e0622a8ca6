"""What somebody bought with an order: the goods in their hands, and which of them they keep.

Kept is what was neither brought back nor paid back: goods that came back without their money and
money that went back without the goods are both no purchase any more, and one that did both is so
once. Money back that names no line is first that of the carriage, then that of all goods alike. A
voucher that takes off the whole order makes all of its goods cheaper.
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
    """What those handed over cost, without their share of what was taken off the whole order; tax
    as the order's prices have it."""
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
    handed = [each for each in _priced(counted.placed, known) if each.tally.handed]
    kept = _kept(counted, handed, money)
    return Purchase(
        placed=counted.placed,
        lines=tuple(map(_bought, handed, kept)),
        tenders=_tenders(counted),
        is_done=bool(kept) and _is_paid(counted, money) and not any(each.open for each in known),
    )


def _is_paid(counted: Tallies, money: Money) -> bool:
    """Tell whether it was paid for, whatever went back since."""
    wanted = sum(
        tally.worth(tally.line.quantity - tally.cancelled) for tally in counted.lines if tally.known
    )
    return money.settled >= max(1, wanted + carriage(counted) - money.let_off)


class _Priced(NamedTuple):
    """A line with its share of what lines that are no goods take off, such as a voucher."""

    tally: Tally
    off: Minor

    def amount(self, quantity: int) -> int:
        """Tell what so much of it costs, tax as the order's prices have it."""
        whole = max(0, self.tally.line.cost)
        amount = self.tally.line.amount
        return self._part(
            amount - (divide_half_away(self.off * amount, whole) if whole else 0), quantity
        )

    def cost(self, quantity: int) -> int:
        """Tell what the customer pays for so much of it."""
        return self._part(max(0, self.tally.line.cost) - self.off, quantity)

    def _part(self, amount: int, quantity: int) -> int:
        # Handed over of a line that was taken out of the order again: nobody says for how much.
        of = self.tally.line.quantity
        return divide_half_away(amount * quantity, of) if of else 0


def _priced(placed: Placed, known: list[Tally]) -> list[_Priced]:
    costs = [max(0, tally.line.cost) for tally in known]
    taken = -sum(min(0, line.cost) for line in placed.lines if not line.goods)
    off = min(sum(costs), taken)
    shares = allot(Minor(off), costs) if off else [Minor(0)] * len(costs)
    return [_Priced(tally, share) for tally, share in zip(known, shares, strict=True)]


def _kept(counted: Tallies, handed: list[_Priced], money: Money) -> list[int]:
    """Give of each line how much is neither brought back nor paid back."""
    back = given_for(counted.told, Cause.RETURN)
    let_off = given_for(counted.told, Cause.GOODWILL)
    numbers = [each.tally.line.line for each in handed]
    paid_back = [back.get(number, 0) + let_off.get(number, 0) for number in numbers]
    worths = list(map(_worth, handed, paid_back))
    lack = max(0, sum(worths) - max(0, money.settled - money.refunded)) if money.settled else 0
    shares = allot(Minor(lack), worths) if lack else [Minor(0)] * len(worths)
    return [
        _quantity(each, worth - share)
        for each, worth, share in zip(handed, worths, shares, strict=True)
    ]


def _worth(line: _Priced, paid_back: int) -> int:
    """Tell what the goods cost that were handed over, without what came or was paid back."""
    tally = line.tally
    stays = line.cost(tally.handed) - max(line.cost(tally.returned), paid_back)
    return max(0, stays)


def _quantity(line: _Priced, worth: int) -> int:
    """Tell how much of a line money stands for; goods without a price count by themselves."""
    tally = line.tally
    by_goods = tally.handed - tally.returned
    whole = line.cost(tally.handed)
    if not whole or worth >= whole - line.cost(tally.returned):
        return by_goods
    return min(by_goods, divide_half_away(tally.handed * worth, whole))


def _bought(line: _Priced, kept: int) -> Bought:
    claims = line.tally.moves.handed
    own = sum(claim.quantity for claim in claims if claim.step.sale_id is None)
    rest = line.tally.handed - kept
    own_back = min(rest, own)
    return Bought(
        line=line.tally.line,
        handed=Thousandths(own),
        kept=Thousandths(own - own_back),
        amount=Minor(line.amount(own)),
        in_sales=_in_sales(claims, rest - own_back),
    )


def _in_sales(claims: tuple[Claim, ...], back: int) -> tuple[InSale, ...]:
    handed: dict[SaleId, int] = {}
    for claim in claims:
        if claim.step.sale_id is not None:
            handed[claim.step.sale_id] = handed.get(claim.step.sale_id, 0) + claim.quantity
    found = []
    for sale_id, quantity in handed.items():
        taken = min(back, quantity)
        back -= taken
        found.append(InSale(sale_id, Thousandths(quantity), Thousandths(quantity - taken)))
    return tuple(found)


def _tenders(counted: Tallies) -> dict[str, Minor]:
    paid: dict[str, Minor] = {}
    for each in counted.told:
        if isinstance(each, Payment) and each.state is PaymentState.SETTLED and not each.sale_id:
            paid[each.kind] = Minor(paid.get(each.kind, 0) + each.amount)
    return paid
