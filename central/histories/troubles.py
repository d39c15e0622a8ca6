"""Entries the database itself failed on: named, so that a person knows where HQ stands still.

A full disk, a lock, a damaged page is not the entry's fault: it keeps its place, and its journal
waits. All other journals go on (P6).
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, delete, select

from central.ledger.report_tables import TROUBLES
from central.ledger.upserts import upsert

REASON_CHARACTERS = 500


class Trouble(msgspec.Struct, frozen=True):
    """Where the applier stands still, and since when."""

    journal_id: str
    seq: int
    reason: str
    """The database's own words."""
    tries: int
    since: str
    last_at: str


def note(conn: Connection, journal_id: str, seq: int, error: Exception, now: str) -> None:
    """Note a failure at an entry, or count another one at the same entry."""
    cause = getattr(error, "orig", None) or error
    row = {"seq": seq, "reason": str(cause)[:REASON_CHARACTERS], "last_at": now}
    before = of_journal(conn, journal_id)
    again = before is not None and before.seq == seq
    row["tries"] = before.tries + 1 if before is not None and again else 1
    row["since"] = before.since if before is not None and again else now
    new = upsert(TROUBLES).values(journal_id=journal_id, **row)
    conn.execute(new.on_conflict_do_update(index_elements=["journal_id"], set_=row))


def clear(conn: Connection, journal_id: str) -> None:
    """Note that a journal goes on."""
    conn.execute(delete(TROUBLES).where(TROUBLES.c.journal_id == journal_id))


def of_journal(conn: Connection, journal_id: str) -> Trouble | None:
    """Read the trouble of one journal."""
    query = select(TROUBLES).where(TROUBLES.c.journal_id == journal_id)
    row = conn.execute(query).mappings().one_or_none()
    return None if row is None else Trouble(**row)


def troubles(conn: Connection) -> list[Trouble]:
    """List where the applier stands still, the oldest first."""
    query = select(TROUBLES).order_by(TROUBLES.c.since, TROUBLES.c.journal_id)
    return [Trouble(**row) for row in conn.execute(query).mappings()]
