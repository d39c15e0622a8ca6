"""Two views of the same sales, by the channel that booked them and by those credited.

Both come from the credits, and both add up to the same net on every day: what differs is only who
it is told of.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from agent.core.leads.model import Booking, Credit
from agent.core.quantities import Minor


class Cell(NamedTuple):
    """One day's money of one currency, from the channel that booked to the one credited."""

    business_date: str
    currency: str
    booked: str
    credited: str


class Sum(NamedTuple):
    """One day's money of one currency and one channel."""

    business_date: str
    currency: str
    channel: str


def crossing(credits_: Iterable[Credit]) -> dict[Cell, Minor]:
    """Add credits up: what each channel booked that each is credited for."""
    cells: dict[Cell, Minor] = {}
    for each in credits_:
        cell = Cell(each.business_date, each.currency, each.booked, each.channel)
        cells[cell] = Minor(cells.get(cell, 0) + each.net)
    return dict(sorted(cells.items()))


def by_booked(cells: dict[Cell, Minor]) -> dict[Sum, Minor]:
    """Add up by the channel that booked."""
    return _summed((Sum(*cell[:3]), net) for cell, net in cells.items())


def by_credited(cells: dict[Cell, Minor]) -> dict[Sum, Minor]:
    """Add up by the channel credited."""
    return _summed(
        (Sum(cell.business_date, cell.currency, cell.credited), net) for cell, net in cells.items()
    )


def net_sales(bookings: Iterable[Booking]) -> dict[Sum, Minor]:
    """Add up what channels booked, from the bookings themselves: what both views must come to."""
    return _summed(
        (Sum(booking.business_date, booking.currency, booking.channel), line.net)
        for booking in bookings
        for line in booking.lines
    )


def _summed(amounts: Iterable[tuple[Sum, int]]) -> dict[Sum, Minor]:
    """Add up per sum; one that comes to nothing is left out."""
    sums: dict[Sum, Minor] = {}
    for key, net in amounts:
        sums[key] = Minor(sums.get(key, 0) + net)
    return {key: net for key, net in sorted(sums.items()) if net}
