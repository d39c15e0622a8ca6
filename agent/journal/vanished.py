"""A journal file that is gone, where an agent has run before: selling goes on, and it is said.

Only the disk, or a person, takes such a file away. What HQ had by then is there; what it had not is
lost, unless a backup holds it.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from agent.journal import database, registry
from agent.journal.connection import Connection

KEY = "vanished"
"""Where the registry says that this file was begun because the one before was gone."""
REMEDY = (
    "stop the agent, take in the last copy of it: till-agent journal import BACKUP (see [agent] "
    "backup_dir), and check the disk (smartctl -a, dmesg); the till must be enrolled again: "
    "till-agent enrol CODE, which says what HQ holds of the old journals"
)
_LOG_HEADER = 32
"""Bytes of a log without a single page (sqlite.org/fileformat2.html, 4.1)."""


class Vanished(msgspec.Struct, frozen=True):
    """That the journals here were begun because the file of those before was gone."""

    at: str
    """`Stamp.wall` of that start."""
    detail: str
    remedy: str = REMEDY


def is_gone(path: Path) -> bool:
    """Tell whether nothing is left of a journal's file: neither it nor its log."""
    return not _size(path)


def require_file(path: Path) -> None:
    """Refuse to begin anew on a log whose file is gone: SQLite would throw the log away.

    Raises:
        JournalDamaged: there is a log with pages in it, and no file; what it holds can be saved.
    """
    if _size(path) or _size(path.with_name(f"{path.name}-wal")) <= _LOG_HEADER:
        return
    # What is put aside must be there, be it empty.
    path.touch(mode=0o600)
    raise database.damaged(path, "nothing is left of it but its log")


def told(path: Path, at: str) -> Vanished:
    """Say what is gone."""
    was = "was empty" if path.exists() else "was gone"
    return Vanished(
        at,
        f"the journal file {path} {was}, though an agent has run here: new journals were begun; "
        "what HQ did not have yet is lost, unless a backup holds it",
    )


def note(conn: Connection, gone: Vanished) -> None:
    """Keep it for status and doctor."""
    registry.put(conn, KEY, gone)


def noted(conn: Connection) -> Vanished | None:
    """Read it; None where the journals here are the first ones, or a backup was taken in since."""
    found = registry.get(conn, KEY)
    return None if found is None else msgspec.convert(found, Vanished)


def forget(conn: Connection) -> None:
    """Say no more of it: a backup was taken in."""
    registry.put(conn, KEY, None)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
