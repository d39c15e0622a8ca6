"""What HQ has acknowledged of each journal: a position, with HQ's signature as evidence."""

from __future__ import annotations

import msgspec

from agent.core.identifiers import JournalId
from agent.journal import registry
from agent.journal.connection import Connection

_HELD = "held/"
"""Where the registry notes what HQ holds of journals that have ended: its signature is over an
entry that is not here, so it cannot stand among the acks."""


class Acked(msgspec.Struct, frozen=True):
    """HQ's last valid word about a journal."""

    epoch: str
    seq: int
    hash: bytes
    signature: bytes
    safe_seq: int = 0


class Held(msgspec.Struct, frozen=True, array_like=True):
    """What HQ has compared of a journal that has ended, where it holds more; `steps.NoteHeld`."""

    epoch: str = ""
    seq: int = 0
    hq_seq: int = 0


def acked(conn: Connection, journal_id: JournalId) -> Acked | None:
    """Read the position; None while HQ never acknowledged anything."""
    row = conn.execute(
        "SELECT epoch, seq, hash, signature, safe_seq FROM acked"
        " WHERE journal = (SELECT no FROM journal WHERE id = ?)",
        (journal_id,),
    ).fetchone()
    return None if row is None else Acked(*row)


def set_acked(conn: Connection, journal_id: JournalId, ack: Acked) -> Acked:
    """Keep a verified ack; within one epoch positions only grow, an older word is passed over.

    Returns:
        What is held now.
    """
    held = acked(conn, journal_id)
    if held is not None and held.epoch == ack.epoch:
        if ack.seq < held.seq:
            return held
        ack = msgspec.structs.replace(ack, safe_seq=max(ack.safe_seq, held.safe_seq))
    else:
        _forget_other_epochs(conn, journal_id, ack.epoch)
    conn.execute(
        "INSERT INTO acked (journal, epoch, seq, hash, signature, safe_seq)"
        " SELECT no, ?, ?, ?, ?, ? FROM journal WHERE id = ?"
        " ON CONFLICT (journal) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq,"
        " hash = excluded.hash, signature = excluded.signature, safe_seq = excluded.safe_seq",
        (ack.epoch, ack.seq, ack.hash, ack.signature, ack.safe_seq, journal_id),
    )
    return ack


def held_seq(conn: Connection, journal_id: JournalId) -> int:
    """Tell up to where HQ is known to hold a journal as it is here.

    It may lie above the entry that a successor goes on from.
    """
    ack = acked(conn, journal_id)
    return max(ack.seq if ack else 0, _noted(conn, journal_id).seq)


def hq_seq(conn: Connection, journal_id: JournalId) -> int:
    """Tell up to where HQ is known to hold a journal, be it more than is here."""
    return max(held_seq(conn, journal_id), _noted(conn, journal_id).hq_seq)


def last_epoch(conn: Connection, journal_id: JournalId) -> str:
    """Tell the epoch in which HQ last spoke of a journal; empty while it never did."""
    ack = acked(conn, journal_id)
    return _noted(conn, journal_id).epoch or (ack.epoch if ack else "")


def note_held(conn: Connection, journal_id: JournalId, held: Held) -> None:
    """Note what HQ holds of a journal that has ended."""
    registry.put(conn, f"{_HELD}{journal_id}", held)


def _noted(conn: Connection, journal_id: JournalId) -> Held:
    return msgspec.convert(registry.get(conn, f"{_HELD}{journal_id}") or [], Held)


def _forget_other_epochs(conn: Connection, journal_id: JournalId, epoch: str) -> None:
    """Let go of what another HQ held, be it the same one before it was put back."""
    if _noted(conn, journal_id).epoch not in {"", epoch}:
        registry.put(conn, f"{_HELD}{journal_id}", None)
