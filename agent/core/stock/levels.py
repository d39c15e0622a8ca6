"""Stock: what movements add up to, per location and item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from agent.core.quantities import Thousandths
from agent.core.stock.movements import Movement
from agent.core.stock.places import OUTSIDE, Bucket, Place

Balances = dict[tuple[Place, str], Thousandths]
"""Place and item → quantity; places outside are there too, so that each item adds up to nothing."""


class Level(msgspec.Struct, frozen=True, omit_defaults=True):
    """The stock of one item at one location.

    A figure below zero is told as it is: something was sold that nobody had booked in.
    """

    available: Thousandths = Thousandths(0)
    reserved: Thousandths = Thousandths(0)
    damaged: Thousandths = Thousandths(0)
    transit: Thousandths = Thousandths(0)
    """On the way here; not at hand."""

    @property
    def on_hand(self) -> Thousandths:
        """What a person counting the location finds."""
        return Thousandths(self.available + self.reserved + self.damaged)


def balances(
    movements: Iterable[Movement], before: Mapping[tuple[Place, str], int] = {}
) -> Balances:
    """Add movements up, in whatever order they come; what came to nothing is left out.

    Args:
        movements: each once, see `movements.fresh`.
        before: balances they come on top of.
    """
    sums: dict[tuple[Place, str], int] = dict(before)
    for each in movements:
        for place, quantity in ((each.source, -each.quantity), (each.target, each.quantity)):
            sums[place, each.item] = sums.get((place, each.item), 0) + quantity
    return {key: Thousandths(quantity) for key, quantity in sums.items() if quantity}


def levels(movements: Iterable[Movement]) -> dict[tuple[str, str], Level]:
    """Tell the stock of each item at each location that has any: (location, item) → level."""
    found: dict[tuple[str, str], dict[str, Thousandths]] = {}
    for (place, item), quantity in balances(movements).items():
        if place.bucket not in OUTSIDE:
            found.setdefault((place.location, item), {})[place.bucket.value] = quantity
    return {key: Level(**found[key]) for key in sorted(found)}


def level_of(balances: Mapping[tuple[Place, str], Thousandths], location: str, item: str) -> Level:
    """Tell the stock of one item at one location out of balances."""
    held = {
        bucket.value: balances.get((Place(bucket, location), item), Thousandths(0))
        for bucket in Bucket
        if bucket not in OUTSIDE
    }
    return Level(**held)
