"""Small values that must survive a restart: the credential, HQ's root key, the epoch."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from agent.journal.connection import Connection
from agent.journal.faults import JournalDamaged

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
    """Read a value; None where nothing was kept.

    Raises:
        JournalDamaged: what stands there is not what was kept.
    """
    row = conn.execute("SELECT value FROM registry WHERE key = ?", (key,)).fetchone()
    if row is None:
        return None
    if not is_readable(row[0]):
        raise JournalDamaged(
            f"what the registry keeps as {key!r} cannot be read any more",
            remedy="check the disk (`smartctl -a`, `dmesg`) and start the agent again: it saves "
            "what can be read, as `till-agent journal salvage` does",
        )
    return msgspec.json.decode(row[0])


def unreadable(conn: Connection) -> list[str]:
    """Name the keys whose values are not what was kept: no hash proves them, but they are JSON."""
    rows = conn.execute("SELECT key, value FROM registry").fetchall()
    return [str(key) for key, value in rows if not is_readable(value)]


def is_readable(value: object) -> bool:
    """Tell whether a value, as it is stored, can be one that was kept."""
    try:
        msgspec.json.decode(value if isinstance(value, bytes) else b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
