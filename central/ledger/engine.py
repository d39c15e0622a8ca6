"""The database engine: SQLite that survives a power cut, one writer at a time.

SQLAlchemy's pysqlite notes are followed: the driver's own transaction control is switched off and
BEGIN is emitted by an event. A transaction that may write begins IMMEDIATE, so that it never has
to be upgraded (SQLITE_BUSY without a wait) half way.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from weakref import WeakKeyDictionary

from pysqlite3 import dbapi2
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, OperationalError

from agent.core.faults import Fault, InputFault, UnavailableFault

SQLITE_OLDEST = (3, 51, 3)
"""The WAL-reset corruption bug (3.7.0 to 3.51.2) is fixed from here on."""
BUSY_TIMEOUT_S = 30
"""How long a writer waits for another program's transaction, for example an import."""
POOL_SIZE = 8
_FULL = 2
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    # 32 MB of WAL between checkpoints: a backlog coming in would checkpoint at every batch.
    "wal_autocheckpoint = 8000",
)
_AFTER_COMMIT = "after_commit"
_BUSY_CODES = (dbapi2.SQLITE_BUSY, dbapi2.SQLITE_LOCKED)

AfterCommit = Callable[[], None]
_locks: WeakKeyDictionary[Engine, Lock] = WeakKeyDictionary()


class LedgerFault(Fault):
    """The database cannot be used as it is; HQ does not start on it."""

    name = "ledger-fault"
    title = "HQ's database cannot be used"


class LedgerBusy(UnavailableFault):
    """Another writer held the database for too long."""

    name = "ledger-busy"
    title = "HQ's database is busy"


def check_sqlite(version: tuple[int, ...] = dbapi2.sqlite_version_info) -> None:
    """Refuse an SQLite that can corrupt a WAL database.

    Raises:
        LedgerFault: older than `SQLITE_OLDEST`.
    """
    if version < SQLITE_OLDEST:
        raise LedgerFault(
            f"SQLite {'.'.join(map(str, version))} can corrupt a database in WAL mode",
            remedy="install pysqlite3 0.6.1 or later in this environment",
        )


def open_engine(database: str | Path) -> Engine:
    """Open a database: a path of an SQLite file, or an SQLAlchemy URL.

    Raises:
        InputFault: not SQLite.
        LedgerFault: SQLite is too old, or the file cannot be opened or is no database.
    """
    check_sqlite()
    url = _url(database)
    engine = create_engine(
        url,
        module=dbapi2,
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        connect_args={"timeout": BUSY_TIMEOUT_S},
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    _locks[engine] = Lock()
    _try_out(engine)
    return engine


def _url(database: str | Path) -> URL:
    if isinstance(database, Path) or "://" not in database:
        return URL.create("sqlite+pysqlite", database=str(database))
    url = make_url(database)
    if url.get_backend_name() != "sqlite":
        raise InputFault(
            f"the database {url.render_as_string()!r} is not SQLite",
            remedy="leave out `database`, or write sqlite:////path/central.sqlite",
        )
    return url.set(drivername="sqlite+pysqlite")


def _configure(connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("begin", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {mode}")


def _try_out(engine: Engine) -> None:
    """Read back what durability rests on: a PRAGMA that cannot be obeyed says nothing."""
    try:
        with reading(engine) as conn:
            journal_mode = conn.exec_driver_sql("PRAGMA journal_mode").scalar_one()
            synchronous = conn.exec_driver_sql("PRAGMA synchronous").scalar_one()
    except DBAPIError as error:
        engine.dispose()
        raise LedgerFault(
            f"the database {engine.url.database} cannot be opened: {error.orig}",
            remedy="check that its directory exists, is writable for this user and has space; "
            "if the file is damaged, restore a backup",
        ) from error
    if (journal_mode, synchronous) != ("wal", _FULL):
        engine.dispose()
        raise LedgerFault(
            f"the database runs with journal_mode={journal_mode}, synchronous={synchronous}",
            remedy="put it on a local file system: WAL and FULL are what durability rests on",
        )


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that only reads: one consistent picture, in nobody's way."""
    with engine.connect().execution_options(begin="DEFERRED") as conn:
        yield conn


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open the one writing transaction; commit at the end, roll back on an exception.

    After the commit, and only then, what `after_commit` collected is called.

    Raises:
        LedgerBusy: another writer, here or in another program, did not finish in time.
    """
    with _turn(engine), engine.begin() as conn:
        calls: dict[Hashable, AfterCommit] = {}
        conn.info[_AFTER_COMMIT] = calls
        try:
            yield conn
        finally:
            del conn.info[_AFTER_COMMIT]
    for call in calls.values():
        call()


def after_commit(conn: Connection, key: Hashable, call: AfterCommit) -> None:
    """Have `call` called once the transaction of `writing` is durable; never if it is not.

    Of several calls under one key only the last is made. Outside `writing` nothing is called.
    """
    calls: dict[Hashable, AfterCommit] = conn.info.get(_AFTER_COMMIT, {})
    calls[key] = call


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """Wait in line within this program; SQLite's own waiting sleeps, and is not fair."""
    lock = _locks[engine]
    if not lock.acquire(timeout=BUSY_TIMEOUT_S):
        raise _busy("a transaction of this program did not end")
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlite_errorcode", None) not in _BUSY_CODES:
            raise
        raise _busy(str(error.orig)) from error
    finally:
        lock.release()


def _busy(why: str) -> LedgerBusy:
    return LedgerBusy(
        f"the database could not be written within {BUSY_TIMEOUT_S} s: {why}",
        remedy="try again; if an import is running, wait until it has ended",
    )
