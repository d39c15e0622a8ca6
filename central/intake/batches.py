"""One batch: weigh it, insert it, commit it, and only then sign that it is held.

The decision is the core's; here is the transaction around it. Nothing received is ever changed:
a different record under a known number becomes an incident, never an overwrite (P4).
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import msgspec
from sqlalchemy import (
    BindParameter,
    Connection,
    Engine,
    ScalarSelect,
    bindparam,
    exists,
    func,
    insert,
    select,
    update,
)

from agent.core.exchange.acks import make_ack
from agent.core.exchange.intake import Accept, Held, Rewound, behind, decide
from agent.core.exchange.wire import Ack, Batch, Behind, Fork, Pace
from agent.core.faults import AccessFault
from central.intake.incidents import note_fork
from central.intake.keeping import CARRIED_KIND, insert_records
from central.intake.places import REPLACED
from central.intake.renewal import takes_over
from central.intake.rewinds import OPEN as REWIND
from central.intake.rewinds import Heard, begin, heard
from central.intake.root_key import RootKey
from central.intake.signatures import Revoked
from central.ledger.authority_tables import SAFE_POSITIONS
from central.ledger.engine import has_turn, transact
from central.ledger.epoch import EPOCH_FACT
from central.ledger.hq import Device
from central.ledger.tables import (
    APPLIED,
    CHAIN,
    CONTACTS,
    CURSORS,
    ERASE_ORDERS,
    FACTS,
    INCARNATIONS,
    JOURNALS,
)
from central.ledger.upserts import upsert

_JOURNAL: BindParameter[str] = bindparam("of_journal")
_INCARNATIONS = (
    select(INCARNATIONS.c.incarnation)
    .where(INCARNATIONS.c.journal_id == _JOURNAL)
    .order_by(INCARNATIONS.c.ordinal)
)
_MOVE_CURSOR = (
    update(CURSORS)
    .where(CURSORS.c.journal_id == _JOURNAL)
    .values(have_seq=bindparam("to_seq"), have_hash=bindparam("to_hash"))
)
_HASH_AT = select(CHAIN.c.hash).where(
    CHAIN.c.journal_id == _JOURNAL, CHAIN.c.seq == bindparam("at")
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
"""Statements are made once: to make and compile one costs more than SQLite takes to run it."""


class ForeignJournal(AccessFault):
    """A journal that is not the sender's own."""

    name = "not-your-journal"
    title = "The journal belongs to another till"


class _Position(NamedTuple):
    """All the intake must know of a journal, read at once."""

    store: str
    till: str
    lane: str
    keyid: str
    ended_why: str
    genesis: bytes
    have_seq: int
    have_hash: bytes
    epoch: str
    rewind: str
    """Epoch of the rewind that is not over yet; empty if there is none."""
    applied_seq: int
    safe_seq: int
    safe_hash: bytes | None
    ordered: bool
    """Something above `have_seq` is ordered erased already."""


class _Taken(NamedTuple):
    """What came of a batch, in its transaction."""

    decision: Accept | Behind | Fork
    position: _Position


class Received(NamedTuple):
    """What became of a batch."""

    reply: Ack | Behind | Fork
    lane: str
    """Of its journal."""
    records: int
    """How many of it were new."""


def receive(
    engine: Engine, root: RootKey, device: Device, batch: Batch, now: str, pace: Pace | None = None
) -> Received:
    """Take in a batch of an established sender; when this returns an `Ack`, it is durable.

    Args:
        engine: the ledger.
        root: signs the ack, and recognises older ones.
        device: who sent it, by signature.
        batch: what was sent.
        now: HQ's time, for show.
        pace: HQ's wish for what comes next. No more records than it allows are taken of this
            batch either: while many stores wait, each gets on, and none has to wait for all of
            another's.

    Raises:
        ForeignJournal: not a journal of this device.
        MalformedBatch: no correct till sends this; nothing was kept.
        LedgerBusy: another writer held the database for too long; nothing was kept.
    """
    pace = pace or Pace()
    if len(batch.records) > pace.max_records:
        batch = msgspec.structs.replace(batch, records=batch.records[: pace.max_records])
    take = partial(_take, root=root, device=device, batch=batch, now=now)
    try:
        taken = transact(engine, take, turn=False)
    except _TurnNeeded:
        taken = transact(engine, take)
    decision, position = taken
    if not isinstance(decision, Accept):
        return Received(decision, position.lane, 0)
    ack = _ack(root, batch.journal_id, decision, position, pace, now)
    return Received(ack, position.lane, len(decision.rows))


class _TurnNeeded(Exception):
    """What a batch brings concerns more than its own journal: do it again, in turn."""


def _take(conn: Connection, *, root: RootKey, device: Device, batch: Batch, now: str) -> _Taken:
    position = _position(conn, device, batch.journal_id, now)
    decision = decide(_held(conn, batch.journal_id, position), batch, root.verify)
    if not has_turn(conn) and _reaches_beyond(decision, position):
        raise _TurnNeeded
    if isinstance(decision, Rewound):
        epoch = begin(conn, now, seen=decision.signed.epoch, why=_why(batch, decision))
        position = position._replace(epoch=epoch, rewind=epoch)
        decision = behind(_held(conn, batch.journal_id, position), "epoch")
    elif isinstance(decision, Accept):
        _keep(conn, batch, decision, position, now)
    elif isinstance(decision, Fork):
        note_fork(conn, batch, decision, now)
    if position.rewind:
        _tell_rewind(conn, batch, decision, position, now)
    return _Taken(decision, position)


def _reaches_beyond(decision: Accept | Behind | Fork | Rewound, position: _Position) -> bool:
    """Tell whether a batch concerns more than its journal: an epoch, an incident, other entries."""
    if position.rewind or isinstance(decision, Fork | Rewound):
        return True
    return isinstance(decision, Accept) and any(row.kind == CARRIED_KIND for row in decision.rows)


def _ack(
    root: RootKey, journal_id: str, taken: Accept, position: _Position, pace: Pace, now: str
) -> Ack:
    """Sign what is durable now, and what no backup can take away any more."""
    return make_ack(
        root.sign,
        epoch=position.epoch,
        journal_id=journal_id,
        seq=taken.seq,
        hash_=taken.hash,
        safe_seq=position.safe_seq,
        safe_hash=position.safe_hash or b"",
        applied_seq=position.applied_seq,
        pace=pace,
        server_time=now,
    )


def _position(conn: Connection, device: Device, journal_id: str, now: str) -> _Position:
    row = conn.execute(_POSITION, {"of_journal": journal_id}).one_or_none()
    if row is None:
        raise _foreign(device, journal_id)
    position = _Position(*row)
    place = position.store, position.till
    if position.keyid != device.keyid and not has_turn(conn):
        raise _TurnNeeded
    if position.keyid != device.keyid and not takes_over(conn, device, position.keyid, place, now):
        raise _foreign(device, journal_id)
    if position.ended_why == REPLACED:
        raise Revoked(
            f"another device stands at till {position.till} of {position.store} now",
            remedy="what this one has not sent yet: till-agent journal export, and at HQ "
            "till-central import-journal",
        )
    return position


def _foreign(device: Device, journal_id: str) -> ForeignJournal:
    return ForeignJournal(
        f"the journal {journal_id[:40]!r} is not bound to till {device.till} of {device.store}",
        remedy="enrol this till again with a new code: "
        f"till-central enrol-code {device.store} {device.till}",
    )


def _fact(key: str) -> ScalarSelect[str]:
    return select(FACTS.c.value).where(FACTS.c.key == key).scalar_subquery()


_HERE = JOURNALS.c.journal_id
_POSITION = (
    select(
        JOURNALS.c.store,
        JOURNALS.c.till,
        JOURNALS.c.lane,
        JOURNALS.c.keyid,
        func.coalesce(JOURNALS.c.ended_why, ""),
        JOURNALS.c.genesis,
        CURSORS.c.have_seq,
        CURSORS.c.have_hash,
        _fact(EPOCH_FACT),
        func.coalesce(_fact(REWIND), ""),
        func.coalesce(APPLIED.c.seq, 0),
        func.coalesce(SAFE_POSITIONS.c.seq, 0),
        SAFE_POSITIONS.c.hash,
        exists().where(ERASE_ORDERS.c.journal_id == _HERE, ERASE_ORDERS.c.seq > CURSORS.c.have_seq),
    )
    .join(CURSORS, CURSORS.c.journal_id == _HERE)
    .outerjoin(APPLIED, APPLIED.c.journal_id == _HERE)
    .outerjoin(SAFE_POSITIONS, SAFE_POSITIONS.c.journal_id == _HERE)
    .where(_HERE == _JOURNAL)
    .with_for_update(of=CURSORS)
)


def _held(conn: Connection, journal_id: str, position: _Position) -> Held:
    return Held(
        journal_id=journal_id,
        epoch=position.epoch,
        genesis=position.genesis,
        have_seq=position.have_seq,
        have_hash=position.have_hash,
        hash_at=partial(_hash_at, conn, journal_id),
        retired=_retired(conn, journal_id),
    )


def _why(batch: Batch, rewound: Rewound) -> str:
    return (
        f"this database holds journal {batch.journal_id} up to seq {rewound.have_seq}, but HQ had "
        f"signed seq {rewound.signed.seq} in epoch {rewound.signed.epoch}: it was put back to an "
        "older state"
    )


def _tell_rewind(
    conn: Connection,
    batch: Batch,
    decision: Accept | Behind | Fork,
    position: _Position,
    now: str,
) -> None:
    """While HQ gets back what it lost: note what this till shows of the time before."""
    have = decision.seq if isinstance(decision, Accept) else position.have_seq
    said = Heard(
        journal_id=batch.journal_id,
        have_seq=have,
        last_ack=batch.last_ack,
        feed_cursors=batch.feed_cursors,
        bodies_lost=max(0, batch.pruned_seq - position.have_seq),
    )
    heard(conn, position.rewind, said, now)


def _hash_at(conn: Connection, journal_id: str, seq: int) -> bytes | None:
    found = conn.execute(_HASH_AT, {"of_journal": journal_id, "at": seq})
    hash_: bytes | None = found.scalar_one_or_none()
    return hash_


def _retired(conn: Connection, journal_id: str) -> frozenset[str]:
    """List the starts of this journal that were followed by another one."""
    return frozenset(_incarnations(conn, journal_id)[:-1])


def _incarnations(conn: Connection, journal_id: str) -> list[str]:
    return list(conn.execute(_INCARNATIONS, {"of_journal": journal_id}).scalars())


def _keep(conn: Connection, batch: Batch, taken: Accept, position: _Position, now: str) -> None:
    _note_contact(conn, batch, now)
    _note_incarnation(conn, batch, now)
    if taken.rows:
        insert_records(conn, batch.journal_id, taken.rows, now, ordered=position.ordered)
        moved = {"of_journal": batch.journal_id, "to_seq": taken.seq, "to_hash": taken.hash}
        conn.execute(_MOVE_CURSOR, moved)


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
