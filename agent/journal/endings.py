"""Where a journal's own way to HQ ends, and what is carried because it cannot go that way."""

from __future__ import annotations

from agent.core.identifiers import JournalId
from agent.core.sale.model import Stamp
from agent.journal import chains, lineage, successors, tails
from agent.journal.connection import Connection
from agent.journal.founding import Entry
from agent.journal.successors import Random

SALT_BYTES = 16


def due_seq(conn: Connection, journal_id: JournalId) -> int:
    """Tell up to where HQ is to get this journal itself; what is above travels in its successor."""
    row = conn.execute(
        "SELECT h.tail_seq, s.seq, e.seq FROM head h"
        " LEFT JOIN succession s ON s.predecessor = h.id AND h.sealed <> 0"
        " LEFT JOIN journal_end e ON e.journal = h.no WHERE h.id = ? ORDER BY s.seq LIMIT 1",
        (journal_id,),
    ).fetchone()
    return 0 if row is None else min(seq for seq in row if seq is not None)


def is_succeeded(conn: Connection, journal_id: JournalId) -> bool:
    """Tell whether another journal of this file goes on from this one."""
    return lineage.successor(conn, journal_id) is not None


def go_on(
    conn: Connection,
    journal_id: JournalId,
    *,
    held_seq: int,
    reason: str,
    clock_stamp: Stamp,
    random: Random,
    device_key: bytes | None = None,
) -> int:
    """End a journal at an entry HQ holds, too, and have everything above it travel on.

    An open journal gets a successor that carries what is above; of one that has ended already, what
    is between is carried into the journal that is open now. Repeating it changes nothing.

    Args:
        conn: within the writer's transaction.
        journal_id: the journal.
        held_seq: the last entry HQ has just so; 0 where it has none.
        reason: as of `successors.succeed`.
        clock_stamp: now.
        random: for ids and salts.
        device_key: of this machine.

    Returns:
        How many entries are carried.

    Raises:
        StateFault, JournalDamaged: see `successors.succeed`.
    """
    if is_succeeded(conn, journal_id):
        return _carry_late(conn, journal_id, held_seq, random)
    done = successors.succeed(
        conn,
        journal_id,
        held_seq=held_seq,
        held_hash=chains.hash_at(conn, journal_id, held_seq),
        reason=reason,
        clock_stamp=clock_stamp,
        random=random,
        device_key=device_key,
    )
    return done.carried


def _carry_late(conn: Connection, journal_id: JournalId, held_seq: int, random: Random) -> int:
    until = due_seq(conn, journal_id)
    if held_seq >= until:
        return 0
    number, till, lane = conn.execute(
        "SELECT no, till, lane FROM journal WHERE id = ?", (journal_id,)
    ).fetchall()[0]
    tail = tails.open_tail(conn, till, lane)
    for entry in _between(conn, number, held_seq, until):
        body = successors.carried_of(journal_id, entry)
        chains.append(conn, till, body, salt=random(SALT_BYTES), lane=tail.lane)
    conn.execute(
        "INSERT INTO journal_end (journal, seq) VALUES (?, ?)"
        " ON CONFLICT (journal) DO UPDATE SET seq = excluded.seq",
        (number, held_seq),
    )
    return until - held_seq


def _between(conn: Connection, number: int, after: int, until: int) -> list[Entry]:
    """Read what a copy of this machine pushed aside: what it sold since HQ's backup, a handful."""
    rows = conn.execute(
        "SELECT c.seq, c.kind, c.version, c.commitment, c.hash, b.salt, b.bytes, e.order_id"
        " FROM chain c LEFT JOIN body b ON b.place = (c.journal << 40 | c.seq)"
        " LEFT JOIN erase_order e ON e.place = (c.journal << 40 | c.seq)"
        " WHERE c.journal = ? AND c.seq > ? AND c.seq <= ? ORDER BY c.seq",
        (number, after, until),
    ).fetchall()
    return [Entry(*row) for row in rows]
