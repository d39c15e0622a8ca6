"""Opening the directory's file, and what to do with one that cannot be used.

WAL with `synchronous=NORMAL`: a power cut may take the last commits back, but the feed's cursor is
in the same transactions, so HQ sends them again. The journal, which holds what exists nowhere
else, runs with FULL; here an fsync per page would only delay the till.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from pysqlite3 import dbapi2

from agent.directory import generations
from agent.directory.faults import DirectoryFault
from agent.directory.schema import Connection, migrate

BUSY_MS = 2_000
"""Only `till-agent import-items` beside a stopped agent ever meets another writer."""
CHECKED_MAX = 16 << 20
"""A larger file is not read whole before the till answers: a million customers would take many
seconds of a disk. What is damaged in it shows when it is met; the directory then begins anew."""
LOG_PAGES = 100
"""The log is emptied when it is so long, in the turn of the page of changes that made it so. With
SQLite's own 1,000 a look-up that came then waited three times as long; with 64 no less."""
OWNER_ONLY = 0o600
# SQLite result codes (sqlite.org/rescode.html): malformed, not a database.
_DAMAGED = frozenset({11, 26})
_PRIMARY = 0xFF


def open_or_rebuild(path: Path) -> tuple[Connection, str | None]:
    """Open the file; set aside one that is damaged and begin an empty one.

    Returns:
        The connection, and what happened to the file, as a sentence for the log, or None.

    Raises:
        DirectoryFault: the place cannot be written, or even an empty file does not work.
    """
    try:
        generations.tidy(path)
        return _open(path), None
    except OSError as error:
        raise unusable(path, error) from error
    except dbapi2.DatabaseError as error:
        if not is_damage(error):
            raise unusable(path, error) from error
        return rebuild(path, str(error))


def rebuild(path: Path, why: str) -> tuple[Connection, str]:
    """Set the file aside as `.damaged` (the last such one is kept) and begin an empty one.

    Raises:
        DirectoryFault: the place cannot be written, or even an empty file does not work.
    """
    aside = path.with_name(path.name + ".damaged")
    try:
        with contextlib.suppress(FileNotFoundError):
            generations.current(path).replace(aside)
        if path.is_symlink():
            generations.remove(generations.current(path))
        generations.remove(path)
        conn = _open(path)
    except (OSError, dbapi2.DatabaseError) as error:
        raise unusable(path, error) from error
    return conn, (
        f"the directory {path} could not be used ({why}) and was set aside as {aside}; customers, "
        "items and orders come again from HQ, items imported here must be imported again"
    )


def is_damage(error: dbapi2.Error) -> bool:
    """Tell a damaged file from a full disk or missing rights."""
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY in _DAMAGED


def unusable(path: Path, error: Exception) -> DirectoryFault:
    """Say in a person's words what the disk or SQLite refused."""
    return DirectoryFault(
        f"the directory {path} cannot be used: {error}",
        remedy=f"check that {path.parent} exists, belongs to the agent's user and has room "
        f"(`ls -ld {path.parent}`, `df -h {path.parent}`), then restart the agent",
    )


def _open(path: Path) -> Connection:
    try:
        # The cards are personal: nobody but the agent's own user reads the file.
        path.touch(mode=OWNER_ONLY)
    except OSError as error:
        raise unusable(path, error) from error
    conn = connect(path)
    try:
        configure(conn)
        _check(conn)
    except dbapi2.DatabaseError:
        conn.close()
        raise
    return conn


def connect(path: Path) -> Connection:
    """Open a file as it is; one thread at a time may use it, whichever that is."""
    return dbapi2.connect(str(path), isolation_level=None, check_same_thread=False)


def configure(conn: Connection) -> None:
    """Have a file written as the directory's is."""
    conn.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("PRAGMA synchronous = NORMAL")
    conn.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
    # What is deleted here are people: their pages are overwritten, not only unlinked.
    conn.execute("PRAGMA secure_delete = ON")


def _check(conn: Connection) -> None:
    if _size(conn) <= CHECKED_MAX:
        found = conn.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise _damaged(found)
    if not migrate(conn):
        raise _damaged("a newer version of the program wrote it")


def _size(conn: Connection) -> int:
    pages, each = (conn.execute(f"PRAGMA {of}").fetchone()[0] for of in ("page_count", "page_size"))
    return int(pages) * int(each)


def _damaged(what: str) -> dbapi2.DatabaseError:
    error = dbapi2.DatabaseError(what)
    error.sqlite_errorcode = min(_DAMAGED)
    return error
