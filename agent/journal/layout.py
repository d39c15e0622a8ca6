"""Whether the tables, indexes and triggers of a file are those the migrations made.

SQLite keeps them as texts (sqlite.org/fileformat2.html, 2.6) and believes any text it can parse: a
flipped bit that renames a column, or takes a trigger's condition back, passes its every check. Who
has read a schema goes on with it, so this matters to whoever opens the file: the start, the checks
of the night, and a reading on a connection of its own.
"""

from __future__ import annotations

from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2

from agent.core.faults import Fault
from agent.journal import database
from agent.journal.connection import Connection

_SCHEMA = "SELECT name, type, tbl_name, sql FROM sqlite_schema"
_APPLIED = "_sqlite_migrations"
_NOTED = {"migration_set", "name", "applied_at"}
"""Columns that whoever migrates reads, by these very names."""
_COLUMNS = "SELECT name FROM pragma_table_info('_sqlite_migrations')"
_STEPS = "SELECT name FROM _sqlite_migrations"

_Schema = dict[str, tuple[Any, ...]]


def difference(conn: Connection) -> str:
    """Say what of a file's schema is not what the migrations made; empty where nothing is.

    A journal that an older program has left is compared with what that one made. Of a newer one's
    nothing is known here: `migrations.migrate` refuses it.
    """
    try:
        return _difference(conn)
    except dbapi2.Error as problem:
        if not database.is_misread(problem):
            raise
        return f"its list of migrations cannot be read: {problem}"


def explained(problem: BaseException, conn: Connection, path: Path) -> BaseException:
    """Turn a refused statement of ours into damage, where a changed schema is why it was refused.

    Any other problem is given back as it is.
    """
    if not database.is_misread(problem) and not isinstance(problem, UnicodeDecodeError):
        return problem
    fault: Fault | None = None
    try:
        if what := difference(conn):
            fault = database.damaged(path, f"{what} ({problem})")
    except database.UNREADABLE as worse:
        fault = database.unusable(worse, path)
    if fault is None:
        return problem
    fault.__cause__ = problem
    return fault


def _difference(conn: Connection) -> str:
    # Loading them takes longer than a whole reading command.
    from agent.journal import migrations

    found = _schema(conn)
    ours = migrations.names()
    applied = _applied(conn) if _APPLIED in found else set()
    if applied > set(ours):
        return ""
    if applied != set(ours[: len(applied)]):
        return "its list of migrations has changed"
    made, today = _made(len(applied)), _made(len(ours))
    changed = [name for name in today if found.get(name) != made.get(name)]
    return f"the schema of {changed[0]} is not what was made" if changed else ""


def _applied(conn: Connection) -> set[str]:
    """Give the names of the migrations that are noted in the file; none where none can be read."""
    columns = {name for (name,) in conn.execute(_COLUMNS).fetchall()}
    return {name for (name,) in conn.execute(_STEPS).fetchall()} if columns >= _NOTED else set()


@cache
def _made(count: int) -> _Schema:
    """Make a schema once: a night and a start ask for it, too."""
    from agent.journal import migrations

    with closing(migrations.made(count)) as conn:
        return _schema(conn)


def _schema(conn: Connection) -> _Schema:
    """Give every object by its name: what it is, whose, and its text."""
    return {name: tuple(rest) for name, *rest in conn.execute(_SCHEMA).fetchall()}
