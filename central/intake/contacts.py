"""What a till says of itself with every batch: shown to people, deciding nothing."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, insert, select

from agent.core.exchange.wire import Batch
from central.ledger.direct import Prepared
from central.ledger.tables import CONTACTS, INCARNATIONS
from central.ledger.upserts import upsert

_OF_JOURNAL = INCARNATIONS.c.journal_id == bindparam("of_journal")
_STARTS = Prepared(
    select(
        select(func.max(INCARNATIONS.c.ordinal)).where(_OF_JOURNAL).scalar_subquery(),
        select(INCARNATIONS.c.ordinal)
        .where(_OF_JOURNAL, INCARNATIONS.c.incarnation == bindparam("of_start"))
        .scalar_subquery(),
    )
)
_NEW_CONTACT = upsert(CONTACTS)
_NOTE_CONTACT = Prepared(
    _NEW_CONTACT.on_conflict_do_update(
        index_elements=["journal_id"],
        set_={
            column.name: _NEW_CONTACT.excluded[column.name]
            for column in CONTACTS.columns
            if column.name != "journal_id"
        },
    )
)


class Starts(NamedTuple):
    """Where one start of a journal stands among those HQ has heard of."""

    last: int
    """How many there are; 0 while there is none."""
    this: int | None
    """Which of them it is, counted from 1; None of one not heard of before."""

    @property
    def is_retired(self) -> bool:
        """Tell whether this start was followed by another one: if it speaks, there are two."""
        return self.this is not None and self.this < self.last


def starts(conn: Connection, journal_id: str, incarnation: str) -> Starts:
    """Place a start of a journal; under the lock of its cursor nobody else adds one."""
    last, this = _STARTS.one_or_none(conn, {"of_journal": journal_id, "of_start": incarnation}) or (
        None,
        None,
    )
    return Starts(last or 0, this)


def note_contact(conn: Connection, batch: Batch, known: Starts, now: str) -> None:
    """Note that a till was heard, and from which start of its journal."""
    _note_contact(conn, batch, now)
    if known.this is None:
        _note_incarnation(conn, batch, known.last + 1, now)


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
    _NOTE_CONTACT.run(conn, {"journal_id": batch.journal_id, **said})


def _note_incarnation(conn: Connection, batch: Batch, ordinal: int, now: str) -> None:
    conn.execute(
        insert(INCARNATIONS).values(
            journal_id=batch.journal_id,
            ordinal=ordinal,
            incarnation=batch.incarnation,
            first_seen_at=now,
        )
    )
