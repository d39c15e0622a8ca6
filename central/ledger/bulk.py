"""Many rows into one table at once, past the expression language: the intake's hot path.

SQLite takes the driver's own `executemany`; binding through the expression language costs more
there than the insert itself. Any other database gets a plain insert, until COPY takes its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sqlalchemy import Connection, Table, insert
from sqlalchemy.dialects import sqlite


def insert_rows(conn: Connection, table: Table, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows whose values stand in the order of the table's columns; none is no row.

    Raises:
        sqlalchemy.exc.IntegrityError: a row is there already; nothing was inserted.
    """
    if not rows:
        return
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql(_statement(table), list(rows))
    else:
        names = [column.name for column in table.columns]
        conn.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])


@cache
def _statement(table: Table) -> str:
    return str(insert(table).compile(dialect=sqlite.dialect()))
