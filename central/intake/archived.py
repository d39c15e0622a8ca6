"""A journal from a file, in HQ's tables: made known, then weighed and kept as a batch is."""

from __future__ import annotations

from functools import partial

import msgspec
from sqlalchemy import Connection, exists, insert, select, update

from agent.core.entries.archive import ArchiveJournal
from agent.core.exchange.credentials import key_id
from agent.core.exchange.intake import Accept, Held, decide
from agent.core.exchange.signed import unhex
from agent.core.exchange.wire import Batch, Fork
from agent.core.faults import AccessFault
from central.intake.incidents import note_fork
from central.intake.keeping import insert_records
from central.intake.positions import hash_at
from central.intake.root_key import RootKey
from central.ledger.archive_tables import ARCHIVE_IMPORTS, PART
from central.ledger.epoch import current_epoch
from central.ledger.tables import CURSORS, ERASE_ORDERS, JOURNALS

IMPORTED = "imported"
"""Why a journal that only ever came as a file has ended."""


class Source(msgspec.Struct, frozen=True):
    """The file a journal is taken from, for HQ's books."""

    import_id: str
    """Of this taking in."""
    digest: str
    device_key: str
    """Of who wrote and signed it."""
    approved_by: str
    """Who vouched for it; empty where HQ knows the device."""


def note(conn: Connection, source: Source, now: str, journal_id: str, **what: str | int) -> None:
    """Write into HQ's books what came of a journal, or of a part of it."""
    row = {
        "journal_id": journal_id,
        "import_id": source.import_id,
        "at": now,
        "digest": source.digest,
        "device_key": source.device_key,
        "approved_by": source.approved_by,
        "detail": "",
    }
    conn.execute(insert(ARCHIVE_IMPORTS).values(row | what))


def bind(conn: Connection, *, journal: ArchiveJournal, now: str) -> int:
    """Make a journal known that HQ never bound; gives how far HQ has it.

    Raises:
        AccessFault: it is bound to another till or device: two journals of one id.
    """
    query = select(JOURNALS.c.genesis, CURSORS.c.have_seq).join(
        CURSORS, CURSORS.c.journal_id == JOURNALS.c.journal_id
    )
    held = conn.execute(query.where(JOURNALS.c.journal_id == journal.journal)).one_or_none()
    if held is not None:
        if held.genesis != unhex(journal.genesis):
            raise AccessFault(
                f"HQ knows journal {journal.journal} as another till's",
                remedy="the file is not of this chain of shops; keep it, and ask who wrote it",
                name="journal-taken",
            )
        return int(held.have_seq)
    before = journal.succeeds
    conn.execute(
        insert(JOURNALS).values(
            journal_id=journal.journal,
            store=journal.store,
            till=journal.till,
            lane=journal.lane,
            keyid=key_id(unhex(journal.device_key)),
            genesis=unhex(journal.genesis),
            bound_at=now,
            birth_key=journal.device_key,
            predecessor=before.journal if before else None,
            predecessor_seq=before.seq if before else None,
            predecessor_hash=unhex(journal.predecessor) or None,
            ended_at=now,
            ended_why=IMPORTED,
        )
    )
    conn.execute(
        insert(CURSORS).values(
            journal_id=journal.journal, have_seq=0, have_hash=unhex(journal.genesis)
        )
    )
    return 0


def take(conn: Connection, *, batch: Batch, root: RootKey, now: str, source: Source) -> object:
    """Weigh a batch as one from a till is weighed, and insert what is new.

    Whoever applies the entries sees in the same moment that they came as a file.
    """
    held = _held(conn, batch.journal_id)
    decision = decide(held, batch, root.verify)
    if isinstance(decision, Accept) and decision.rows:
        ordered = conn.execute(
            select(
                exists().where(
                    ERASE_ORDERS.c.journal_id == batch.journal_id,
                    ERASE_ORDERS.c.seq > held.have_seq,
                )
            )
        ).scalar_one()
        insert_records(conn, batch.journal_id, decision.rows, now, ordered=bool(ordered))
        conn.execute(
            update(CURSORS)
            .where(CURSORS.c.journal_id == batch.journal_id)
            .values(have_seq=decision.seq, have_hash=decision.hash)
        )
        note(
            conn,
            msgspec.structs.replace(source, import_id=f"{source.import_id}.{decision.seq}"),
            now,
            batch.journal_id,
            outcome=PART,
            before_seq=held.have_seq,
            after_seq=decision.seq,
        )
    elif isinstance(decision, Fork):
        note_fork(conn, batch, decision, now)
    return decision


def _held(conn: Connection, journal_id: str) -> Held:
    query = (
        select(JOURNALS.c.genesis, CURSORS.c.have_seq, CURSORS.c.have_hash)
        .join(CURSORS, CURSORS.c.journal_id == JOURNALS.c.journal_id)
        .where(JOURNALS.c.journal_id == journal_id)
        .with_for_update(of=CURSORS)
    )
    row = conn.execute(query).one()
    return Held(
        journal_id=journal_id,
        epoch=current_epoch(conn),
        genesis=row.genesis,
        have_seq=row.have_seq,
        have_hash=row.have_hash,
        hash_at=partial(hash_at, conn, journal_id),
    )
