"""Which device key took over from which: journals stay bound to the key they were begun under.

The note is written in the transaction that keeps the new credentials; the key file is swapped
afterwards. A crash in between is mended at the next start: the note says which key is the present
one.
"""

from __future__ import annotations

from agent.journal import registry
from agent.journal.connection import Connection

_KEY = "device-keys"


def note(conn: Connection, old: bytes, new: bytes) -> None:
    """Note that a key has taken over, in the transaction that keeps what HQ answered."""
    registry.put(conn, _KEY, _noted(conn) | {old.hex(): new.hex()})


def newest(conn: Connection, key: bytes) -> bytes:
    """Give the key that stands in the place of a key today: itself, where none took over."""
    noted, found = _noted(conn), key.hex()
    for _ in range(len(noted)):
        found = noted.get(found, found)
    return bytes.fromhex(found)


def is_successor(conn: Connection, old: bytes, new: bytes) -> bool:
    """Tell whether a key took over from another, over however many renewals."""
    noted, found = _noted(conn), old.hex()
    for _ in range(len(noted)):
        found = noted.get(found, found)
        if found == new.hex():
            return True
    return old == new


def _noted(conn: Connection) -> dict[str, str]:
    return dict(registry.get(conn, _KEY) or {})
