"""Stock at HQ: movements as told, and levels as they add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    Connection,
    Row,
    Select,
    Text,
    bindparam,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import Insert

from agent.core.entries.bodies import SaleCompleted
from agent.core.quantities import Thousandths
from agent.core.stock import OUTSIDE, Balances, Bucket, Movement, Place, balances, fresh, of_sale
from central.ledger.goods_tables import STOCK_LEVELS, STOCK_MOVEMENTS
from central.ledger.upserts import upsert

MOVEMENTS_SHOWN = 200
"""Of one answer, the newest first."""
_NAMES = ("location", "item", "bucket", "quantity")
_INSERT = upsert(STOCK_MOVEMENTS).on_conflict_do_nothing()
_OF_EVENT = select(STOCK_MOVEMENTS).where(STOCK_MOVEMENTS.c.event == bindparam("of_event"))

Held = tuple[str, str, str]
"""Location, item, bucket."""


class LevelRow(NamedTuple):
    """How much of an item is in one bucket of a location."""

    location: str
    item: str
    bucket: str
    quantity: int


def book(conn: Connection, movements: Iterable[Movement], now: str) -> tuple[Movement, ...]:
    """Keep movements and move the levels; those held already move nothing.

    Returns:
        Those that were new.

    Raises:
        StockFork: another movement is held under the same event and line.
    """
    told = list(movements)
    held = {
        each.key: each
        for event in sorted({each.event for each in told})
        for each in held_of(conn, event)
    }
    new = tuple(each for each in fresh(held, told) if each.key not in held)
    for each in new:
        conn.execute(_INSERT, _row(each, now))
    _shift(conn, balances(new))
    return new


def held_of(conn: Connection, event: str) -> tuple[Movement, ...]:
    """Give the movements that are kept of an event."""
    return tuple(map(_movement, conn.execute(_OF_EVENT, {"of_event": event})))


def sold(conn: Connection, sales: Iterable[SaleCompleted]) -> None:
    """Move the levels by completed sales, each of which is new here; their lines say what moved."""
    moved = (
        each for body in sales for each in of_sale(body.sale_id, body.store, body.lines, at="")
    )
    _shift(conn, balances(moved))


def levels_of(
    conn: Connection,
    *,
    location: str | None = None,
    item: str | None = None,
    after: Held | None = None,
    limit: int | None = None,
) -> list[LevelRow]:
    """List what there is, by location, item and bucket; a figure below zero is told as it is.

    Args:
        conn: any transaction.
        location: only there.
        item: only of it.
        after: only what stands behind this one.
        limit: how many at most; None: all.
    """
    query = select(STOCK_LEVELS).where(STOCK_LEVELS.c.quantity != 0)
    if after is not None:
        query = query.where(tuple_(*STOCK_LEVELS.c[:3]) > tuple_(*map(literal, after)))
    for column, wanted in ((STOCK_LEVELS.c.location, location), (STOCK_LEVELS.c.item, item)):
        query = query if wanted is None else query.where(column == wanted)
    ordered = query.order_by(STOCK_LEVELS.c.location, STOCK_LEVELS.c.item, STOCK_LEVELS.c.bucket)
    return [
        LevelRow(row.location, row.item, row.bucket, row.quantity)
        for row in conn.execute(ordered.limit(limit))
    ]


def balances_of(conn: Connection, location: str, items: Iterable[str]) -> Balances:
    """Give what is known at a location of some items, to compare with what was counted."""
    wanted = set(items)
    return {
        (Place(Bucket(row.bucket), row.location), row.item): Thousandths(row.quantity)
        for row in levels_of(conn, location=location)
        if row.item in wanted
    }


def movements_of(conn: Connection, item: str, location: str | None = None) -> list[Movement]:
    """List the newest movements of an item that were told as such; sales stand by themselves."""
    query = select(STOCK_MOVEMENTS).where(STOCK_MOVEMENTS.c.item == item)
    if location is not None:
        columns = (STOCK_MOVEMENTS.c.source_location, STOCK_MOVEMENTS.c.target_location)
        query = query.where((columns[0] == location) | (columns[1] == location))
    newest = query.order_by(STOCK_MOVEMENTS.c.recorded_at.desc(), *STOCK_MOVEMENTS.c[:2])
    return [_movement(row) for row in conn.execute(newest.limit(MOVEMENTS_SHOWN))]


def _shift(conn: Connection, moved: Mapping[tuple[Place, str], int]) -> None:
    # In one fixed order, so that two who move the same goods do not wait for each other in a ring.
    rows = sorted(
        (place.location, item, place.bucket.value, quantity)
        for (place, item), quantity in moved.items()
        if place.bucket not in OUTSIDE
    )
    if not rows:
        return
    if conn.dialect.name == "sqlite":
        conn.execute(_ADD, [dict(zip(_NAMES, row, strict=True)) for row in rows])
    else:
        conn.execute(_ADD_ALL, dict(zip(_NAMES, map(list, zip(*rows, strict=True)), strict=True)))


def _adding(new: Insert) -> Insert:
    """Have rows that are there grow by those that come."""
    grown = STOCK_LEVELS.c.quantity + new.excluded.quantity
    return new.on_conflict_do_update(index_elements=list(_NAMES[:3]), set_={"quantity": grown})


def _given() -> Select[Any]:
    """Give many rows in four parameters, however many they are: one exchange with the server."""
    columns: list[BindParameter[Any]] = [bindparam(name, type_=ARRAY(Text)) for name in _NAMES[:3]]
    columns.append(bindparam("quantity", type_=ARRAY(BigInteger)))
    rows = func.unnest(*columns).table_valued(*_NAMES).render_derived()
    return select(*(rows.c[name] for name in _NAMES))


_ADD = _adding(upsert(STOCK_LEVELS))
_ADD_ALL = _adding(upsert(STOCK_LEVELS).from_select(list(_NAMES), _given()))
"""The same on PostgreSQL."""


def _row(movement: Movement, now: str) -> dict[str, object]:
    return {
        "event": movement.event,
        "line": movement.line,
        "item": movement.item,
        "quantity": movement.quantity,
        "source": movement.source.bucket.value,
        "source_location": movement.source.location,
        "target": movement.target.bucket.value,
        "target_location": movement.target.location,
        "at": movement.at,
        "recorded_at": now,
    }


def _movement(row: Row[tuple[object, ...]]) -> Movement:
    return Movement(
        event=row.event,
        line=row.line,
        item=row.item,
        quantity=Thousandths(row.quantity),
        source=Place(Bucket(row.source), row.source_location),
        target=Place(Bucket(row.target), row.target_location),
        at=row.at,
    )
