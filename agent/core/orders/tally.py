"""How many of each line are where in an order's life, from the set of what was told.

Goods that left us outweigh a cancellation, whichever was told first: what is in the customer's
hands is not cancelled. Nothing here asks a clock or an order of arrival (P11).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from agent.core.orders.claims import Claim, Claims, beyond, total
from agent.core.orders.gathering import counting
from agent.core.orders.model import (
    Cause,
    CustomerOrder,
    OrderLine,
    PaymentState,
    Placed,
    Refund,
    Stage,
    Step,
    Told,
)
from agent.core.quantities import Minor, Thousandths, divide_half_away

ENDING = (Stage.CANCELLED, Stage.EXPIRED)
_COLLECTED = (Stage.COLLECTED,)
_HANDED = (Stage.COLLECTED, Stage.SHIPPED)
_SENT = (Stage.SENT,)
_FALLEN = frozenset({PaymentState.DECLINED, PaymentState.VOIDED})
_TO_STORE = (Stage.SENT, Stage.SHIPPED)


class Moves(NamedTuple):
    """Who says how much of a line went where."""

    reserved: tuple[Claim, ...]
    picked: tuple[Claim, ...]
    ready: tuple[Claim, ...]
    released: tuple[Claim, ...]
    sent: tuple[Claim, ...]
    arrived: tuple[Claim, ...]
    handed: tuple[Claim, ...]
    delivered: tuple[Claim, ...]
    returned: tuple[Claim, ...]


class Tally(msgspec.Struct, frozen=True):
    """One line in numbers, in thousandths; none of them is below zero."""

    line: OrderLine
    known: bool
    """False where a step names the line and the order, as told so far, does not have it."""
    cancelled: Thousandths
    """Cancelled or expired, of what nobody had handed over."""
    too_late: Thousandths
    """To be cancelled by name, but handed over."""
    let_off: Minor
    """Given back for the line although the customer keeps it: it costs that much less."""
    moves: Moves

    @property
    def handed(self) -> int:
        """In the customer's hands, or with a carrier on the way there."""
        return total(self.moves.handed)

    @property
    def open(self) -> int:
        """Neither handed over nor cancelled."""
        return max(0, self.line.quantity - self.cancelled - self.handed)

    @property
    def returned(self) -> int:
        """Back from the customer, wherever."""
        return total(self.moves.returned)

    @property
    def delivered(self) -> int:
        """Known to have reached the customer by carrier."""
        return total(self.moves.delivered)

    @property
    def on_the_way(self) -> int:
        """Sent to a location, and not said to have arrived there."""
        return max(0, total(self.moves.sent) - total(self.moves.arrived))

    @property
    def parcels(self) -> int:
        """Shipped to the store where the customer collects, and not handed over yet."""
        return self.still(
            tuple(each for each in self.moves.sent if each.step.stage is Stage.SHIPPED)
        )

    @property
    def set_aside(self) -> int:
        """Set aside at any location, and neither handed over nor put back."""
        moves = self.moves
        return self.still(moves.reserved, moves.picked, moves.ready, moves.arrived)

    @property
    def returnable(self) -> Thousandths:
        """May still come back: handed over as ordered, and not back yet."""
        return Thousandths(max(0, min(self.handed, self.line.quantity) - self.returned))

    def worth(self, quantity: int) -> int:
        """Tell what so many thousandths of the line cost: its share, rounded half away from zero.

        Each part is the difference of two such shares, so all parts add up to the line.
        """
        line = self.line
        if line.quantity <= 0:
            return 0
        cost = max(0, line.cost - self.let_off)
        return divide_half_away(cost * min(quantity, line.quantity), line.quantity)

    @property
    def kept(self) -> int:
        """What the goods cost that are neither cancelled nor back; so those still to come, too."""
        wanted = self.worth(self.line.quantity - self.cancelled)
        return max(0, wanted - self.worth(self.returned))

    def still(self, *moves: tuple[Claim, ...]) -> int:
        """Tell how many got as far as the furthest of these, and are neither out nor put back."""
        return max(0, max(map(total, moves)) - self.handed - total(self.moves.released))


class Tallies(msgspec.Struct, frozen=True):
    """An order in numbers."""

    placed: Placed | None
    told: tuple[Told, ...]
    """What counts of everything told."""
    lines: tuple[Tally, ...]
    """By line number; lines that are no goods are not among them."""
    ended: bool
    """The whole order was cancelled, or has expired."""


def tallies(order: CustomerOrder) -> Tallies:
    """Count an order's goods, line by line."""
    told = counting(order)
    placed = next((each for each in told if isinstance(each, Placed)), None)
    claims = Claims(each for each in told if isinstance(each, Step))
    collects = placed is not None and placed.collect_at is not None
    ordered = {line.line: line for line in placed.lines} if placed else {}
    let_off = given_for(told, Cause.GOODWILL)
    return Tallies(
        placed,
        told,
        tuple(
            _tally(
                line,
                claims,
                let_off.get(line.line, Minor(0)),
                collects=collects,
                known=line.line in ordered,
            )
            for line in _lines(ordered, claims)
            if line.goods
        ),
        claims.is_whole(ENDING),
    )


def refunds_of(told: Iterable[Told]) -> tuple[Refund, ...]:
    """Give every refund that was given or is on its way."""
    refunds = (each for each in told if isinstance(each, Refund))
    return tuple(each for each in refunds if each.state not in _FALLEN)


def given_for(told: Iterable[Told], cause: Cause) -> dict[int, Minor]:
    """Tell what was given back for each line, out of one cause."""
    sums: dict[int, Minor] = {}
    for part in (part for each in refunds_of(told) if each.cause is cause for part in each.parts):
        sums[part.line] = Minor(sums.get(part.line, 0) + part.amount)
    return sums


def _lines(ordered: dict[int, OrderLine], claims: Claims) -> list[OrderLine]:
    """Give all lines there are, those only named by a step too, by number."""
    return [
        ordered.get(number, OrderLine(number, f"line {number}", Thousandths(0), Minor(0)))
        for number in sorted({*ordered, *claims.lines})
    ]


def _tally(
    line: OrderLine, claims: Claims, let_off: Minor, *, collects: bool, known: bool
) -> Tally:
    number, handing = line.line, _COLLECTED if collects else _HANDED
    asked = total(claims.named(number, ENDING))
    named = total(claims.named(number, handing))
    most = max(0, line.quantity - min(asked, max(0, line.quantity - named)))
    moves = _moves(number, claims, most, collects=collects)
    kept_back = max(0, line.quantity - total(moves.handed))
    cancelled = kept_back if claims.is_whole(ENDING) else min(asked, kept_back)
    return Tally(
        line=line,
        known=known,
        cancelled=Thousandths(cancelled),
        too_late=Thousandths(max(0, asked - kept_back)),
        let_off=let_off,
        moves=moves,
    )


def _moves(number: int, claims: Claims, most: int, *, collects: bool) -> Moves:
    # Where the customer collects, a parcel goes to the store, and only the counter hands over.
    handed = claims.of(number, _COLLECTED if collects else _HANDED, most)
    delivered = claims.of(number, (Stage.DELIVERED,), most)
    handed = (*handed, *beyond(delivered, total(handed)))
    return Moves(
        reserved=claims.of(number, (Stage.RESERVED,), most),
        picked=claims.of(number, (Stage.PICKED,), most),
        ready=claims.of(number, (Stage.READY,), most),
        released=claims.named(number, (Stage.RELEASED,)),
        sent=claims.of(number, _TO_STORE if collects else _SENT, most),
        arrived=claims.of(number, (Stage.ARRIVED,), most),
        handed=handed,
        delivered=delivered,
        returned=claims.of(number, (Stage.RETURNED,), total(handed)),
    )
