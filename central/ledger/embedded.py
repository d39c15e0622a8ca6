"""SQLite as HQ's database: what a connection is told, and what is read back of it.

SQLAlchemy's pysqlite notes are followed: the driver's own transaction control is switched off and
BEGIN is emitted by an event. A transaction that may write begins IMMEDIATE, so that it never has
to be upgraded (SQLITE_BUSY without a wait) half way.
"""

from __future__ import annotations

import sys
from pathlib import Path
from weakref import WeakKeyDictionary

from pysqlite3 import dbapi2
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError

from central.ledger.direct import run
from central.ledger.faults import (
    BUSY_TIMEOUT_S,
    POOL_SIZE,
    LedgerFault,
    TransactionUndone,
)
from central.ledger.held_file import HeldFile

SQLITE_OLDEST = (3, 51, 3)
"""The WAL-reset corruption bug (3.7.0 to 3.51.2) is fixed from here on."""
_FULL = 2
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    # What is erased is overwritten where it lay, and so is every older version of it before.
    "secure_delete = ON",
    # 32 MB of WAL between checkpoints: a backlog coming in would checkpoint at every batch.
    "wal_autocheckpoint = 8000",
)
_BUSY_CODES = (dbapi2.SQLITE_BUSY, dbapi2.SQLITE_LOCKED)
_IOERR_SHMSIZE = dbapi2.SQLITE_IOERR | 19 << 8
_FULL_CODES = (dbapi2.SQLITE_FULL, _IOERR_SHMSIZE)
"""No room for the file, and none for the index of its log (sqlite.org/rescode.html)."""
_held: WeakKeyDictionary[Engine, HeldFile] = WeakKeyDictionary()
# The driver binds a bytearray as it is. For each bytes it first asks around for an adapter, failing
# with exceptions that are built and thrown away: half of what the insert of a record costs.
dbapi2.register_adapter(bytes, bytearray)


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


def sqlite_engine(url: URL) -> Engine:
    """Make an engine whose every connection is durable, and try it out.

    Raises:
        LedgerFault: SQLite is too old, or the file cannot be opened or is no database.
    """
    check_sqlite()
    engine = create_engine(
        url,
        module=dbapi2,
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        connect_args={"timeout": BUSY_TIMEOUT_S},
        hide_parameters=True,  # They are names and phone numbers, and errors go into the log.
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "rollback_savepoint", _require_begun)
    event.listen(engine, "commit", _require_begun)
    _hold(engine, HeldFile(Path(url.database or "")))
    _try_out(engine)
    return engine


def held_file(engine: Engine) -> HeldFile | None:
    """Give the file an engine works on; None of a database server."""
    return _held.get(engine)


def is_busy(error: DBAPIError) -> bool:
    """Tell whether another program held the file for too long."""
    return getattr(error.orig, "sqlite_errorcode", None) in _BUSY_CODES


def is_full(error: DBAPIError) -> bool:
    """Tell whether there was no room left on the disk."""
    return getattr(error.orig, "sqlite_errorcode", None) in _FULL_CODES


def _hold(engine: Engine, file: HeldFile) -> None:
    """Have the file known by what the connections have open.

    It is looked at before another connection is made as well: SQLite would make a missing one.
    """
    _held[engine] = file
    event.listen(engine, "do_connect", lambda _dialect, _record, _args, _named: file.opening())
    event.listen(engine, "connect", lambda _connection, _record: file.opened())
    event.listen(engine, "close", lambda _connection, _record: file.closed())


def _configure(connection: DBAPIConnection, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    mode = connection.get_execution_options().get("begin", "IMMEDIATE")
    run(connection, f"BEGIN {mode}")


def _require_begun(connection: Connection, *_savepoint: object) -> None:
    """Stop where SQLite undid the whole transaction, as it may on a full or failing disk.

    It says so by no longer being in one ("Automatic Rollback", sqlite.org/lang_transaction.html):
    to go back to a savepoint, or to commit, would then find nothing, and pass for success.
    """
    driver = connection.connection.driver_connection
    if driver is not None and not driver.in_transaction:
        raise TransactionUndone(sys.exception())


def _try_out(engine: Engine) -> None:
    """Read back what durability rests on: a PRAGMA that cannot be obeyed says nothing."""
    try:
        with engine.connect().execution_options(begin="DEFERRED") as conn:
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
