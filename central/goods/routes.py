"""The addresses of orders, stock, and what channels have to hear of their orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote, unquote

import msgspec
from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec.structs import replace
from sqlalchemy import Connection, Engine

from agent.core.faults import InputFault
from agent.core.history import Order
from agent.core.identifiers import ActorId, PartyId
from agent.core.orders import OrderId, Part, Stage, Step
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
from central.goods import counts, stock, tasks
from central.goods.sheets import OrderSheet, expire, listed, sheet, step
from central.identity.cards import publish_card
from central.identity.parties import canonical
from central.ledger.callers import caller_of, reader_of
from central.ledger.engine import reading, writing
from central.ledger.hq import Hq, hq_of

STAFF = "staff"
LEVELS_SHOWN = 1000
"""Of one answer."""
_WEST_OF_ALL = timedelta(hours=12)
"""Behind UTC: where a day begins and ends last (UTC-12:00)."""
Wanted = Annotated[str | None, QueryParameter(max_length=120)]
InState = Annotated[str | None, QueryParameter(name="state", max_length=20)]
"""`state` itself is a word of the framework."""
Event = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=120, description="Made by the caller; sent again, it counts once."
    ),
]


class StepAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that happens to the goods of an order."""

    event: Event
    stage: Stage
    parts: tuple[Part, ...] = ()
    """Line and quantity in thousandths; none means all that this can be said of."""
    location: str = ""
    to: str = ""
    until: str = ""
    reason: str | None = None
    actor: ActorId | None = None


class Day(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A day."""

    day: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\n)")]


class Expired(msgspec.Struct, frozen=True):
    """Orders that nobody collected."""

    orders: tuple[str, ...]


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


class Problem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a task could not be done."""

    problem: str


@get("/v1/orders", sync_to_thread=True)
def get_orders(
    request: Request[Any, Any, Any], store: Wanted = None, in_state: InState = None
) -> list[Order]:
    """List orders of all channels, of one store or in one state."""
    return orders(hq_of(request), store=store, state=in_state)


@get("/v1/orders/{order_no:str}", sync_to_thread=True)
def get_order(request: Request[Any, Any, Any], order_no: FromPath[str]) -> OrderSheet:
    """Show how an order of any channel stands: goods, money, what is wrong, who told what.

    A channel's own token shows that channel's orders.
    """
    caller = caller_of(request)
    of_channel = None if caller is None else caller.channel
    return order(hq_of(request), order_no, reader_of(request), of_channel)


@post("/v1/orders/{order_no:str}/steps", status_code=200, sync_to_thread=True)
def post_step(
    request: Request[Any, Any, Any], order_no: FromPath[str], data: JSONBody[StepAsked]
) -> Order:
    """Have something happen to an order's goods: set aside, sent, ready, cancelled."""
    return happen(hq_of(request), order_no, data)


def orders(hq: Hq, *, store: str | None, state: str | None) -> list[Order]:
    """List orders; whose they are is written down as read."""
    with reading(hq.engine) as conn:
        found = listed(conn, store=store, state=state)
    hq.access_log(STAFF, "orders", [each.party_id for each in found if each.party_id])
    return found


def order(hq: Hq, order_no: str, reader: str = STAFF, of_channel: str | None = None) -> OrderSheet:
    """Show an order; whose it is is written down as read.

    Args:
        hq: the ledger and its log.
        order_no: as the customer reads it.
        reader: as the access log names who reads.
        of_channel: show it only if it is this channel's.

    Raises:
        NotFoundFault: `no-such-order`.
    """
    with reading(hq.engine) as conn:
        found = sheet(conn, order_no, of_channel)
    hq.access_log(reader, "order", [found.order.party_id] if found.order.party_id else [])
    return found


def happen(hq: Hq, order_no: str, data: StepAsked) -> Order:
    """Have something happen to an order's goods, and tell the cards of its customers.

    Raises:
        NotFoundFault: `no-such-order`, `no-such-line`.
        OrderFault: the order does not allow it.
    """
    wanted = Step(
        event=f"hq/{data.event}",
        order_id=OrderId(""),
        stage=data.stage,
        parts=data.parts,
        location=data.location,
        to=data.to,
        until=data.until,
        reason=data.reason,
        at=hq.now(),
        touch_point="hq",
        actor=data.actor,
    )
    with writing(hq.engine) as conn:
        stands, touched = step(conn, order_no, wanted, hq.now())
        _publish(conn, touched)
    hq.access_log(STAFF, "order", [stands.party_id] if stands.party_id else [])
    return stands


@post("/v1/orders/expire", status_code=200, sync_to_thread=True)
def post_expire(request: Request[Any, Any, Any], data: JSONBody[Day]) -> Expired:
    """Give up what nobody collected up to its last day; HQ does so by itself every day."""
    hq = hq_of(request)
    return Expired(tuple(give_up(hq.engine, hq.now(), data.day)))


def give_up(engine: Engine, now: str, day: str | None = None) -> list[str]:
    """Let orders expire, and tell the cards of their customers; gives their numbers.

    Args:
        engine: the ledger.
        now: HQ's time.
        day: today; left out, the day that is over nowhere yet: stores stand in many zones, and the
            last day of an order is one of its store's calendar.
    """
    with writing(engine) as conn:
        expired, touched = expire(conn, day or _day_everywhere(now), now)
        _publish(conn, touched)
    return expired


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
def get_check(request: Request[Any, Any, Any]) -> list[Difference]:
    """Add all movements and sales up again, and show where the stock is something else."""
    with reading(hq_of(request).engine) as conn:
        found = stock.differences(conn)
    return [Difference(*key, *both) for key, both in found.items()]


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


@get("/v1/channels/{channel:str}/tasks", sync_to_thread=True)
def get_tasks(request: Request[Any, Any, Any], channel: FromPath[str]) -> list[tasks.Task]:
    """List what became of a channel's orders elsewhere and it has not said to have heard of."""
    with reading(hq_of(request).engine) as conn:
        return tasks.open_tasks(conn, channel)


@post("/v1/channels/{channel:str}/tasks/{task:str}/done", status_code=204, sync_to_thread=True)
def post_done(request: Request[Any, Any, Any], channel: FromPath[str], task: FromPath[str]) -> None:
    """Say that the channel has heard of it."""
    hq = hq_of(request)
    with writing(hq.engine) as conn:
        tasks.done(conn, channel, task, hq.now())


@post("/v1/channels/{channel:str}/tasks/{task:str}/failed", status_code=204, sync_to_thread=True)
def post_failed(
    request: Request[Any, Any, Any],
    channel: FromPath[str],
    task: FromPath[str],
    data: JSONBody[Problem],
) -> None:
    """Say why the channel could not do it; it stays open."""
    with writing(hq_of(request).engine) as conn:
        tasks.failed(conn, channel, task, data.problem)


def _place_of(row: stock.LevelRow) -> str:
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


def _day_everywhere(now: str) -> str:
    return (datetime.fromisoformat(now) - _WEST_OF_ALL).date().isoformat()


def _publish(conn: Connection, touched: frozenset[str]) -> None:
    for party_id in sorted({canonical(conn, each) for each in touched}):
        publish_card(conn, PartyId(party_id))


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
    get_orders,
    get_order,
    post_step,
    post_expire,
    get_levels,
    get_check,
    get_movements,
    get_counts,
    post_movements,
    get_tasks,
    post_done,
    post_failed,
]
