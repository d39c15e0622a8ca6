"""The database engine, and the ways to write: by turns, or for one journal.

On SQLite there is one writer at a time, whoever it is. On PostgreSQL the same holds for everything
that takes the *turn*, a table lock: code that reads, decides and writes is then as safe between
several HQ processes as it is on SQLite, and tills are told things in one order. Only the intake
goes past it (`turn=False`): what a batch decides concerns one journal, whose cursor row it locks.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import ArgumentError, DBAPIError

from agent.core.faults import InputFault
from central.ledger import embedded, server
from central.ledger.embedded import SQLITE_OLDEST, check_sqlite, held_file
from central.ledger.faults import (
    BUSY_TIMEOUT_S,
    POOL_SIZE,
    LedgerBusy,
    LedgerFault,
    LedgerFull,
    LedgerMoved,
    LostRace,
    TransactionUndone,
)

__all__ = [
    "BUSY_TIMEOUT_S",
    "POOL_SIZE",
    "SQLITE_OLDEST",
    "LedgerBusy",
    "LedgerFault",
    "LedgerFull",
    "LedgerMoved",
    "LostRace",
    "TransactionUndone",
    "after_commit",
    "check_file",
    "check_sqlite",
    "exceeds_limit",
    "has_turn",
    "is_passing",
    "is_shared",
    "looking_up",
    "open_engine",
    "reading",
    "rescue",
    "transact",
    "writing",
]

TRIES = 50
"""So often a transaction that lost against another one is done again; each time one has won."""
TURN_TABLE = "writer_turn"
_AFTER_COMMIT = "after_commit"
_TURN = "turn"

AfterCommit = Callable[[], None]
Done = TypeVar("Done")
_locks: WeakKeyDictionary[Engine, Lock] = WeakKeyDictionary()


def open_engine(database: str | Path | URL) -> Engine:
    """Open a database: a path of an SQLite file, or an SQLAlchemy URL.

    Raises:
        InputFault: neither SQLite nor PostgreSQL.
        LedgerFault: it cannot be opened, or is not durable.
    """
    url = _url(database)
    is_embedded = url.get_backend_name() == "sqlite"
    engine = embedded.sqlite_engine(url) if is_embedded else server.server_engine(url)
    _locks[engine] = Lock()
    return engine


def check_file(engine: Engine) -> None:
    """Make sure that the database file is still the one that is open; nothing on a server.

    Raises:
        LedgerMoved: it was deleted or replaced.
    """
    if (file := held_file(engine)) is not None:
        file.check()


def rescue(engine: Engine, cursor: DBAPICursor) -> Path | None:
    """Write down what a connection still holds of a file that was taken away.

    Raises:
        LedgerFault: it could not be written.
    """
    file = held_file(engine)
    return None if file is None else file.rescue(cursor)


def is_shared(engine: Engine) -> bool:
    """Tell whether several HQ processes may serve from this database at once."""
    return engine.dialect.name != "sqlite"


def let_go_of_log(engine: Engine) -> None:
    """Bring everything committed into the SQLite file, and empty its log; nothing on a server.

    The log holds older versions of pages, with what was erased since. While somebody reads, it is
    emptied as far as can be; the next checkpoint goes on.
    """
    if not is_shared(engine):
        with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.fetchall()


def rewrite(engine: Engine) -> None:
    """Write an SQLite file anew, whole, while nobody else has it open; nothing on a server.

    Where SQLite joins two pages of an index, what it has moved stays behind in the free part of one
    (`secure_delete` overwrites what is deleted, not what is moved), and so does a name that goes
    with its row a moment later. It takes as long as copying the file.
    """
    if not is_shared(engine):
        with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute("VACUUM")


def _url(database: str | Path | URL) -> URL:
    if isinstance(database, Path) or "://" not in str(database):
        return URL.create("sqlite+pysqlite", database=str(database))
    try:
        url = make_url(database)
        backend = url.get_backend_name()
    except ArgumentError as error:
        raise InputFault("the database URL cannot be read", remedy=_REMEDY) from error
    if backend not in {"sqlite", "postgresql"}:
        what = url.render_as_string()
        raise InputFault(f"the database {what!r} is neither SQLite nor PostgreSQL", remedy=_REMEDY)
    return url.set(drivername="sqlite+pysqlite" if backend == "sqlite" else server.DRIVER)


_REMEDY = (
    "leave out `database`, or write sqlite:////path/central.sqlite or postgresql://USER@HOST/NAME"
)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that only reads: one consistent picture, in nobody's way."""
    options = {"begin": "DEFERRED"}
    if is_shared(engine):
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": "on"}
    with _told(), engine.connect().execution_options(**options) as conn:
        conn.begin()  # `direct` look-ups would not begin one: each would have its own picture.
        yield conn


@contextmanager
def looking_up(engine: Engine) -> Iterator[Connection]:
    """Open a connection for `direct` look-ups of one statement each: no transaction is around them.

    Between two of them anything may change. A third of what `reading` costs, and of its exchanges
    with a database server.
    """
    with _told(), engine.connect() as conn:
        yield conn.execution_options(isolation_level="AUTOCOMMIT") if is_shared(engine) else conn


@contextmanager
def writing(engine: Engine, *, turn: bool = True) -> Iterator[Connection]:
    """Open a writing transaction; commit at the end, roll back on an exception.

    After the commit, and only then, what `after_commit` collected is called. A block cannot be
    run again: where it may lose against another one, use `transact`.

    Args:
        engine: the ledger.
        turn: False promises to write only what belongs to one journal, under the lock of its
            cursor row; on SQLite it changes nothing.

    Raises:
        LedgerBusy: another writer, here or in another program, did not finish in time, or the
            database is away.
        LostRace: the database undid it in favour of another one.
        LedgerMoved: the database file is not the one that is open: what was committed is not
            where anybody will look for it.
    """
    check_file(engine)
    turn = turn or not is_shared(engine)
    with _told(), _line(engine, turn=turn), engine.begin() as conn:
        calls: dict[Hashable, AfterCommit] = {}
        info = conn.info  # Of a lost connection it could not be asked for again.
        info[_AFTER_COMMIT], info[_TURN] = calls, turn
        try:
            if turn and is_shared(engine):
                conn.exec_driver_sql(f"LOCK TABLE {TURN_TABLE} IN EXCLUSIVE MODE")
            yield conn
        finally:
            del info[_AFTER_COMMIT], info[_TURN]
    check_file(engine)
    for call in calls.values():
        call()


def transact(engine: Engine, function: Callable[[Connection], Done], *, turn: bool = True) -> Done:
    """Run a function in a writing transaction, and again for as long as it loses the race.

    Args:
        engine: the ledger.
        function: gets the connection; does nothing that a rollback does not undo.
        turn: see `writing`.

    Raises:
        LedgerBusy: as of `writing`; a `LostRace` only after `TRIES`.
    """
    for _ in range(TRIES - 1):
        try:
            with writing(engine, turn=turn) as conn:
                return function(conn)
        except LostRace:
            continue
    with writing(engine, turn=turn) as conn:
        return function(conn)


def has_turn(conn: Connection) -> bool:
    """Tell whether a transaction of `writing` may write more than one journal's rows."""
    return bool(conn.info.get(_TURN))


def is_passing(error: DBAPIError) -> bool:
    """Tell whether the database was merely busy, away or out of room, whatever was asked of it."""
    return embedded.is_busy(error) or server.is_passing(error) or is_full(error)


def exceeds_limit(error: DBAPIError) -> bool:
    """Tell whether the database will never take these values: it is the values, not the database.

    SQLite says so by a `DataError`, which nobody takes for a failing database.
    """
    return server.exceeds_limit(error)


def is_full(error: DBAPIError) -> bool:
    """Tell whether there was no room left for the database."""
    return embedded.is_full(error) or server.is_full(error)


def after_commit(conn: Connection, key: Hashable, call: AfterCommit) -> None:
    """Have `call` called once the transaction of `writing` is durable; never if it is not.

    Of several calls under one key only the last is made. Outside `writing` nothing is called.
    """
    calls: dict[Hashable, AfterCommit] = conn.info.get(_AFTER_COMMIT, {})
    calls[key] = call


@contextmanager
def _line(engine: Engine, *, turn: bool) -> Iterator[None]:
    """Wait in line within this program; SQLite's own waiting sleeps, and is not fair."""
    if not turn:
        yield
        return
    lock = _locks[engine]
    if not lock.acquire(timeout=BUSY_TIMEOUT_S):
        raise _busy("a transaction of this program did not end")
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _told() -> Iterator[None]:
    """Say of a database that is busy or away that it is just that."""
    try:
        yield
    except TransactionUndone as undone:
        if not isinstance(undone.error, DBAPIError):
            raise
        raise _as_told(undone.error) from undone
    except DBAPIError as error:
        told = _as_told(error)
        if told is error:
            raise
        raise told from error


def _as_told(error: DBAPIError) -> Exception:
    """Give what is said of an error of the database; itself where something is wrong with it."""
    if server.is_lost_race(error):
        return LostRace(f"another transaction came first: {_said(error)}", remedy="try again")
    if not is_passing(error):
        return error
    if is_full(error):
        return LedgerFull(
            f"nothing more can be kept: {_said(error)}",
            remedy="make room on the disk of HQ's database; nothing is lost, the tills keep "
            "what they have and send it again by themselves",
        )
    if server.is_away(error):
        return LedgerBusy(
            f"the database is not available: {_said(error)}",
            remedy="try again; if it stays so, look at the database server",
        )
    return _busy(_said(error))


def _said(error: DBAPIError) -> str:
    """Give the database's own words, in one line."""
    return next(iter(str(error.orig).strip().splitlines()), type(error.orig).__name__)


def _busy(why: str) -> LedgerBusy:
    return LedgerBusy(
        f"the database could not be written within {BUSY_TIMEOUT_S} s: {why}",
        remedy="try again; if an import is running, wait until it has ended",
    )
