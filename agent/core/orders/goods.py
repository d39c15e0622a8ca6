"""What an order moves in stock: set aside, sent, handed over, returned, put back.

The flows of an order are read from all that was told of it, so goods that one till let expire and
another handed over are counted once. What a new telling changes is booked as the difference of the
flows before and after (`moved`): in whatever order things are told, the movements add up to the
flows of the whole order.

Goods collected or returned in a sale were moved by that sale, between the shelf and the customer;
the order then only puts what was set aside back on the shelf, or the damaged off it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from agent.core.orders.claims import Claim
from agent.core.orders.gathering import fingerprint
from agent.core.orders.model import CustomerOrder, Placed
from agent.core.orders.tally import Tally, tallies
from agent.core.quantities import Thousandths
from agent.core.stock.movements import Movement
from agent.core.stock.places import CUSTOMER, Place, available, reserved, transit

Flow = tuple[str, Place, Place]
"""Item, from, to."""


def flows(order: CustomerOrder) -> dict[Flow, int]:
    """Tell how much of each item an order moved from where to where, all in all.

    Lines without an item move nothing; goods whose location was not told are the channel's.
    """
    counted = tallies(order)
    if counted.placed is None:
        return {}
    sums: dict[Flow, int] = {}
    for tally in counted.lines:
        if tally.known and tally.line.item is not None:
            of_line = _Line(tally, tally.line.item, counted.placed).flows().sums
            for flow, quantity in of_line.items():
                sums[flow] = sums.get(flow, 0) + quantity
    return {flow: sums[flow] for flow in sorted(sums) if sums[flow]}


def moved(
    before: CustomerOrder, after: CustomerOrder, event: str, at: str = ""
) -> tuple[Movement, ...]:
    """Give the movements by which an order's flows become those of more told of it.

    Args:
        before: the order as it was; with nothing told, all its movements come out.
        after: the same order with more told.
        event: of what was told. What was told before and after makes the movements' own event, so
            that one more telling under the same id is booked by itself, and a repetition is not.
        at: UTC, ISO 8601; shown.
    """
    was, now = flows(before), flows(after)
    cause = f"order/{after.order_id}/{event}/{fingerprint(after)}"
    changed = [flow for flow in sorted({*was, *now}) if was.get(flow, 0) != now.get(flow, 0)]
    return tuple(
        Movement(
            cause,
            line,
            flow[0],
            Thousandths(now.get(flow, 0) - was.get(flow, 0)),
            flow[1],
            flow[2],
            at=at,
        )
        for line, flow in enumerate(changed, 1)
    )


class _Flows:
    """Sums of flows of one item."""

    def __init__(self, item: str) -> None:
        self._item = item
        self.sums: dict[Flow, int] = {}

    def add(self, source: Place, target: Place, quantity: int) -> None:
        """Add so much."""
        flow = (self._item, source, target)
        self.sums[flow] = self.sums.get(flow, 0) + quantity


class _Line:
    """One line of goods on its way through locations."""

    def __init__(self, tally: Tally, item: str, placed: Placed) -> None:
        self._tally, self._item, self._placed = tally, item, placed
        self._pools: dict[str, int] = {}
        """Location → how many are set aside there."""
        self._coming = self._by(self._to, tally.moves.sent)
        """Location → how many are on the way there."""
        self.found = _Flows(item)

    def flows(self) -> _Flows:
        """Tell the line's flows."""
        self._set_aside()
        self._hand_over()
        self._send()
        self._put_back()
        self._take_back()
        return self.found

    def _where(self, claim: Claim) -> str:
        return claim.step.location or self._placed.channel

    def _to(self, claim: Claim) -> str:
        return claim.step.to or self._placed.collect_at or self._placed.channel

    def _by(self, place: Callable[[Claim], str], claims: Iterable[Claim]) -> dict[str, int]:
        sums: dict[str, int] = {}
        for claim in claims:
            sums[place(claim)] = sums.get(place(claim), 0) + claim.quantity
        return sums

    def _set_aside(self) -> None:
        """Fill the pools: with what came for the order, and from the shelf."""
        moves = self._tally.moves
        came, kept = self._by(self._where, moves.arrived), self._by(self._where, moves.reserved)
        picked, ready = self._by(self._where, moves.picked), self._by(self._where, moves.ready)
        for location in sorted({*came, *kept, *picked, *ready}):
            self._arrive(location, came.get(location, 0))
            self._take(location, kept.get(location, 0))
            self._provide(location, max(picked.get(location, 0), ready.get(location, 0)))

    def _arrive(self, location: str, quantity: int) -> None:
        self._coming[location] = self._coming.get(location, 0) - quantity
        self._into_pool(location, transit(location), quantity)

    def _take(self, location: str, quantity: int) -> None:
        self._into_pool(location, available(location), quantity)

    def _into_pool(self, location: str, source: Place, quantity: int) -> None:
        self._pools[location] = self._pools.get(location, 0) + quantity
        self.found.add(source, reserved(location), quantity)

    def _provide(self, location: str, quantity: int) -> None:
        """See to it that so many are set aside: what is on the way there has come, it seems."""
        missing = max(0, quantity - self._pools.get(location, 0))
        came = min(missing, max(0, self._coming.get(location, 0)))
        self._arrive(location, came)
        self._take(location, missing - came)

    def _draw(self, claim: Claim) -> tuple[str, int]:
        """Take from what is set aside there, or has come there; tell how much there was of it."""
        location = self._where(claim)
        at_hand = self._pools.get(location, 0) + max(0, self._coming.get(location, 0))
        drawn = min(claim.quantity, at_hand)
        self._provide(location, drawn)
        self._pools[location] = self._pools.get(location, 0) - drawn
        return location, drawn

    def _hand_over(self) -> None:
        for claim in self._tally.moves.handed:
            location, drawn = self._draw(claim)
            if claim.step.sale_id is not None:
                self.found.add(reserved(location), available(location), drawn)
                continue
            self.found.add(reserved(location), CUSTOMER, drawn)
            self.found.add(available(location), CUSTOMER, claim.quantity - drawn)

    def _send(self) -> None:
        for claim in self._tally.moves.sent:
            location, drawn = self._draw(claim)
            to = transit(self._to(claim))
            self.found.add(reserved(location), to, drawn)
            self.found.add(available(location), to, claim.quantity - drawn)

    def _put_back(self) -> None:
        """Put back what was released, and what is set aside beyond what is still wanted."""
        for claim in self._tally.moves.released:
            location = self._where(claim)
            drawn = min(claim.quantity, self._pools.get(location, 0))
            self._release(location, drawn)
        coming = sum(max(0, quantity) for quantity in self._coming.values())
        wanted = max(0, self._tally.open - coming)
        for location in sorted(self._pools, key=self._keeping()):
            kept = min(wanted, self._pools[location])
            wanted -= kept
            self._release(location, self._pools[location] - kept)

    def _release(self, location: str, quantity: int) -> None:
        self._pools[location] = self._pools.get(location, 0) - quantity
        self.found.add(reserved(location), available(location), quantity)

    def _keeping(self) -> Callable[[str], tuple[int, int, str]]:
        """Put first where the goods are furthest, so that those stay set aside."""
        moves = self._tally.moves
        picked, ready = self._by(self._where, moves.picked), self._by(self._where, moves.ready)
        return lambda location: (-ready.get(location, 0), -picked.get(location, 0), location)

    def _take_back(self) -> None:
        for claim in self._tally.moves.returned:
            location = self._where(claim)
            target = Place(claim.step.bucket, location)
            source = CUSTOMER if claim.step.sale_id is None else available(location)
            if source != target:
                self.found.add(source, target, claim.quantity)
