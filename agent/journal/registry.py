"""Small values that must survive a restart: the credential, HQ's root key, the epoch."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from agent.journal.connection import Connection

Json: TypeAlias = Any
"""Whatever a JSON document can be."""


def put(conn: Connection, key: str, value: Json) -> None:
    """Keep a value that JSON can hold; None forgets the key."""
    if value is None:
        conn.execute("DELETE FROM registry WHERE key = ?", (key,))
        return
    conn.execute(
        "INSERT INTO registry (key, value) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, msgspec.json.encode(value)),
    )


def get(conn: Connection, key: str) -> Json:
    """Read a value; None where nothing was kept."""
    row = conn.execute("SELECT value FROM registry WHERE key = ?", (key,)).fetchone()
    return None if row is None else msgspec.json.decode(row[0])
