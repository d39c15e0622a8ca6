"""What HQ has acknowledged of each journal: a position, with HQ's signature as evidence."""

from __future__ import annotations

import msgspec

from agent.core.identifiers import JournalId
from agent.journal.connection import Connection


class Acked(msgspec.Struct, frozen=True):
    """HQ's last valid word about a journal."""

    epoch: str
    seq: int
    hash: bytes
    signature: bytes
    safe_seq: int = 0


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
    conn.execute(
        "INSERT INTO acked (journal, epoch, seq, hash, signature, safe_seq)"
        " SELECT no, ?, ?, ?, ?, ? FROM journal WHERE id = ?"
        " ON CONFLICT (journal) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq,"
        " hash = excluded.hash, signature = excluded.signature, safe_seq = excluded.safe_seq",
        (ack.epoch, ack.seq, ack.hash, ack.signature, ack.safe_seq, journal_id),
    )
    return ack
