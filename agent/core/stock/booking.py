"""Bookings people make: goods come in, go to another store, are counted, break, get lost.

Each gives movements under the caller's event id, so that a booking sent twice is made once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from agent.core.identifiers import ActorId, StoreId, TillId
from agent.core.quantities import Thousandths
from agent.core.sale.model import Stamp
from agent.core.stock.levels import level_of
from agent.core.stock.movements import Movement, StockFault, checked
from agent.core.stock.places import NOWHERE, SUPPLIER, Place, available, damaged, transit

Goods = Sequence[tuple[str, Thousandths]]
"""Items and quantities."""


class StockMoved(msgspec.Struct, frozen=True, omit_defaults=True, tag="stock.moved"):
    """A booking made at a till; sales and orders move goods by themselves. Journal `side`."""

    store: StoreId
    till: TillId
    at: Stamp
    movements: tuple[Movement, ...]
    reason: str | None = None
    actor: ActorId | None = None


def received(event: str, location: str, goods: Goods, at: str = "") -> tuple[Movement, ...]:
    """Book goods in that a supplier brought.

    Raises:
        StockFault: see `movements.checked`; so does every booking here.
    """
    return _each(event, goods, SUPPLIER, available(location), at)


def sent_back(event: str, location: str, goods: Goods, at: str = "") -> tuple[Movement, ...]:
    """Book goods out that go back to their supplier."""
    return _each(event, goods, available(location), SUPPLIER, at)


def sent(event: str, location: str, to: str, goods: Goods, at: str = "") -> tuple[Movement, ...]:
    """Book goods out that are on their way to another location.

    Raises:
        StockFault: `same-location`.
    """
    if location == to:
        raise StockFault(
            f"goods cannot be sent from {location} to itself",
            remedy="name the store they go to",
            name="same-location",
        )
    return _each(event, goods, available(location), transit(to), at)


def arrived(event: str, location: str, goods: Goods, at: str = "") -> tuple[Movement, ...]:
    """Book goods in that another location sent; what is missing stays on the way."""
    return _each(event, goods, transit(location), available(location), at)


def broken(event: str, location: str, goods: Goods, at: str = "") -> tuple[Movement, ...]:
    """Take goods off the shelf that cannot be sold as they are."""
    return _each(event, goods, available(location), damaged(location), at)


def mended(event: str, location: str, goods: Goods, at: str = "") -> tuple[Movement, ...]:
    """Put goods back on the shelf that were thought to be damaged."""
    return _each(event, goods, damaged(location), available(location), at)


def written_off(event: str, source: Place, goods: Goods, at: str = "") -> tuple[Movement, ...]:
    """Give goods up that are lost or thrown away, from the shelf, the damaged, or on the way."""
    return _each(event, goods, source, NOWHERE, at)


def counted(
    event: str,
    location: str,
    found: Mapping[str, Thousandths],
    balances: Mapping[tuple[Place, str], Thousandths],
    at: str = "",
) -> tuple[Movement, ...]:
    """Book the difference between what was counted and what was known; no difference, nothing.

    Args:
        event: of the count.
        location: where was counted.
        found: item → all that is there: on the shelf, set aside and damaged.
        balances: as known where and when was counted, see `levels.balances`.
        at: UTC, ISO 8601.

    Raises:
        StockFault: `negative-count`.
    """
    moved = []
    for line, (item, quantity) in enumerate(sorted(found.items()), 1):
        if quantity < 0:
            raise StockFault(
                f"nobody can count {quantity} thousandths of {item}",
                remedy="enter what is there, 0 if there is none",
                name="negative-count",
            )
        more = quantity - level_of(balances, location, item).on_hand
        ends = (NOWHERE, available(location)) if more > 0 else (available(location), NOWHERE)
        if more:
            difference = Movement(event, line, item, Thousandths(abs(more)), *ends, at=at)
            moved.append(checked(difference))
    return tuple(moved)


def _each(event: str, goods: Goods, source: Place, target: Place, at: str) -> tuple[Movement, ...]:
    return tuple(
        checked(Movement(event, line, item, _whole(quantity), source, target, at))
        for line, (item, quantity) in enumerate(goods, 1)
    )


def _whole(quantity: Thousandths) -> Thousandths:
    if quantity < 0:
        raise StockFault(
            "a booking cannot move less than nothing",
            remedy="book it the other way round",
            name="negative-quantity",
        )
    return quantity
