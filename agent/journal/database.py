"""Opening SQLite so that a commit is a promise: version, WAL, FULL, and nothing taken on trust."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pysqlite3 import dbapi2

from agent.core.faults import Fault
from agent.journal.faults import JournalDamaged, JournalNotWritable, JournalUnusable

SQLITE_MIN = (3, 51, 3)
"""Before it, two connections checkpointing at once can corrupt a WAL (the WAL-reset bug)."""
SQLITE_FOUND: str = dbapi2.sqlite_version
"""The version that is loaded, for those who report it."""
SYNCHRONOUS_FULL = 2
BUSY_MS = 5_000
"""Only start-up ever meets another connection that writes."""
_FRAMES_AT, _FRAMES_BYTES = 16, 4
CHECKPOINT_PAGES = 4_000
"""16 MB of WAL: a checkpoint costs two more fsyncs, so it comes once in some hundred sales."""

Database = Any
"""A pysqlite3 connection; it is untyped."""
UNREADABLE = (dbapi2.Error, UnicodeDecodeError)
"""What opening a file raises; where its schema is damaged, SQLite says so in that very text."""

# SQLite result codes, primary (sqlite.org/rescode.html), by who must act.
_NOT_WRITABLE = {8: "read-only", 10: "I/O error", 13: "disk full", 14: "cannot open"}
_DAMAGED = {11: "malformed", 26: "not a database"}
_FULL = 13
_ERROR = 1
_UNDECODABLE = "Could not decode to UTF-8"
"""How pysqlite begins what it says of a text that is none; it gives no code with it."""
_PRIMARY_MASK = 0xFF


for _plain in (bytes, bool, type(None)):
    # pysqlite3 searches long for a way to adapt what it can store as it is; naming one is shorter.
    dbapi2.register_adapter(_plain, lambda value: value)


def check_version(found: str = SQLITE_FOUND) -> None:
    """Refuse a SQLite that can corrupt the journal.

    Raises:
        JournalUnusable: `sqlite-too-old`.
    """
    if tuple(int(part) for part in found.split(".")) < SQLITE_MIN:
        needed = ".".join(str(part) for part in SQLITE_MIN)
        raise JournalUnusable(
            f"SQLite {found} can corrupt a journal in WAL mode; {needed} or later is needed",
            remedy="install the pysqlite3 wheel that the lock file names, into the agent's own "
            "environment",
            name="sqlite-too-old",
        )


def open_writing(path: Path) -> Database:
    """Open the journal for writing; transactions are begun and committed by hand.

    Raises:
        JournalUnusable: WAL or `synchronous=FULL` could not be had.
    """
    conn = dbapi2.connect(str(path), isolation_level=None)
    conn.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    conn.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    _demand(conn, "PRAGMA journal_mode = WAL", "wal")
    conn.execute("PRAGMA synchronous = FULL")
    _demand(conn, "PRAGMA synchronous", SYNCHRONOUS_FULL)
    # What is deleted (a printed payload) is overwritten where that costs no further page; an
    # erase order switches to ON for its own deletion.
    conn.execute("PRAGMA secure_delete = FAST")
    return conn


def open_reading(path: Path) -> Database:
    """Open a second connection that cannot write and never holds up the writer."""
    conn = dbapi2.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
    conn.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    conn.execute("PRAGMA query_only = ON")
    return conn


def frames_believed(path: Path) -> int:
    """Tell how many frames of its log SQLite has found whole, after a first look into the file.

    It stands in the index of the log that all connections share (sqlite.org/walformat.html, 2.1).
    """
    try:
        with path.with_name(f"{path.name}-shm").open("rb") as index:
            head = index.read(_FRAMES_AT + _FRAMES_BYTES)
    except FileNotFoundError:
        return 0
    return int.from_bytes(head[_FRAMES_AT:], sys.byteorder)


def is_disk_problem(problem: BaseException) -> bool:
    """Tell the disk's failures from a caller's mistakes."""
    if not isinstance(problem, dbapi2.Error):
        return False
    return _code(problem) in _NOT_WRITABLE or is_damaged(problem)


def is_full(problem: BaseException | None) -> bool:
    """Tell whether SQLite itself says that the disk is full."""
    return isinstance(problem, dbapi2.Error) and _code(problem) == _FULL


def is_damaged(problem: BaseException | None) -> bool:
    """Tell whether the file's content is found to be what it cannot be, a text that is none too."""
    if not isinstance(problem, dbapi2.Error):
        return False
    return _code(problem) in _DAMAGED or is_undecodable(problem)


def is_undecodable(problem: BaseException) -> bool:
    """Tell whether what SQLite gave as a text is none."""
    if isinstance(problem, dbapi2.OperationalError):
        return str(problem).startswith(_UNDECODABLE)
    return isinstance(problem, UnicodeDecodeError)


def is_misread(problem: BaseException | None) -> bool:
    """Tell whether SQLite knows nothing of what a statement names, or cannot make sense of it."""
    return isinstance(problem, dbapi2.Error) and _code(problem) == _ERROR


def as_fault(problem: BaseException, path: Path) -> Fault:
    """Say in a person's words what the disk would not do; the cause is kept."""
    code = _code(problem)
    fault: Fault = JournalNotWritable(
        f"{path} could not be written ({_NOT_WRITABLE.get(code, 'error')}): {problem}; nothing of "
        "this was stored",
        remedy=f"make room on the disk of {path.parent} (`df -h {path.parent}`), check that it is "
        "mounted read-write and healthy (`dmesg`), then repeat the operation",
    )
    if is_damaged(problem):
        fault = damaged(path, _said(problem))
    fault.__cause__ = problem
    return fault


def unusable(problem: BaseException, path: Path) -> JournalUnusable:
    """Say in a person's words why the journal cannot even be opened."""
    if is_damaged(problem) or isinstance(problem, UnicodeDecodeError):
        return damaged(path, _said(problem))
    return JournalUnusable(
        f"{path} cannot be opened: {problem}",
        remedy=f"check that {path} is a file this user may write (`ls -l {path.parent}`) and that "
        f"its disk has room (`df -h {path.parent}`)",
    )


def no_room(directory: Path, problem: BaseException) -> JournalUnusable:
    """Say that a start finds no room at all."""
    return JournalUnusable(
        f"the disk of {directory} is full: {problem}",
        remedy="nothing is lost; make room for a few megabytes on it (`df -h "
        f"{directory}`), then start the agent again",
        name="disk-full",
    )


def damaged(path: Path, what: str) -> JournalDamaged:
    """Say what is wrong with a damaged journal, and to keep it first of all."""
    return JournalDamaged(
        f"{path} is damaged: {what}",
        remedy=f"keep a copy of {path.parent} and check its disk (`smartctl -a`, `dmesg`); the "
        "agent's next start saves what can be read, as `till-agent journal salvage` does",
    )


def _said(problem: BaseException) -> str:
    """Say what SQLite says, but no text out of the file: it may be somebody's."""
    said = str(problem)
    if isinstance(problem, UnicodeDecodeError):
        return "its schema is not UTF-8"
    return said.partition(" with text ")[0] if said.startswith(_UNDECODABLE) else said


def _code(problem: BaseException) -> int:
    code: int = getattr(problem, "sqlite_errorcode", 0)
    return code & _PRIMARY_MASK


def _demand(conn: Database, pragma: str, wanted: object) -> None:
    got = conn.execute(pragma).fetchone()[0]
    if got != wanted:
        raise JournalUnusable(
            f"SQLite answers {pragma!r} with {got!r} instead of {wanted!r}",
            remedy="put the state directory on a local file system (ext4, xfs): network and "
            "overlay file systems cannot promise that a sale is on disk",
        )
