"""A copy of the whole ledger as one SQLite file, whatever database HQ runs on.

SQLite copies itself (`VACUUM INTO`) while it is written to. Of PostgreSQL one snapshot is read,
table by table, into a fresh file: a backup is therefore always something that can be opened,
verified and restored into either database.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from pysqlite3 import dbapi2
from sqlalchemy import Connection, Engine, MetaData, create_engine, delete, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from central.ledger.bulk import insert_rows
from central.ledger.engine import LedgerFault, open_engine, writing
from central.ledger.held_file import sync_file
from central.ledger.migrate import migrate
from central.ledger.tables import FACTS

_ROWS = 2_000
_STAMP = "alembic_version"


def write_copy(engine: Engine, path: Path) -> None:
    """Write a consistent copy of a live database to a new file, and have it on disk.

    Raises:
        LedgerFault: the copy could not be written; nothing of it is left.
    """
    try:
        if engine.dialect.name == "sqlite":
            _vacuum(engine, path)
        else:
            _snapshot(engine, path)
        sync_file(path)
    except (DBAPIError, dbapi2.Error, OSError) as error:
        path.unlink(missing_ok=True)
        raise LedgerFault(
            f"the copy {path} cannot be written: {error}",
            remedy="make room there, or name a directory with more space and the right to write",
            name="backup-not-written",
        ) from error


@contextmanager
def opened_copy(path: Path) -> Iterator[Connection]:
    """Open a copy for reading alone: no byte of it, and none beside it, is written.

    Raises:
        LedgerFault: not an SQLite database, or a damaged one.
    """
    uri = f"file:{quote(str(path))}?mode=ro&immutable=1"
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=lambda: dbapi2.connect(uri, uri=True),
        module=dbapi2,
        poolclass=NullPool,
        hide_parameters=True,  # They are names and phone numbers, and errors go into the log.
    )
    try:
        with engine.connect() as conn:
            _check(conn)
            yield conn
    except (DBAPIError, dbapi2.Error) as error:
        raise _damaged(path, str(error)) from error
    finally:
        engine.dispose()


def load_copy(copy: Connection, conn: Connection) -> int:
    """Fill an empty, migrated database from a copy of the same schema; gives the rows loaded.

    Args:
        copy: of `opened_copy`.
        conn: of `writing` on the database to fill.
    """
    conn.execute(delete(FACTS))
    return _transfer(copy, conn)


def _vacuum(engine: Engine, path: Path) -> None:
    with closing(engine.raw_connection()) as connection:
        connection.cursor().execute("VACUUM INTO ?", (str(path),))


def _snapshot(engine: Engine, path: Path) -> None:
    """Read every table in one snapshot (PostgreSQL 13.2.2) into a fresh file."""
    target = open_engine(path)
    try:
        migrate(target)
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as source:
            with writing(target) as conn:
                conn.execute(delete(FACTS))
                _transfer(source, conn)
            source.rollback()
        with closing(target.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA journal_mode = DELETE")
    finally:
        target.dispose()


def _transfer(source: Connection, target: Connection) -> int:
    """Copy the rows of every table both databases have, parents before children."""
    there, here, count = MetaData(), MetaData(), 0
    there.reflect(source)
    here.reflect(target)
    for table in here.sorted_tables:
        if table.name != _STAMP and table.name in there.tables:
            columns = [there.tables[table.name].c[column.name] for column in table.columns]
            found = source.execution_options(yield_per=_ROWS).execute(select(*columns))
            for rows in found.partitions():
                insert_rows(target, table, [tuple(row) for row in rows])
                count += len(rows)
    return count


def _check(conn: Connection) -> None:
    found = conn.execute(text("PRAGMA quick_check")).scalar_one()
    if found != "ok":
        raise _damaged(Path(), str(found))


def _damaged(path: Path, why: str) -> LedgerFault:
    return LedgerFault(
        f"{path} cannot be read as a copy of the ledger: {why}",
        remedy="restore another backup; till-central backup --check tells which ones are whole",
        name="backup-damaged",
    )
