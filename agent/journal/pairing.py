"""Which page or POS software may speak for which till: hashes of tokens, never the tokens."""

from __future__ import annotations

from agent.core.identifiers import TillId
from agent.journal.connection import Connection


def issue(conn: Connection, till: TillId, token_hash: str, at: str) -> None:
    """Let the holder of a token speak for a till.

    Args:
        conn: within the writer's transaction.
        till: which till.
        token_hash: SHA-256 of the token, hexadecimal.
        at: `Stamp.wall` of now.
    """
    conn.execute(
        "INSERT INTO pairing (token_hash, till, issued) VALUES (?, ?, ?)"
        " ON CONFLICT (token_hash) DO UPDATE SET till = excluded.till, issued = excluded.issued",
        (token_hash, till, at),
    )


def find(conn: Connection, token_hash: str) -> TillId | None:
    """Tell which till a token's hash speaks for; None for a token unknown or revoked."""
    row = conn.execute("SELECT till FROM pairing WHERE token_hash = ?", (token_hash,)).fetchone()
    return None if row is None else TillId(row[0])


def count(conn: Connection, till: TillId) -> int:
    """Tell how many tokens speak for a till."""
    sql = "SELECT count(*) FROM pairing WHERE till = ?"
    return int(conn.execute(sql, (till,)).fetchall()[0][0])


def revoke(conn: Connection, till: TillId) -> int:
    """Withdraw all tokens of a till; returns how many there were."""
    rows = conn.execute(
        "DELETE FROM pairing WHERE till = ? RETURNING token_hash", (till,)
    ).fetchall()
    return len(rows)
