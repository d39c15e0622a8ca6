"""The addresses of orders, and of what channels have to hear of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter
from sqlalchemy import Connection, Engine

from agent.core.history import Order
from agent.core.identifiers import ActorId, PartyId
from agent.core.orders import OrderId, Part, Stage, Step
from central.goods import tasks
from central.goods.asked import Event, Wanted
from central.goods.sheets import OrderSheet, expire, listed, sheet, step
from central.identity.cards import publish_card
from central.identity.parties import canonical
from central.ledger.callers import caller_of, reader_of
from central.ledger.engine import reading, writing
from central.ledger.hq import Hq, hq_of

STAFF = "staff"
_WEST_OF_ALL = timedelta(hours=12)
"""Behind UTC: where a day begins and ends last (UTC-12:00)."""
InState = Annotated[str | None, QueryParameter(name="state", max_length=20)]
"""`state` itself is a word of the framework."""


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


def _day_everywhere(now: str) -> str:
    return (datetime.fromisoformat(now) - _WEST_OF_ALL).date().isoformat()


def _publish(conn: Connection, touched: frozenset[str]) -> None:
    for party_id in sorted({canonical(conn, each) for each in touched}):
        publish_card(conn, PartyId(party_id))


ROUTES: list[HTTPRouteHandler] = [
    get_orders,
    get_order,
    post_step,
    post_expire,
    get_tasks,
    post_done,
    post_failed,
]
