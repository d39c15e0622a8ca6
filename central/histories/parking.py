"""Entries whose counterpart is still on its way: parked under what they wait for.

A sale and its attribution travel in two journals, a return may arrive before the sale it returns
from another store. Neither is an error: the effect follows when the sale comes.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, delete, func, select

from central.histories.entry import Entry
from central.ledger.customer_tables import PARKED
from central.ledger.upserts import upsert

_ARRIVED = PARKED.c.waits_for.in_(bindparam("arrived", expanding=True))
_PARK = upsert(PARKED).on_conflict_do_nothing()
_WAITING = select(PARKED.c.journal_id, PARKED.c.seq).where(_ARRIVED)
_UNPARK = delete(PARKED).where(_ARRIVED)


def park(conn: Connection, entry: Entry, waits_for: str) -> None:
    """Have this entry looked at again when the sale id or pseudonym it waits for arrives."""
    journal_id, seq = entry.place
    row = {
        "waits_for": waits_for,
        "journal_id": journal_id,
        "seq": seq,
        "since": entry.now,
    }
    conn.execute(_PARK, row)


def unpark(conn: Connection, arrived: Iterable[str]) -> list[tuple[str, int]]:
    """Take out the entries that waited for what has arrived: where they lie, in order."""
    keys = {"arrived": list(arrived)}
    found = sorted({(row.journal_id, row.seq) for row in conn.execute(_WAITING, keys)})
    if found:
        conn.execute(_UNPARK, keys)
    return found


def parked(conn: Connection) -> int:
    """Count the entries that wait for another one."""
    return int(conn.execute(select(func.count()).select_from(PARKED)).scalar_one())
