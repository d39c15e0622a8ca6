"""Whether every text of a journal is one: SQLite keeps any bytes as a text, and checks none.

Entries are proven by their hashes; of what else is kept (print jobs, events, baskets) a flipped
bit is found only by whoever reads the row, and would stop them at every start.
"""

from __future__ import annotations

from agent.journal import database
from agent.journal.connection import Connection

_COLUMNS = (
    "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c"
    " WHERE t.type = 'table' AND c.type = 'TEXT' ORDER BY t.name, c.cid"
)
_READ = "SELECT ! FROM ?"


def unreadable(conn: Connection) -> str:
    """Read every text once and say where one is none; empty where all are."""
    for table, column in conn.execute(_COLUMNS).fetchall():
        if not _is_text(conn, table, column):
            return f"a {column} in its table {table} is no text any more"
    return ""


def _is_text(conn: Connection, table: str, column: str) -> bool:
    sql = _READ.replace("?", f'"{table}"').replace("!", f'"{column}"')
    try:
        rows = conn.execute(sql)  # Gives the first row's fault already.
        while rows.fetchone() is not None:
            pass
    except database.UNREADABLE as problem:
        if not database.is_undecodable(problem):
            raise
        return False
    return True
