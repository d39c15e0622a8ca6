"""Entries whose counterpart is still on its way: parked under what they wait for.

A sale and its attribution travel in two journals, a return may arrive before the sale it returns
from another store. Neither is an error: the effect follows when the sale comes.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from central.histories.entry import Entry
from central.ledger.customer_tables import PARKED


def park(conn: Connection, entry: Entry, waits_for: str) -> None:
    """Have this entry looked at again when the sale id or pseudonym it waits for arrives."""
    row = {
        "waits_for": waits_for,
        "journal_id": entry.journal_id,
        "seq": entry.seq,
        "since": entry.now,
    }
    conn.execute(upsert(PARKED).values(row).on_conflict_do_nothing())


def unpark(conn: Connection, arrived: Iterable[str]) -> list[tuple[str, int]]:
    """Take out the entries that waited for what has arrived: journal and seq, in order."""
    keys = list(arrived)
    query = select(PARKED.c.journal_id, PARKED.c.seq).where(PARKED.c.waits_for.in_(keys))
    found = sorted({(row.journal_id, row.seq) for row in conn.execute(query)})
    if found:
        conn.execute(delete(PARKED).where(PARKED.c.waits_for.in_(keys)))
    return found
