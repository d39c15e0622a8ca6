"""A new SQLite file in the layout of a till's directory: what a snapshot is made in.

Nobody reads it before it is whole, and whatever is cut off is made again: it is written without a
log, and without waiting for the disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2

from agent.core.exchange.replica import APPLICATION_ID, FORMAT, INDEXES, NOTICES, TABLES

DatabaseError = dbapi2.DatabaseError
"""What SQLite says when it cannot write such a file."""
Connection = Any
"""A pysqlite3 connection; it is untyped."""
_PRAGMAS = (
    "page_size = 4096",
    "journal_mode = OFF",
    "synchronous = OFF",
    # A person who is erased while the file is made must leave no bytes in it.
    "secure_delete = ON",
    "cache_size = -65536",
    "temp_store = FILE",
    f"application_id = {APPLICATION_ID}",
    f"user_version = {FORMAT}",
)


@contextmanager
def new_replica(path: Path) -> Iterator[Connection]:
    """Make a file and fill it in the block; the indexes are built at its end, then it is closed."""
    path.unlink(missing_ok=True)
    conn = dbapi2.connect(str(path), isolation_level=None)
    try:
        for pragma in _PRAGMAS:
            conn.execute(f"PRAGMA {pragma}")
        conn.execute("BEGIN")
        for statement in (*TABLES, NOTICES):
            conn.execute(statement)
        yield conn
        for statement in INDEXES:
            conn.execute(statement)
        conn.execute("COMMIT")
    finally:
        conn.close()
