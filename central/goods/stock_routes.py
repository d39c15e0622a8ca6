"""The addresses of the stock: levels, movements, counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any
from urllib.parse import quote, unquote

import msgspec
from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, JSONBody, QueryParameter
from msgspec.structs import replace
from sqlalchemy import Connection

from agent.core.faults import InputFault
from agent.core.quantities import Thousandths
from agent.core.stock import (
    Goods,
    Movement,
    Place,
    arrived,
    available,
    broken,
    damaged,
    mended,
    received,
    sent,
    sent_back,
    transit,
    written_off,
)
from central.goods import counts, stock
from central.goods.asked import Event, Wanted
from central.goods.stock_check import Differing, differences
from central.ledger.engine import reading, writing
from central.ledger.hq import hq_of

LEVELS_SHOWN = 1000
"""Of one answer."""


class LevelView(msgspec.Struct, frozen=True):
    """How much of an item is in one bucket of a location."""

    location: str
    item: str
    bucket: str
    """`available`, `reserved`, `damaged` or `transit`."""
    quantity: int
    """In thousandths; below zero: sold without having been booked in."""


class Levels(msgspec.Struct, frozen=True):
    """A page of the stock, by location, item and bucket."""

    levels: tuple[LevelView, ...]
    after: str | None
    """Ask with this for the next page; None at the end."""


class Booking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Goods that people moved."""

    event: Event
    kind: str
    """`received`, `sent`, `arrived`, `broken`, `mended`, `counted`, `sent-back`, `written-off`."""
    location: str
    goods: dict[str, int]
    """Item → quantity in thousandths."""
    to: str = ""
    """Of `sent`: where the goods go."""
    of: str = "available"
    """Of `written-off`: `available`, `damaged` or `transit`."""
    actor: Annotated[str, msgspec.Meta(max_length=200)] = ""
    """Of `counted`: who has counted."""


class Difference(msgspec.Struct, frozen=True):
    """A level that is not what all movements and sales add up to."""

    location: str
    item: str
    bucket: str
    held: int
    reckoned: int


class Differences(msgspec.Struct, frozen=True):
    """A page of what differs, by location, item and bucket; nothing: the stock adds up."""

    differences: tuple[Difference, ...]
    after: str | None
    """Ask with this for the next page; None at the end."""


@get("/v1/stock", sync_to_thread=True)
def get_levels(
    request: Request[Any, Any, Any],
    location: Wanted = None,
    item: Wanted = None,
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=LEVELS_SHOWN)] = LEVELS_SHOWN,
) -> Levels:
    """Show the stock, of one location or of one item, in pages."""
    with reading(hq_of(request).engine) as conn:
        found = stock.levels_of(
            conn, location=location, item=item, after=_behind(after), limit=limit + 1
        )
    last = found[limit - 1] if len(found) > limit else None
    return Levels(
        tuple(LevelView(*row) for row in found[:limit]), None if last is None else _place_of(last)
    )


@get("/v1/stock/check", sync_to_thread=True)
def get_check(
    request: Request[Any, Any, Any],
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=LEVELS_SHOWN)] = LEVELS_SHOWN,
) -> Differences:
    """Add all movements and sales up again, and show in pages where the stock is something else."""
    with reading(hq_of(request).engine) as conn:
        found = differences(conn, after=_behind(after), limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return Differences(
        tuple(Difference(*row) for row in found[:limit]), None if last is None else _place_of(last)
    )


@get("/v1/stock/movements", sync_to_thread=True)
def get_movements(
    request: Request[Any, Any, Any],
    item: Annotated[str, QueryParameter(min_length=1, max_length=120)],
    location: Wanted = None,
) -> list[Movement]:
    """Show the newest movements of an item; what sales moved stands in the sales."""
    with reading(hq_of(request).engine) as conn:
        return stock.movements_of(conn, item, location)


@get("/v1/stock/counts", sync_to_thread=True)
def get_counts(
    request: Request[Any, Any, Any], location: Wanted = None, item: Wanted = None
) -> list[counts.Count]:
    """Show the newest counts, those that found no difference too: when, by whom, what was there."""
    with reading(hq_of(request).engine) as conn:
        return counts.counts_of(conn, location=location, item=item)


@post("/v1/stock/movements", status_code=200, sync_to_thread=True)
def post_movements(request: Request[Any, Any, Any], data: JSONBody[Booking]) -> list[Movement]:
    """Book goods that came in, went out, were counted, broke, got lost; sent again, once."""
    hq = hq_of(request)
    with writing(hq.engine) as conn:
        movements = _as_held(conn, _booked(conn, data, hq.now()))
        stock.book(conn, movements, hq.now())
    return list(movements)


def _place_of(row: stock.LevelRow | Differing) -> str:
    """Write where a page ended; what an item is called may hold any sign."""
    return "/".join(quote(name, safe="") for name in row[:3])


def _behind(after: str) -> stock.Held | None:
    if not after:
        return None
    names = after.split("/")
    if len(names) != len(stock.LevelRow._fields) - 1:
        raise InputFault(
            f"{after[:80]!r} is no place in the stock",
            remedy="use `after` of the page before, or leave it out",
        )
    location, item, bucket = map(unquote, names)
    return location, item, bucket


def _booked(conn: Connection, data: Booking, now: str) -> tuple[Movement, ...]:
    goods = [(item, Thousandths(quantity)) for item, quantity in sorted(data.goods.items())]
    event = f"hq/{data.event}"
    match data.kind:
        case "sent":
            return sent(event, data.location, data.to, goods, now)
        case "counted":
            found = {item: Thousandths(quantity) for item, quantity in data.goods.items()}
            return counts.count(conn, event, data.location, found, data.actor, now)
        case "written-off":
            return written_off(event, _place(data), goods, now)
        case kind if kind in _PLAIN:
            return _PLAIN[kind](event, data.location, goods, now)
        case _:
            raise InputFault(
                f"{data.kind[:40]!r} is no kind of booking",
                remedy=f"send one of: {', '.join(KINDS)}",
                name="bad-booking",
            )


def _as_held(conn: Connection, movements: tuple[Movement, ...]) -> tuple[Movement, ...]:
    """Give movements the time of when they were first booked: sent again later, they are the same.

    A time is only shown (P11): it makes no other booking of one.
    """
    event = next((each.event for each in movements), "")
    times = {each.key: each.at for each in stock.held_of(conn, event)}
    return tuple(replace(each, at=times.get(each.key, each.at)) for each in movements)


def _place(data: Booking) -> Place:
    places = {"available": available, "damaged": damaged, "transit": transit}
    if data.of not in places:
        raise InputFault(
            f"goods cannot be written off out of {data.of[:40]!r}",
            remedy=f'send "of" as one of: {", ".join(places)}',
            name="bad-booking",
        )
    return places[data.of](data.location)


_PLAIN: Mapping[str, Callable[[str, str, Goods, str], tuple[Movement, ...]]] = {
    "received": received,
    "sent-back": sent_back,
    "arrived": arrived,
    "broken": broken,
    "mended": mended,
}

KINDS = (*_PLAIN, "sent", "counted", "written-off")
"""Of bookings."""

ROUTES: list[HTTPRouteHandler] = [
    get_levels,
    get_check,
    get_movements,
    get_counts,
    post_movements,
]
