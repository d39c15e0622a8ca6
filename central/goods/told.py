"""The set of what was told of orders: grow-only, each thing once, whoever told it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, select

from agent.core.orders import CustomerOrder, OrderId, Placed, Told, checked, gathered
from central.ledger.direct import Prepared
from central.ledger.goods_tables import ORDERS_TOLD
from central.ledger.upserts import upsert

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(Told).decode
_INSERT = Prepared(upsert(ORDERS_TOLD).on_conflict_do_nothing())
_OF_ORDER = Prepared(
    select(ORDERS_TOLD.c.body).where(ORDERS_TOLD.c.order_id == bindparam("of_order"))
)
_NUMBERED = (
    select(ORDERS_TOLD.c.order_id)
    .where(ORDERS_TOLD.c.order_no == bindparam("of_number"))
    .order_by(ORDERS_TOLD.c.recorded_at, ORDERS_TOLD.c.order_id)
    .limit(1)
)


class Teller(NamedTuple):
    """Who told HQ."""

    source: str
    """A journal, a channel's id, or `HQ`."""
    channel: str
    """By which channel the customer met it: `store`, or the id of a web store."""


HQ = Teller("hq", "hq")
"""HQ itself."""


def held(conn: Connection, order_id: str) -> CustomerOrder:
    """Give all that was told of an order; an order nobody told of is empty."""
    rows = _OF_ORDER.all(conn, {"of_order": order_id})
    return gathered(OrderId(order_id), [_decode(row.body) for row in rows])


def add(
    conn: Connection, order: CustomerOrder, told: Iterable[Told], teller: Teller, now: str
) -> tuple[Told, ...]:
    """Keep what is told of an order; gives what was new.

    Args:
        conn: of the transaction in which the order was read.
        order: everything that is held of it.
        told: of this order.
        teller: who tells it.
        now: HQ's time.

    Raises:
        OrderInput: something of it cannot be meant; the caller undoes its savepoint.
    """
    known = {name_of(each) for each in order.told}
    new = {name_of(checked(each)): each for each in told}
    fresh = {name: each for name, each in new.items() if name not in known}
    for name, each in fresh.items():
        _INSERT.run(conn, _row(name, each, teller, now))
    return tuple(fresh.values())


def order_id_of(conn: Connection, order_no: str) -> OrderId | None:
    """Find an order by the number its customer reads."""
    found = conn.execute(_NUMBERED, {"of_number": order_no}).scalar_one_or_none()
    return None if found is None else OrderId(found)


def name_of(told: Told) -> str:
    """Name one telling: equal wherever the same is told."""
    return hashlib.sha256(_encode(told)).hexdigest()[:32]


def _row(name: str, told: Told, teller: Teller, now: str) -> dict[str, object]:
    return {
        "order_id": told.order_id,
        "told": name,
        "kind": type(told).__name__.lower(),
        "source": teller.source,
        "order_no": told.number if isinstance(told, Placed) else None,
        "recorded_at": now,
        "body": _encode(told),
    }
