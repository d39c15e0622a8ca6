"""Counts of the stock: what was found, when and by whom, also where nothing was different.

A count books the difference to what was known (`core.stock.counted`); that somebody has looked at
all is a fact of its own, and the only one a count without a difference leaves.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, select

from agent.core.faults import InputFault
from agent.core.quantities import Thousandths
from agent.core.stock import Movement, counted
from agent.core.stock.levels import level_of
from central.goods import stock
from central.ledger.goods_tables import STOCK_COUNTS
from central.ledger.upserts import upsert

COUNTS_SHOWN = 200
"""Of one answer, the newest first."""
_KEEP = upsert(STOCK_COUNTS).on_conflict_do_nothing()


class Count(msgspec.Struct, frozen=True):
    """What was counted of an item."""

    event: str
    item: str
    location: str
    found: int
    """In thousandths: on the shelf, set aside and damaged."""
    known: int
    """What was known of it before, in thousandths."""
    actor: str
    """Who counted."""
    at: str
    """HQ's time, UTC, ISO 8601."""


def count(
    conn: Connection,
    event: str,
    location: str,
    found: Mapping[str, Thousandths],
    actor: str,
    now: str,
) -> tuple[Movement, ...]:
    """Keep a count, and give the movements it asks for; sent again, those of the first time.

    Raises:
        InputFault: `nobody-counts`.
        StockFault: `negative-count`.
    """
    if not actor.strip():
        raise InputFault(
            "nobody is named who has counted",
            remedy='send "actor": who stood before the shelf',
            name="nobody-counts",
        )
    if _was_made(conn, event):
        return stock.held_of(conn, event)
    known = stock.balances_of(conn, location, found)
    movements = counted(event, location, found, known, now)
    row = {"event": event, "location": location, "actor": actor.strip(), "at": now}
    rows = [
        row | {"item": item, "found": here, "known": level_of(known, location, item).on_hand}
        for item, here in found.items()
    ]
    if rows:
        conn.execute(_KEEP, rows)
    return movements


def counts_of(
    conn: Connection, *, location: str | None = None, item: str | None = None
) -> list[Count]:
    """List the newest counts, of one location or of one item."""
    query = select(STOCK_COUNTS)
    for column, wanted in ((STOCK_COUNTS.c.location, location), (STOCK_COUNTS.c.item, item)):
        query = query if wanted is None else query.where(column == wanted)
    newest = query.order_by(STOCK_COUNTS.c.at.desc(), *STOCK_COUNTS.c[:2]).limit(COUNTS_SHOWN)
    return [Count(**row) for row in conn.execute(newest).mappings()]


def _was_made(conn: Connection, event: str) -> bool:
    query = select(STOCK_COUNTS.c.event).where(STOCK_COUNTS.c.event == event).limit(1)
    return conn.execute(query).first() is not None
