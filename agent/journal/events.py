"""What the till page is told, kept for a while so that a page that was away catches up."""

from __future__ import annotations

from typing import Any

import msgspec

from agent.core.identifiers import TillId
from agent.journal.connection import Connection
from agent.journal.memory import memory_of

KEPT = 100_000
"""Some weeks of a busy till; a page that was away longer reads the state afresh."""
PRUNE_EVERY = 256
PRUNE_STEP = 512
"""More than `PRUNE_EVERY`, so that pruning always catches up; few enough to cost no sale's time."""


_ENCODER = msgspec.json.Encoder()


class Event(msgspec.Struct, frozen=True):
    """One frame for the till page."""

    cursor: int
    type: str
    """scan, item, customer, sale, device, print, drawer, weight, sync or prompt."""
    at: str
    data: dict[str, Any]
    """Ids and figures; never a person's name or address (P9)."""


def add(conn: Connection, till: TillId, kind: str, at: str, data: dict[str, Any]) -> int:
    """Record an event at a till; the page hears of it after the commit.

    Args:
        conn: within the writer's transaction.
        till: whose page.
        kind: see `Event.type`.
        at: `Stamp.wall` of now.
        data: see `Event.data`.

    Returns:
        Its cursor, greater than every cursor before it, at all tills of this agent.
    """
    memory = memory_of(conn)
    cursor = (newest(conn) if memory.event is None else memory.event) + 1
    conn.execute(
        "INSERT INTO event (cursor, till, type, at, data) VALUES (?, ?, ?, ?, ?)",
        (cursor, till, kind, at, _ENCODER.encode(data)),
    )
    memory.event = cursor
    if cursor % PRUNE_EVERY == 0:
        prune(conn, cursor - KEPT)
    return cursor


def after(conn: Connection, till: TillId, cursor: int, limit: int) -> list[Event]:
    """Give a till's next events after a cursor; 0 is before the first that is kept."""
    rows = conn.execute(
        "SELECT cursor, type, at, data FROM event WHERE till = ? AND cursor > ?"
        " ORDER BY cursor LIMIT ?",
        (till, cursor, limit),
    ).fetchall()
    return [Event(row[0], row[1], row[2], msgspec.json.decode(row[3])) for row in rows]


def newest(conn: Connection) -> int:
    """Give the cursor of the newest event; 0 while there is none."""
    row = conn.execute("SELECT coalesce(max(cursor), 0) FROM event").fetchall()[0]
    cursor: int = row[0]
    return cursor


def span(conn: Connection) -> tuple[int, int]:
    """Give the cursors of the oldest and the newest event that are kept; 0 while there is none."""
    row = conn.execute("SELECT coalesce(min(cursor), 0), coalesce(max(cursor), 0) FROM event")
    oldest, newest = row.fetchall()[0]
    return int(oldest), int(newest)


def prune(conn: Connection, before: int) -> None:
    """Drop up to `PRUNE_STEP` events of cursors up to `before`, oldest first."""
    conn.execute(
        "DELETE FROM event WHERE cursor <= ? AND cursor < (SELECT min(cursor) FROM event) + ?",
        (before, PRUNE_STEP),
    )
