"""Statements on the driver's own cursor: what every batch runs, past the expression language.

SQLAlchemy writes the SQL, once per database; to go through it at each run costs ten times what
SQLite takes for a look-up. Errors are raised as SQLAlchemy raises them, so that everybody who knows
what to do about one still does; a row is a plain tuple, as the driver gives it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Connection, Executable, Row, Select
from sqlalchemy.engine import result_tuple
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

Values = Mapping[str, object]
Given = Values | Sequence[object]
"""As the driver takes them: by name or by place."""


class Prepared:
    """One statement, compiled for each database at its first run there."""

    def __init__(self, statement: Executable) -> None:
        """Keep a statement whose values are all given by name, the same names each time."""
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def one_or_none(self, conn: Connection, values: Values) -> tuple[Any, ...] | None:
        """Run a query and give its first row, if there is one.

        Raises:
            sqlalchemy.exc.DBAPIError: of its kind.
        """
        compiled = self._compiled_for(conn, values)
        with closing(conn.connection.cursor()) as cursor:
            try:
                cursor.execute(compiled.sql, compiled.given(values))
                row: tuple[Any, ...] | None = cursor.fetchone()
            except conn.dialect.loaded_dbapi.Error as error:
                raise as_told(conn, compiled.sql, error) from error
        return row

    def all(self, conn: Connection, values: Values) -> list[Row[Any]]:
        """Run a query and give its rows, by the names of its columns.

        Raises:
            sqlalchemy.exc.DBAPIError: of its kind.
        """
        compiled = self._compiled_for(conn, values)
        with closing(conn.connection.cursor()) as cursor:
            try:
                cursor.execute(compiled.sql, compiled.given(values))
                return [*map(self._named, cursor.fetchall())]
            except conn.dialect.loaded_dbapi.Error as error:
                raise as_told(conn, compiled.sql, error) from error

    def run(self, conn: Connection, values: Values) -> int:
        """Run a statement that gives no rows; tells how many it has written.

        Raises:
            sqlalchemy.exc.DBAPIError: of its kind.
        """
        compiled = self._compiled_for(conn, values)
        return run(conn, compiled.sql, compiled.given(values))

    @cached_property
    def _named(self) -> Callable[[Sequence[Any]], Row[Any]]:
        if not isinstance(self._statement, Select):
            raise TypeError(self._statement)
        names = [str(column.key) for column in self._statement.selected_columns]
        return result_tuple(names)

    def _compiled_for(self, conn: Connection, values: Values) -> _Compiled:
        name = conn.dialect.name
        if name not in self._compiled:
            self._compiled[name] = _compiled(conn, self._statement, values)
        return self._compiled[name]


def run(conn: Connection, sql: str, values: Given = ()) -> int:
    """Run a statement in the driver's own words; tells how many rows it has written.

    Raises:
        sqlalchemy.exc.DBAPIError: of its kind.
    """
    with closing(conn.connection.cursor()) as cursor:
        try:
            cursor.execute(sql, values)
            return int(cursor.rowcount)
        except conn.dialect.loaded_dbapi.Error as error:
            raise as_told(conn, sql, error) from error


def run_many(conn: Connection, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Run a statement in the driver's own words once for each row of values.

    Raises:
        sqlalchemy.exc.DBAPIError: of its kind.
    """
    with closing(conn.connection.cursor()) as cursor:
        try:
            cursor.executemany(sql, rows)
        except conn.dialect.loaded_dbapi.Error as error:
            raise as_told(conn, sql, error) from error


def as_told(conn: Connection, sql: str, error: Exception) -> BaseException:
    """Give the driver's error as SQLAlchemy would raise it."""
    return DBAPIError.instance(
        sql, None, error, conn.dialect.loaded_dbapi.Error, dialect=conn.dialect
    )


class _Compiled(NamedTuple):
    sql: str
    fixed: dict[str, Any]
    """Values that stand in the statement itself."""
    order: tuple[str, ...] | None
    """Of the values, where the driver takes them by place."""

    def given(self, values: Values) -> Given:
        if self.order is None:
            return {**self.fixed, **values}
        fixed = self.fixed
        return [values[name] if name in values else fixed[name] for name in self.order]


def _compiled(conn: Connection, statement: Executable, values: Values) -> _Compiled:
    if not isinstance(statement, ClauseElement):
        raise TypeError(statement)
    compiled = statement.compile(dialect=conn.dialect, column_keys=list(values))
    if not isinstance(compiled, SQLCompiler):
        raise TypeError(statement)
    order = compiled.positiontup
    return _Compiled(str(compiled), dict(compiled.params), None if order is None else tuple(order))
