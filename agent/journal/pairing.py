"""Which page or POS software may speak for which till: hashes of tokens, never the tokens.

A token's id is the beginning of its hash: it names the token to a person and opens nothing.
"""

from __future__ import annotations

import msgspec

from agent.core.identifiers import TillId
from agent.journal import registry
from agent.journal.connection import Connection

ID_LENGTH = 12
"""Hexadecimal digits of a token's id: 48 bits tell the handful of a shop apart."""
_USED = "pairing-used:"


class Pairing(msgspec.Struct, frozen=True):
    """A token that speaks for a till, as a list shows it."""

    id: str
    till: TillId
    issued: str
    """`Stamp.wall` of when it was made."""
    used: str | None = None
    """`Stamp.wall` of its last use, to within some minutes; None before the first."""


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


def used(conn: Connection, token_hash: str, at: str) -> None:
    """Note when a token was last used; of one that was revoked meanwhile nothing is kept."""
    if find(conn, token_hash) is not None:
        registry.put(conn, _USED + token_hash, at)


def listed(conn: Connection, till: TillId) -> list[tuple[str, Pairing]]:
    """Give a till's tokens, the oldest first, each with its hash."""
    rows = conn.execute(
        "SELECT token_hash, issued FROM pairing WHERE till = ? ORDER BY issued, token_hash", (till,)
    ).fetchall()
    return [
        (row[0], Pairing(row[0][:ID_LENGTH], till, row[1], registry.get(conn, _USED + row[0])))
        for row in rows
    ]


def revoke(conn: Connection, till: TillId, token_id: str | None = None) -> list[str]:
    """Withdraw one token of a till, or all of them.

    Args:
        conn: within the writer's transaction.
        till: whose.
        token_id: see `Pairing.id`; None for all.

    Returns:
        The hashes of those that were withdrawn.
    """
    rows = conn.execute(
        "DELETE FROM pairing WHERE till = ? AND substr(token_hash, 1, ?) = coalesce(?, "
        "substr(token_hash, 1, ?)) RETURNING token_hash",
        (till, ID_LENGTH, token_id, ID_LENGTH),
    ).fetchall()
    gone = [str(row[0]) for row in rows]
    for token_hash in gone:
        registry.put(conn, _USED + token_hash, None)
    return gone
