"""The one deletion there is: a body with its salt, by a recorded order (P9)."""

from __future__ import annotations

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
    if row is None:
        raise NotFoundFault(
            f"journal {journal_id} holds no entry {seq}",
            remedy="check the erase order against HQ's ledger",
            name="no-such-entry",
        )
    place = row[0] << SEQ_BITS | seq
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
