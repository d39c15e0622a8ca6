"""One batch: weigh it, insert it, commit it, and only then sign that it is held.

The decision is the core's; here is the transaction around it. Nothing received is ever changed:
a different record under a known number becomes an incident, never an overwrite (P4).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec
from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from agent.core.exchange.acks import make_ack
from agent.core.exchange.intake import Accept, Held, Rewound, behind, decide
from agent.core.exchange.intake import Row as NewRecord
from agent.core.exchange.wire import Ack, Batch, Behind, Fork
from agent.core.faults import AccessFault
from central.intake.incidents import note_fork, note_rewind
from central.intake.root_key import RootKey
from central.ledger.bulk import insert_rows
from central.ledger.engine import writing
from central.ledger.epoch import bump_epoch, current_epoch
from central.ledger.hq import Device
from central.ledger.tables import (
    APPLIED,
    BODIES,
    CHAIN,
    CONTACTS,
    CURSORS,
    ERASE_ORDERS,
    INCARNATIONS,
    JOURNALS,
)


class ForeignJournal(AccessFault):
    """A journal that is not the sender's own."""

    name = "not-your-journal"
    title = "The journal belongs to another till"


def receive(
    engine: Engine, root: RootKey, device: Device, batch: Batch, now: str
) -> Ack | Behind | Fork:
    """Take in a batch of an established sender; when this returns an `Ack`, it is durable.

    Args:
        engine: the ledger.
        root: signs the ack, and recognises older ones.
        device: who sent it, by signature.
        batch: what was sent.
        now: HQ's time, for show.

    Raises:
        ForeignJournal: not a journal of this device.
        MalformedBatch: no correct till sends this; nothing was kept.
        LedgerBusy: another writer held the database for too long; nothing was kept.
    """
    with writing(engine) as conn:
        _require_own(conn, device, batch.journal_id)
        held = _held(conn, batch.journal_id)
        decision = decide(held, batch, root.verify)
        if isinstance(decision, Accept):
            _keep(conn, batch, decision.rows, now)
        elif isinstance(decision, Fork):
            note_fork(conn, batch, decision, now)
        elif isinstance(decision, Rewound):
            return _rewound(conn, held, decision, batch, now)
        applied = _applied(conn, batch.journal_id)
    if not isinstance(decision, Accept):
        return decision
    return make_ack(
        root.sign,
        epoch=held.epoch,
        journal_id=batch.journal_id,
        seq=decision.seq,
        hash_=decision.hash,
        applied_seq=applied,
    )


def _require_own(conn: Connection, device: Device, journal_id: str) -> None:
    query = select(JOURNALS.c.keyid).where(JOURNALS.c.journal_id == journal_id)
    owner = conn.execute(query).scalar_one_or_none()
    if owner != device.keyid:
        raise ForeignJournal(
            f"the journal {journal_id[:40]!r} is not bound to till {device.till} of {device.store}",
            remedy="enrol this till again with a new code: "
            f"till-central enrol-code {device.store} {device.till}",
        )


def _held(conn: Connection, journal_id: str) -> Held:
    query = select(CURSORS, JOURNALS.c.genesis).join_from(
        CURSORS, JOURNALS, CURSORS.c.journal_id == JOURNALS.c.journal_id
    )
    cursor = conn.execute(query.where(CURSORS.c.journal_id == journal_id).with_for_update()).one()
    return Held(
        journal_id=journal_id,
        epoch=current_epoch(conn),
        genesis=cursor.genesis,
        have_seq=cursor.have_seq,
        have_hash=cursor.have_hash,
        hash_at=partial(_hash_at, conn, journal_id),
        retired=_retired(conn, journal_id),
    )


def _rewound(conn: Connection, held: Held, decision: Rewound, batch: Batch, now: str) -> Behind:
    """HQ has lost time: begin the next epoch, so that every till says again where it is."""
    epoch = bump_epoch(conn, decision.signed.epoch)
    note_rewind(conn, batch, decision, epoch, now)
    return behind(msgspec.structs.replace(held, epoch=epoch), "epoch")


def _hash_at(conn: Connection, journal_id: str, seq: int) -> bytes | None:
    query = select(CHAIN.c.hash).where(CHAIN.c.journal_id == journal_id, CHAIN.c.seq == seq)
    hash_: bytes | None = conn.execute(query).scalar_one_or_none()
    return hash_


def _retired(conn: Connection, journal_id: str) -> frozenset[str]:
    """List the starts of this journal that were followed by another one."""
    return frozenset(_incarnations(conn, journal_id)[:-1])


def _incarnations(conn: Connection, journal_id: str) -> list[str]:
    query = select(INCARNATIONS.c.incarnation).where(INCARNATIONS.c.journal_id == journal_id)
    return list(conn.execute(query.order_by(INCARNATIONS.c.ordinal)).scalars())


def _applied(conn: Connection, journal_id: str) -> int:
    query = select(APPLIED.c.seq).where(APPLIED.c.journal_id == journal_id)
    return conn.execute(query).scalar_one_or_none() or 0


def _keep(conn: Connection, batch: Batch, rows: Sequence[NewRecord], now: str) -> None:
    _note_contact(conn, batch, now)
    _note_incarnation(conn, batch, now)
    if rows:
        _insert(conn, batch.journal_id, rows, now)
        conn.execute(
            update(CURSORS)
            .where(CURSORS.c.journal_id == batch.journal_id)
            .values(have_seq=rows[-1].seq, have_hash=rows[-1].hash)
        )


def _insert(conn: Connection, journal_id: str, rows: Sequence[NewRecord], now: str) -> None:
    """Insert in the order of the tables' columns."""
    chain = [
        (journal_id, row.seq, row.kind, row.version, row.commitment, row.hash, now) for row in rows
    ]
    insert_rows(conn, CHAIN, chain)
    bodies = [(journal_id, row.seq, row.salt, row.body) for row in rows if not row.erased_by]
    insert_rows(conn, BODIES, bodies)
    orders = [(journal_id, row.seq, row.erased_by, now) for row in rows if row.erased_by]
    insert_rows(conn, ERASE_ORDERS, orders)


def _note_contact(conn: Connection, batch: Batch, now: str) -> None:
    said = {
        "last_contact_at": now,
        "tail_seq": batch.tail_seq,
        "backlog_bytes": batch.backlog_bytes,
        "oldest_unacked_age_s": batch.oldest_unacked_age_s,
        "agent_version": batch.agent_version,
    }
    new = upsert(CONTACTS).values(journal_id=batch.journal_id, **said)
    conn.execute(new.on_conflict_do_update(index_elements=["journal_id"], set_=said))


def _note_incarnation(conn: Connection, batch: Batch, now: str) -> None:
    known = _incarnations(conn, batch.journal_id)
    if not known or known[-1] != batch.incarnation:
        conn.execute(
            insert(INCARNATIONS).values(
                journal_id=batch.journal_id,
                ordinal=len(known) + 1,
                incarnation=batch.incarnation,
                first_seen_at=now,
            )
        )
