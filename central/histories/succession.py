"""Which journal goes on from which, as the till's own first entry says it."""

from __future__ import annotations

from sqlalchemy import Connection, select

from agent.core.entries.bodies import JournalBegun
from central.histories.entry import Entry
from central.ledger.report_tables import SUCCESSIONS
from central.ledger.upserts import upsert


def begun(conn: Connection, entry: Entry, body: JournalBegun) -> None:
    """Keep whom this journal succeeds and why; a person is told, for one of them has ended."""
    row = {
        "journal_id": entry.journal_id,
        "predecessor": body.predecessor,
        "seq": body.seq,
        "hash": body.hash,
        "reason": body.reason,
        "carried": body.carried,
        "begun_at": body.at.wall,
        "recorded_at": entry.now,
    }
    conn.execute(upsert(SUCCESSIONS).values(row).on_conflict_do_nothing())


def reason_of(conn: Connection, journal_id: str) -> str | None:
    """Tell why a journal succeeded another one; None of a till's first journals."""
    query = select(SUCCESSIONS.c.reason).where(SUCCESSIONS.c.journal_id == journal_id)
    reason: str | None = conn.execute(query).scalar_one_or_none()
    return reason
