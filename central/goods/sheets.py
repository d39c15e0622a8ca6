"""What staff see of an order: how it stands, line by line, in money, and what is wrong with it."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, select

from agent.core.faults import NotFoundFault
from agent.core.history import Order
from agent.core.orders import (
    LineView,
    Money,
    Stage,
    Step,
    Told,
    Trouble,
    act,
    overdue,
    view,
)
from central.goods.kept import order_held, whole
from central.goods.standing import tell
from central.goods.told import HQ, held, order_id_of
from central.ledger.customer_tables import ORDERS

ORDERS_SHOWN = 200


class OrderSheet(msgspec.Struct, frozen=True):
    """An order as it stands, and everything told of it."""

    order: Order
    order_id: str
    partial: bool
    """Some goods are further than the state says."""
    money: Money
    money_state: str
    """`unpaid`, `partly paid`, `authorized`, `paid`, `owed` or `nothing to pay`."""
    lines: tuple[LineView, ...]
    until: str
    """The last day the goods are kept."""
    troubles: tuple[Trouble, ...]
    told: tuple[Told, ...]


def sheet(conn: Connection, order_no: str, channel: str | None = None) -> OrderSheet:
    """Show an order.

    Args:
        conn: any transaction.
        order_no: as the customer reads it.
        channel: who asks; another channel's order is then as if it were not there. None: staff.

    Raises:
        NotFoundFault: `no-such-order`.
    """
    order, order_id = _named(conn, order_no, channel)
    all_of_it = whole(held(conn, order_id), paid=order.paid)
    stands = view(all_of_it)
    return OrderSheet(
        order=order,
        order_id=order_id,
        partial=stands.partial,
        money=stands.money,
        money_state=stands.money.word,
        lines=stands.lines,
        until=stands.until,
        troubles=stands.troubles,
        told=all_of_it.told,
    )


def listed(conn: Connection, *, store: str | None, state: str | None) -> list[Order]:
    """List orders, of one store or in one state, by number."""
    query = select(ORDERS.c.body)
    for column, wanted in ((ORDERS.c.collect_at, store), (ORDERS.c.state, state)):
        query = query if wanted is None else query.where(column == wanted)
    bodies = conn.execute(query.order_by(ORDERS.c.order_no).limit(ORDERS_SHOWN)).scalars()
    return [msgspec.json.decode(body, type=Order) for body in bodies]


def step(conn: Connection, order_no: str, wanted: Step, now: str) -> tuple[Order, frozenset[str]]:
    """Have something happen to an order's goods, as far as its state allows it.

    Args:
        conn: of `writing`.
        order_no: as the customer reads it.
        wanted: its order id is put in here.
        now: HQ's time.

    Returns:
        The order as it stands, and whose cards changed.

    Raises:
        NotFoundFault: `no-such-order`, `no-such-line`.
        OrderFault: the order does not allow it.
    """
    order, order_id = _named(conn, order_no)
    known = whole(held(conn, order_id), paid=order.paid)
    told = act(known, replace(wanted, order_id=order_id))
    outcome = tell(conn, [told], HQ, now)
    return outcome.order or order, outcome.parties


def expire(conn: Connection, day: str, now: str) -> tuple[list[str], frozenset[str]]:
    """Give up every order that nobody collected up to its last day, however late this is asked.

    Args:
        conn: of `writing`.
        day: today, ISO 8601.
        now: HQ's time.

    Returns:
        The numbers of orders that expired, and whose cards changed.
    """
    expired, touched = [], frozenset[str]()
    ready = select(ORDERS.c.order_no).where(ORDERS.c.state == Stage.READY.value)
    for order_no in conn.execute(ready.order_by(ORDERS.c.order_no)).scalars().all():
        _, order_id = _named(conn, order_no)
        told = overdue(held(conn, order_id), day, now)
        if told is not None:
            touched |= tell(conn, [told], HQ, now).parties
            expired.append(order_no)
    return expired, touched


def _named(conn: Connection, order_no: str, channel: str | None = None) -> tuple[Order, str]:
    order, order_id = order_held(conn, order_no), order_id_of(conn, order_no)
    is_theirs = order is not None and channel in {None, order.channel}
    if order is None or order_id is None or not is_theirs:
        raise NotFoundFault(
            f"no channel and no till told of an order {order_no[:64]!r}",
            remedy="check the number; a web store's orders come by POST /v1/channels/ID/events",
            name="no-such-order",
        )
    return order, order_id
