"""Proofs of wallet passes that were taken at this agent: a picture of one is not taken again.

The rule is `core.recognition.proofs`; here its state outlives a restart. A pass is kept by a hash,
and the clock has no say in how long: the oldest leave when there are too many.
"""

from __future__ import annotations

from agent.core.recognition.proofs import MARKS_KEPT, Mark, Used
from agent.journal.connection import Connection

_REMEMBER = """INSERT INTO proof_mark (key, moment, turn)
    VALUES (?, ?, (SELECT coalesce(max(turn), 0) + 1 FROM proof_mark))
    ON CONFLICT (key) DO UPDATE SET moment = max(moment, excluded.moment), turn = excluded.turn"""
_FORGET = "DELETE FROM proof_mark WHERE turn <= (SELECT max(turn) FROM proof_mark) - ?"


def used(conn: Connection) -> Used:
    """Read which proofs were taken, the latest last."""
    return Used(dict(conn.execute("SELECT key, moment FROM proof_mark ORDER BY turn").fetchall()))


def remember(conn: Connection, mark: Mark) -> None:
    """Write that a proof was taken, in the transaction of what it brought about."""
    conn.execute(_REMEMBER, (mark.key, mark.moment))
    conn.execute(_FORGET, (MARKS_KEPT,))
