"""Many rows into one table at once, past the expression language: the intake's hot path.

SQLite takes the driver's own `executemany`; PostgreSQL takes binary COPY (PostgreSQL, SQL-COPY,
"Binary Format"), and for a handful of rows a prepared insert, which is one exchange less.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    Row,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects import sqlite

from central.ledger.direct import Prepared, as_told, run_many

FEW = 8
"""Up to so many rows are inserted one by one."""
_TYPES = ((BigInteger, "int8"), (Boolean, "bool"), (LargeBinary, "bytea"))


def insert_rows(conn: Connection, table: Table, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows whose values stand in the order of the table's columns; none is no row.

    Raises:
        sqlalchemy.exc.IntegrityError: a row is there already; nothing was inserted.
    """
    if not rows:
        return
    if conn.dialect.name == "sqlite":
        run_many(conn, _statement(table), rows)
    elif len(rows) <= FEW:
        names = [column.name for column in table.columns]
        conn.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
    else:
        _copy(conn, table, rows)


def present(conn: Connection, column: Column[str], keys: Sequence[str]) -> set[str]:
    """Tell which of many keys stand in a column: one parameter, however many they are."""
    if not keys:
        return set()
    if conn.dialect.name == "sqlite":
        found = conn.execute(_in_json(column), {"keys": msgspec.json.encode(keys).decode()})
    else:
        found = conn.execute(_in_array(column), {"keys": list(keys)})
    return {row[0] for row in found}


def among(conn: Connection, column: Column[str], keys: Sequence[str]) -> ColumnElement[bool]:
    """Ask for the rows whose column is one of many keys, in one parameter, as `present` does."""
    if conn.dialect.name != "sqlite":
        return column == any_(literal(list(keys), ARRAY(Text)))
    given = func.json_each(msgspec.json.encode(keys).decode()).table_valued("value")
    return column.in_(select(given.c.value))


class Keyed:
    """A query of the rows whose column is one of many keys, written once for each database.

    `among` says the same within a larger query; to put that together anew at each run takes longer
    than the database does.
    """

    def __init__(self, query: Select[Any], column: Column[str]) -> None:
        """Keep the query without its keys."""
        listed = func.json_each(bindparam("keys", type_=Text)).table_valued("value")
        self._embedded = Prepared(query.where(column.in_(select(listed.c.value))))
        self._server = Prepared(query.where(column == any_(bindparam("keys", type_=ARRAY(Text)))))

    def rows(self, conn: Connection, keys: Sequence[str]) -> list[Row[Any]]:
        """Give the rows, by the names of their columns; values are as the driver gives them.

        Raises:
            sqlalchemy.exc.DBAPIError: of its kind.
        """
        if conn.dialect.name == "sqlite":
            return self._embedded.all(conn, {"keys": msgspec.json.encode(keys).decode()})
        return self._server.all(conn, {"keys": list(keys)})


@cache
def _in_json(column: Column[str]) -> Select[str]:
    given = func.json_each(bindparam("keys", type_=Text)).table_valued("value")
    return select(column).where(column.in_(select(given.c.value)))


@cache
def _in_array(column: Column[str]) -> Select[str]:
    return select(column).where(column == any_(bindparam("keys", type_=ARRAY(Text))))


@cache
def _statement(table: Table) -> str:
    return str(insert(table).compile(dialect=sqlite.dialect()))


def _copy(conn: Connection, table: Table, rows: Sequence[tuple[object, ...]]) -> None:
    import psycopg  # Not of an HQ on SQLite: a fifth of a second of its start.

    statement = _copy_statement(table)
    try:
        # Its own error, not SQLAlchemy's, would pass by everybody who knows what to do about it.
        with closing(conn.connection.cursor()) as cursor, cursor.copy(statement) as copy:
            copy.set_types(_types(table))
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        raise as_told(conn, statement, error) from error


@cache
def _copy_statement(table: Table) -> str:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return f'COPY "{table.name}" ({names}) FROM STDIN (FORMAT BINARY)'


@cache
def _types(table: Table) -> tuple[str, ...]:
    return tuple(_type(column.type) for column in table.columns)


def _type(of_column: object) -> str:
    return next((name for kind, name in _TYPES if isinstance(of_column, kind)), "text")
