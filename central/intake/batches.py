"""One batch: weigh it, insert it, commit it, and only then sign that it is held.

The decision is the core's; here is the transaction around it. Nothing received is ever changed:
a different record under a known number becomes an incident, never an overwrite (P4).
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, bindparam, update

from agent.core.exchange.acks import make_ack
from agent.core.exchange.intake import Accept, Rewound, behind, decide
from agent.core.exchange.wire import Ack, Batch, Behind, Fork, Pace
from central.intake.contacts import Starts, note_contact, starts
from central.intake.incidents import note_fork
from central.intake.keeping import CARRIED_KIND, insert_records
from central.intake.positions import Position, TurnNeeded, held, read_position
from central.intake.rewinds import Heard, begin, heard
from central.intake.root_key import RootKey
from central.intake.shown import without_new
from central.ledger.direct import Prepared
from central.ledger.engine import has_turn, transact
from central.ledger.hq import Device
from central.ledger.tables import CURSORS

_MOVE_CURSOR = Prepared(
    update(CURSORS)
    .where(CURSORS.c.journal_id == bindparam("of_journal"))
    .values(have_seq=bindparam("to_seq"), have_hash=bindparam("to_hash"))
)


class _Taken(NamedTuple):
    """What came of a batch, in its transaction."""

    decision: Accept | Behind | Fork
    position: Position


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
        OnlyAsFile: entries HQ lacks of a journal that the sender only shows.
        LedgerBusy: another writer held the database for too long; nothing was kept.
    """
    pace = pace or Pace()
    if len(batch.records) > pace.max_records:
        batch = msgspec.structs.replace(batch, records=batch.records[: pace.max_records])
    take = partial(_take, root=root, device=device, batch=batch, now=now)
    try:
        taken = transact(engine, take, turn=False)
    except TurnNeeded:
        taken = transact(engine, take)
    decision, position = taken
    if not isinstance(decision, Accept):
        return Received(decision, position.lane, 0)
    ack = _ack(root, batch.journal_id, decision, position, pace, now)
    return Received(ack, position.lane, len(decision.rows))


def _take(conn: Connection, *, root: RootKey, device: Device, batch: Batch, now: str) -> _Taken:
    position = read_position(conn, device, batch.journal_id, now)
    known = starts(conn, batch.journal_id, batch.incarnation)
    decision = decide(held(conn, batch, position, known), batch, root.verify)
    if not has_turn(conn) and _reaches_beyond(decision, position):
        raise TurnNeeded
    if isinstance(decision, Rewound):
        epoch = begin(conn, now, seen=decision.signed.epoch, why=_why(batch, decision))
        position = position._replace(epoch=epoch, rewind=epoch)
        decision = behind(held(conn, batch, position, known), "epoch")
    elif isinstance(decision, Accept) and position.is_shown:
        decision = without_new(decision, batch, position.have_seq, position.have_hash)
    elif isinstance(decision, Accept):
        _keep(conn, batch, decision, position, known, now)
    elif isinstance(decision, Fork):
        note_fork(conn, batch, decision, now)
    if position.rewind:
        _tell_rewind(conn, batch, decision, position, now)
    return _Taken(decision, position)


def _reaches_beyond(decision: Accept | Behind | Fork | Rewound, position: Position) -> bool:
    """Tell whether a batch concerns more than its journal: an epoch, an incident, other entries."""
    if position.rewind or isinstance(decision, Fork | Rewound):
        return True
    return isinstance(decision, Accept) and any(row.kind == CARRIED_KIND for row in decision.rows)


def _ack(
    root: RootKey, journal_id: str, taken: Accept, position: Position, pace: Pace, now: str
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
    position: Position,
    now: str,
) -> None:
    """While HQ gets back what it lost: note what this till shows of the time before.

    A till that took itself to be in step has shown nothing yet, and is not counted as back.
    """
    if batch.in_step and isinstance(decision, Behind):
        return
    have = decision.seq if isinstance(decision, Accept) else position.have_seq
    said = Heard(
        journal_id=batch.journal_id,
        have_seq=have,
        last_ack=batch.last_ack,
        feed_cursors=batch.feed_cursors,
        bodies_lost=max(0, batch.pruned_seq - position.have_seq),
    )
    heard(conn, position.rewind, said, now)


def _keep(
    conn: Connection, batch: Batch, taken: Accept, position: Position, known: Starts, now: str
) -> None:
    note_contact(conn, batch, known, now)
    if taken.rows:
        insert_records(conn, batch.journal_id, taken.rows, now, ordered=position.ordered)
        moved = {"of_journal": batch.journal_id, "to_seq": taken.seq, "to_hash": taken.hash}
        _MOVE_CURSOR.run(conn, moved)
