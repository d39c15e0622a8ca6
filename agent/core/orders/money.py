"""The money of an order, apart from its goods: what it costs now, what came, what went back.

`due` and `owed` are read from both sides at once: goods kept have a price, and money was settled.
An order paid on collection is due until the money has come; one that expired after it was paid is
owed until the money is back. A refund under way counts as given, or it would be given twice.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from agent.core.orders.model import Cause, Payment, PaymentState
from agent.core.orders.tally import Tallies, refunds_of
from agent.core.quantities import Minor

UNPAID, PARTLY, AUTHORIZED = "unpaid", "partly paid", "authorized"
PAID, OWED, NOTHING = "paid", "owed", "nothing to pay"


class Money(msgspec.Struct, frozen=True):
    """Amounts in the order's currency."""

    ordered: Minor
    """What the order cost as ordered."""
    payable: Minor
    """What it costs now: without what was cancelled, expired, returned or let off."""
    settled: Minor
    authorized: Minor
    """Held for us and not taken yet."""
    refunded: Minor
    """Given back, or on its way back."""
    let_off: Minor
    """Let off of the order as a whole; what was let off of a line makes the line cost less."""
    due: Minor
    """Still to come; what is authorized has not come."""
    owed: Minor
    """To be given back, and no refund for it is under way."""

    @property
    def unsecured(self) -> Minor:
        """What is neither here nor held for us."""
        return Minor(max(0, self.due - self.authorized))

    @property
    def word(self) -> str:
        """Say it in a word."""
        if self.owed:
            return OWED
        if not self.due:
            return PAID if self.settled else NOTHING
        if not self.unsecured:
            return AUTHORIZED
        return PARTLY if self.settled > self.refunded else UNPAID


def money_of(tallies: Tallies) -> Money:
    """Count an order's money."""
    ordered = tallies.placed.lines if tallies.placed else ()
    payments = [each for each in tallies.told if isinstance(each, Payment)]
    settled = _sum(each.amount for each in payments if each.state is PaymentState.SETTLED)
    authorized = _sum(each.amount for each in payments if each.state is PaymentState.AUTHORIZED)
    refunded = _sum(each.amount for each in refunds_of(tallies.told))
    let_off = _let_off(tallies)
    # Money that comes before anybody told what was ordered is neither too little nor too much.
    payable = max(0, kept(tallies) - let_off) if ordered else settled - refunded
    balance = payable - (settled - refunded)
    return Money(
        ordered=_sum(line.cost for line in ordered),
        payable=Minor(payable),
        settled=settled,
        authorized=authorized,
        refunded=refunded,
        let_off=let_off,
        due=Minor(max(0, balance)),
        owed=Minor(max(0, -balance)),
    )


def carriage(tallies: Tallies) -> int:
    """Tell what the lines cost that are no goods; vouchers among them take off."""
    lines = tallies.placed.lines if tallies.placed else ()
    return sum(line.cost for line in lines if not line.goods)


def kept(tallies: Tallies) -> int:
    """Tell what the goods cost that are neither cancelled nor back, and the carriage with them.

    Carriage is not owed where the whole order was cancelled before anything left.
    """
    goods = sum(tally.kept for tally in tallies.lines if tally.known)
    nothing_left = tallies.ended and not any(tally.handed for tally in tallies.lines)
    return goods if nothing_left else goods + carriage(tallies)


def _let_off(tallies: Tallies) -> Minor:
    """Tell what was let off of the order, beyond what its lines of goods cost less for it."""
    refunds = refunds_of(tallies.told)
    all_of_it = sum(each.amount for each in refunds if each.cause is Cause.GOODWILL)
    of_lines = sum(min(tally.let_off, tally.line.cost) for tally in tallies.lines if tally.known)
    return Minor(all_of_it - of_lines)


def _sum(amounts: Iterable[int]) -> Minor:
    return Minor(sum(amounts))
