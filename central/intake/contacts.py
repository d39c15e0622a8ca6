"""What a till says of itself with every batch: shown to people, deciding nothing."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, insert, select

from agent.core.exchange.wire import Batch
from central.ledger.tables import CONTACTS, INCARNATIONS
from central.ledger.upserts import upsert

_INCARNATIONS = (
    select(INCARNATIONS.c.incarnation)
    .where(INCARNATIONS.c.journal_id == bindparam("of_journal"))
    .order_by(INCARNATIONS.c.ordinal)
)
_NEW_CONTACT = upsert(CONTACTS)
_NOTE_CONTACT = _NEW_CONTACT.on_conflict_do_update(
    index_elements=["journal_id"],
    set_={
        column.name: _NEW_CONTACT.excluded[column.name]
        for column in CONTACTS.columns
        if column.name != "journal_id"
    },
)


def note_contact(conn: Connection, batch: Batch, now: str) -> None:
    """Note that a till was heard, and from which start of its journal."""
    _note_contact(conn, batch, now)
    _note_incarnation(conn, batch, now)


def incarnations(conn: Connection, journal_id: str) -> list[str]:
    """List the starts of a journal in the order HQ heard of them."""
    return list(conn.execute(_INCARNATIONS, {"of_journal": journal_id}).scalars())


def _note_contact(conn: Connection, batch: Batch, now: str) -> None:
    said = {
        "last_contact_at": now,
        "tail_seq": batch.tail_seq,
        "backlog_bytes": batch.backlog_bytes,
        "oldest_unacked_age_s": batch.oldest_unacked_age_s,
        "agent_version": batch.agent_version,
        "pruned_seq": batch.pruned_seq,
        "till_wall": batch.wall or None,
    }
    conn.execute(_NOTE_CONTACT, {"journal_id": batch.journal_id, **said})


def _note_incarnation(conn: Connection, batch: Batch, now: str) -> None:
    known = incarnations(conn, batch.journal_id)
    if not known or known[-1] != batch.incarnation:
        conn.execute(
            insert(INCARNATIONS).values(
                journal_id=batch.journal_id,
                ordinal=len(known) + 1,
                incarnation=batch.incarnation,
                first_seen_at=now,
            )
        )
