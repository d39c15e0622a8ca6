"""What erasing leaves behind: older pages in the write-ahead log, until they go into the file.

An erased text is overwritten where it lay in the file, by a page that stands in the log first; the
pages of before stand in it, too, until the log is emptied. SQLite does that once in some hundred
sales, which is too late for somebody who asked to be forgotten.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from pysqlite3 import dbapi2

from agent.journal.connection import Connection
from agent.journal.database import open_writing

_PATIENCE_MS = 100
"""So long a sale may wait for it; whoever reads for longer is waited for another time."""


def erased(conn: Connection) -> int:
    """Count what was ordered erased in this file."""
    return int(conn.execute("SELECT count(*) FROM erase_order").fetchall()[0][0])


def let_go_of_log(path: Path) -> bool:
    """Bring everything committed into the journal's file, and empty its log.

    On a connection of its own, beside the writer's. False where somebody reads in the log or the
    disk is full: it is as good as before, and is to be tried again.
    """
    try:
        with closing(open_writing(path)) as conn:
            conn.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
            busy = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0]
    except dbapi2.DatabaseError:
        return False  # The writer meets it, too, and says what is wrong.
    return not busy
