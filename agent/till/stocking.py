"""Goods people move in a store: a delivery, a transfer, what broke or was lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated

import msgspec

from agent.core.quantities import Thousandths
from agent.core.space import Work
from agent.core.stock import (
    Movement,
    StockMoved,
    arrived,
    available,
    broken,
    mended,
    received,
    sent,
    sent_back,
    written_off,
)
from agent.till.commands import Command
from agent.till.desk import Desk
from agent.till.requests import LINES_MAX, QUANTITY_MAX, CallerId, Words


class BookingKind(StrEnum):
    """What people do with goods in a store; counts are made at HQ, which knows the levels."""

    RECEIVED = "received"
    SENT = "sent"
    ARRIVED = "arrived"
    BROKEN = "broken"
    MENDED = "mended"
    SENT_BACK = "sent-back"
    WRITTEN_OFF = "written-off"


class BookingRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Goods that were moved."""

    kind: BookingKind
    goods: Annotated[
        dict[str, Annotated[int, msgspec.Meta(ge=0, le=QUANTITY_MAX)]],
        msgspec.Meta(min_length=1, max_length=LINES_MAX),
    ]
    """Item → quantity in thousandths."""
    to: Annotated[str, msgspec.Meta(max_length=64)] = ""
    """Of `sent`: the store the goods go to."""
    reason: Words | None = None
    event: CallerId | None = None
    """Repeat the request with the same id, and the goods are moved once."""


class Booked(msgspec.Struct, frozen=True):
    """What was moved, as it goes to HQ."""

    movements: tuple[Movement, ...]


class BookGoods(Command[Booked], frozen=True):
    """Goods were moved that no sale and no order moves."""

    request: BookingRequest


Goods = Sequence[tuple[str, Thousandths]]
_PLAIN: Mapping[BookingKind, Callable[[str, str, Goods, str], tuple[Movement, ...]]] = {
    BookingKind.RECEIVED: received,
    BookingKind.ARRIVED: arrived,
    BookingKind.BROKEN: broken,
    BookingKind.MENDED: mended,
    BookingKind.SENT_BACK: sent_back,
}


async def book(desk: Desk, ask: BookGoods) -> Booked:
    """Keep what was moved; HQ, which adds it up, moves it once however often it is told.

    Raises:
        StockFault: `zero-quantity`, `same-location` …
        NoRoom: `disk-full`.
    """
    desk.require_cashier()
    stamp = desk.clock.stamp()
    event = f"{desk.store.id}/{desk.till.id}/{ask.request.event or desk.clock.uuid7()}"
    movements = _movements(desk, ask.request, event, stamp.wall)
    desk.require_room(Work.SIDE, "no goods are booked")
    fact = StockMoved(desk.store.id, desk.till.id, stamp, movements, ask.request.reason, desk.actor)
    await desk.commit(lambda _conn: None, facts=[fact])
    return Booked(movements)


def _movements(desk: Desk, request: BookingRequest, event: str, at: str) -> tuple[Movement, ...]:
    goods = [(item, Thousandths(count)) for item, count in sorted(request.goods.items())]
    if request.kind is BookingKind.SENT:
        return sent(event, desk.store.id, request.to, goods, at)
    if request.kind is BookingKind.WRITTEN_OFF:
        return written_off(event, available(desk.store.id), goods, at)
    return _PLAIN[request.kind](event, desk.store.id, goods, at)
