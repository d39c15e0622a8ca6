"""The proof that the levels of the stock are what every movement and every sale add up to.

The database adds and compares: of a chain with a million levels only those that differ are read.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Subquery,
    func,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy import literal_column as written

from agent.core.stock import Bucket
from central.goods.stock import Held
from central.ledger.customer_tables import SALE_LINES, SALES
from central.ledger.goods_tables import STOCK_LEVELS, STOCK_MOVEMENTS

_NOTHING: ColumnElement[int] = written("0")


class Differing(NamedTuple):
    """A level that is not what all movements and sales add up to; thousandths."""

    location: str
    item: str
    bucket: str
    held: int
    reckoned: int


def differences(
    conn: Connection, *, after: Held | None = None, limit: int | None = None
) -> list[Differing]:
    """Add everything up again, as if there were no levels, and list where they are something else.

    Args:
        conn: any transaction.
        after: only what stands behind this one, by location, item and bucket.
        limit: how many at most; None: all.
    """
    key = _ALL.c.location, _ALL.c.item, _ALL.c.bucket
    held, added = func.sum(_ALL.c.held), func.sum(_ALL.c.reckoned)
    query = select(*key, held, added).group_by(*key).having(held != added).order_by(*key)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*map(literal, after)))
    return [
        Differing(location, item, bucket, int(is_held), int(reckoned))
        for location, item, bucket, is_held, reckoned in conn.execute(query.limit(limit))
    ]


def _moved(place: Column[str], bucket: Column[str], sign: int) -> Select[tuple[object, ...]]:
    """Add up what movements took out of each place, or brought there."""
    item, quantity = STOCK_MOVEMENTS.c.item, sign * func.sum(STOCK_MOVEMENTS.c.quantity)
    summed = select(place.label("location"), item, bucket.label("bucket"), _NOTHING, quantity)
    return summed.where(place != "").group_by(place, item, bucket)


def _sold() -> Select[tuple[object, ...]]:
    """Add up what sales took, for which there are no movements."""
    item = func.coalesce(SALE_LINES.c.item_id, SALE_LINES.c.gtin)
    bucket, quantity = literal(Bucket.AVAILABLE.value), -func.sum(SALE_LINES.c.quantity)
    return (
        select(SALES.c.store, item, bucket, _NOTHING, quantity)
        .join(SALE_LINES, SALE_LINES.c.sale_id == SALES.c.sale_id)
        .where(item.is_not(None), SALE_LINES.c.voided.is_(False))
        .group_by(SALES.c.store, item)
    )


def _everything() -> Subquery:
    held, moves = STOCK_LEVELS.c, STOCK_MOVEMENTS.c
    return union_all(
        select(
            held.location,
            held.item,
            held.bucket,
            held.quantity.label("held"),
            _NOTHING.label("reckoned"),
        ),
        _moved(moves.source_location, moves.source, -1),
        _moved(moves.target_location, moves.target, 1),
        _sold(),
    ).subquery()


_ALL = _everything()
