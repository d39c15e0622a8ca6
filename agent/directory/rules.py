"""What HQ sets for all tills, by name: prompts, purposes, the loyalty programme.

Functions of a connection; whoever calls them owns the transaction. What is inside is JSON, and is
understood by whoever asks for it.
"""

from __future__ import annotations

from agent.directory.schema import Connection


def find(conn: Connection, name: str) -> bytes | None:
    """Give a rule by its name, as HQ wrote it."""
    row = conn.execute("SELECT body FROM rules WHERE name = ?", (name,)).fetchone()
    return None if row is None else bytes(row[0])


def put(conn: Connection, name: str, body: bytes) -> None:
    """Keep a rule in the place of the one before."""
    conn.execute("INSERT OR REPLACE INTO rules (name, body) VALUES (?, ?)", (name, body))


def delete(conn: Connection, name: str) -> None:
    """Forget a rule, if it is held."""
    conn.execute("DELETE FROM rules WHERE name = ?", (name,))
