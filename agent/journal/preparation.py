"""Making a state directory ready to sell on, or refusing to start with the reason.

In order: the directory can be used, the file and its log are sound, the schema is today's, the
newest links hold, the journals belong to this store and device, every till has its two journals,
and this start has its own number.
"""

from __future__ import annotations

import os
import pwd
from contextlib import suppress
from pathlib import Path

import msgspec
from pysqlite3 import dbapi2

from agent.contracts.clock import Clock
from agent.core.entries.kinds import LANES
from agent.core.identifiers import JournalId, StoreId, TillId
from agent.journal import database, layout, registry, renewals, vanished
from agent.journal.connection import Connection
from agent.journal.faults import JournalUnusable
from agent.journal.founding import Founding, found
from agent.journal.pages import commits_behind
from agent.journal.verify import verify_recent

LINKS_CHECKED = 1_000
"""Checked at every start; the full chain is `till-agent journal verify`."""


class Owner(msgspec.Struct, frozen=True):
    """Whose journals these are."""

    store: StoreId
    tills: tuple[TillId, ...]
    device_key: bytes
    """Ed25519 public key, 32 bytes."""


def check_directory(directory: Path) -> None:
    """Refuse a state directory that cannot hold a journal.

    Raises:
        JournalUnusable: it is missing, or not this user's to write.
    """
    user = _user(os.geteuid())
    if not directory.is_dir():
        raise _directory_fault(
            f"the state directory {directory} does not exist",
            f"create it for the user {user}: `install -d -m 0700 -o {user} {directory}`, or set "
            "[agent] state_dir",
        )
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        raise _directory_fault(
            f"the user {user} may not write in the state directory {directory}",
            f"give it to that user: `chown -R {user} {directory}`, or run as its owner",
        )
    owner = directory.stat().st_uid
    if os.geteuid() == 0 and owner != 0:
        raise _directory_fault(
            f"the state directory {directory} belongs to {_user(owner)}, and this is root",
            f"run as its owner, `runuser -u {_user(owner)} -- …`: files made by root would lock "
            "the agent out",
        )


def prepare(path: Path, owner: Owner, clock: Clock) -> str:
    """Make the journal file ready; the lock is held already.

    Returns:
        The incarnation: 32 random hexadecimal digits, new at each start.

    Raises:
        JournalUnusable: it cannot be used as it is.
        JournalDamaged: it is not what was written.
    """
    # Only who writes needs migrations; loading them takes longer than a whole reading command.
    from agent.journal.migrations import migrate

    try:
        _look(path)
        conn = database.open_writing(path)
        try:
            _empty_log(conn)
            migrate(conn)
            _check_links(conn, path)
            _check_registry(conn, path)
            return _in_transaction(conn, owner, clock, path)
        finally:
            conn.close()
    except database.UNREADABLE as problem:
        raise database.unusable(problem, path) from problem


def _look(path: Path) -> None:
    """Check the file as it lies there, on a connection that changes nothing of it.

    One that may write empties the log into the file when it is closed, and drops what SQLite does
    not believe: of a damaged journal that may be the best there is.
    """
    if path.with_name(f"{path.name}-journal").exists():
        # Its very first start was cut off: only who may write can roll that back.
        return
    vanished.require_file(path)
    if not path.exists():
        return
    conn = database.open_reading(path)
    try:
        _check_log(conn, path)
        _check_file(conn, path)
        _check_layout(conn, path)
    finally:
        conn.close()


def _check_log(conn: Connection, path: Path) -> None:
    """See that SQLite takes in all that was committed.

    A damaged log is cut off by SQLite without a word, as the end that a power cut has torn is.
    """
    conn.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    behind = commits_behind(path.with_name(f"{path.name}-wal"), database.frames_believed(path))
    if behind > 1:
        raise database.damaged(
            path, f"its log is broken off in the middle, {behind} commits stand behind the break"
        )


def _empty_log(conn: Connection) -> None:
    """Empty what the last run left into the file: no later start takes it for this run's.

    A full disk takes it later: until then the log stays as it is, and is as good as the file.
    """
    with suppress(dbapi2.OperationalError):
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _check_file(conn: Connection, path: Path) -> None:
    found = conn.execute("PRAGMA quick_check(1)").fetchall()[0][0]
    if found != "ok":
        raise database.damaged(path, f"SQLite's quick_check says: {found}")


def _check_layout(conn: Connection, path: Path) -> None:
    if what := layout.difference(conn):
        raise database.damaged(path, what)


def _check_links(conn: Connection, path: Path) -> None:
    for report in verify_recent(conn, LINKS_CHECKED):
        if not report.ok:
            raise database.damaged(
                path, f"{report.lane} journal of till {report.till}: {report.fault}"
            )


def _check_registry(conn: Connection, path: Path) -> None:
    if keys := registry.unreadable(conn):
        raise database.damaged(path, f"what it keeps as {keys[0]!r} cannot be read")


def _in_transaction(conn: Connection, owner: Owner, clock: Clock, path: Path) -> str:
    conn.execute("BEGIN IMMEDIATE")
    _check_owner(conn, owner, path)
    for till in owner.tills:
        for lane in LANES:
            _make_journal(conn, owner, till, lane, clock)
    incarnation = clock.random(16).hex()
    stamp = clock.stamp()
    conn.execute(
        "INSERT INTO incarnation (incarnation, wall, boot_id) VALUES (?, ?, ?)",
        (incarnation, stamp.wall, stamp.boot_id),
    )
    conn.execute("COMMIT")
    return incarnation


def _check_owner(conn: Connection, owner: Owner, path: Path) -> None:
    for store, key in conn.execute(
        "SELECT DISTINCT store, device_key FROM journal WHERE sealed = 0"
    ).fetchall():
        if store != owner.store:
            raise JournalUnusable(
                f"the journal {path} belongs to store {store!r}, the settings say {owner.store!r}",
                remedy=f"set [store] id back to {store!r}; for another store use another, empty "
                "state directory",
                name="journal-of-another-store",
            )
        if not renewals.is_successor(conn, key, owner.device_key):
            raise JournalUnusable(
                f"the journal {path} was begun under another device key",
                remedy=f"on the machine it was begun on, put its `device.key` back into "
                f"{path.parent}. On a new machine a restored backup is never gone on with: move it "
                f"away, begin with an empty state directory (`till-agent run`, `till-agent enrol "
                f"CODE`), then bring in what it holds: `till-agent journal import BACKUP`",
                name="journal-of-another-device",
            )


def _make_journal(conn: Connection, owner: Owner, till: TillId, lane: str, clock: Clock) -> None:
    known = conn.execute(
        "SELECT 1 FROM journal WHERE till = ? AND lane = ? AND sealed = 0", (till, lane)
    ).fetchone()
    if known is None:
        journal_id = JournalId(clock.random(16).hex())
        found(conn, Founding(journal_id, owner.store, till, lane, owner.device_key))


def _directory_fault(detail: str, remedy: str) -> JournalUnusable:
    return JournalUnusable(detail, remedy=remedy, name="state-dir")


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
