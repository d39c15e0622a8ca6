"""The one deletion HQ orders: a body with its salt, by a recorded order (P9).

An entry that was carried into a successor journal is erased there, too: the copy says the same.
"""

from __future__ import annotations

from agent.core.entries.bodies import EntryCarried
from agent.core.entries.canonical import encode
from agent.core.entries.kinds import KINDS
from agent.core.faults import NotFoundFault
from agent.core.identifiers import JournalId
from agent.journal.connection import Connection
from agent.journal.tails import SEQ_BITS


def erase(conn: Connection, journal_id: JournalId, seq: int, *, order_id: str, at: str) -> None:
    """Record an erase order and delete the body it names; repeating it changes nothing.

    The chain row stays: the entry verifies and travels as its commitment and the order's id.

    Args:
        conn: within the writer's transaction.
        journal_id: whose entry.
        seq: which entry.
        order_id: HQ's id of the order.
        at: `Stamp.wall` of now.

    Raises:
        NotFoundFault: there is no such entry.
    """
    row = conn.execute(
        "SELECT c.journal FROM chain c JOIN journal j ON j.no = c.journal"
        " WHERE j.id = ? AND c.seq = ?",
        (journal_id, seq),
    ).fetchone()
    # The journal it was first written in may stand in another file.
    places = [] if row is None else [row[0] << SEQ_BITS | seq]
    places += copies(conn, journal_id, seq)
    if not places:
        raise NotFoundFault(
            f"journal {journal_id} holds no entry {seq}",
            remedy="check the erase order against HQ's ledger",
            name="no-such-entry",
        )
    for place in places:
        _erase_at(conn, place, order_id, at)


def copies(conn: Connection, journal_id: JournalId, seq: int) -> list[int]:
    """Find where an entry was carried to; successors are few, so they are looked through."""
    # What the canonical bytes of such an entry begin with, whatever it carries.
    beginning = encode(_copy_of(journal_id, seq)).partition(b',"kind":')[0] + b","
    rows = conn.execute(
        "SELECT b.place FROM chain c JOIN body b ON b.place = (c.journal << 40 | c.seq)"
        " WHERE c.kind = ? AND c.journal IN (SELECT no FROM carrying)"
        " AND substr(b.bytes, 1, ?) = ?",
        (KINDS[EntryCarried].kind, len(beginning), beginning),
    ).fetchall()
    return [int(row[0]) for row in rows]


def _copy_of(journal_id: JournalId, seq: int) -> EntryCarried:
    return EntryCarried(journal_id, seq, kind=0, version=0, salt="", body="", commitment="")


def _erase_at(conn: Connection, place: int, order_id: str, at: str) -> None:
    known = conn.execute("SELECT 1 FROM erase_order WHERE place = ?", (place,)).fetchone()
    if known is None:
        conn.execute(
            "INSERT INTO erase_order (place, order_id, ordered) VALUES (?, ?, ?)",
            (place, order_id, at),
        )
        # Overwritten with zeros wherever it lay in the file, not only forgotten.
        conn.execute("PRAGMA secure_delete = ON").fetchall()
        conn.execute("DELETE FROM body WHERE place = ?", (place,))
        conn.execute("PRAGMA secure_delete = FAST").fetchall()
