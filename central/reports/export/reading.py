"""Reading an export: in slices of short transactions, up to where HQ was when it began."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, Engine

from agent.core.faults import NotFoundFault
from central.ledger.engine import reading
from central.reports.export.columns import Exported
from central.reports.export.cursor import cursor_at, head, place_of, read_cursor
from central.reports.export.facts import Fact, facts
from central.reports.export.tables import EXPORTED

SLICE = 1000
"""Entries of one transaction: a writer of SQLite never waits for a reader, but its log grows."""


class Span(msgspec.Struct, frozen=True):
    """Which stretch of HQ's order an export covers."""

    after: int
    upto: int
    cursor: str
    """Where the next export goes on."""


class ExportPage(msgspec.Struct, frozen=True):
    """One page of one table."""

    table: str
    columns: tuple[str, ...]
    rows: list[list[object]]
    """Values in the order of the columns."""
    cursor: str
    """Ask with `after` of this for what comes next."""
    more: bool


def table_named(name: str) -> Exported:
    """Find a table.

    Raises:
        NotFoundFault: there is none of that name.
    """
    if name not in EXPORTED:
        raise NotFoundFault(
            f"there is no exported table {name[:40]!r}",
            remedy=f"name one of {', '.join(EXPORTED)}",
        )
    return EXPORTED[name]


def span(conn: Connection, after: str, limit: int | None = None) -> Span:
    """Settle what is exported: from the cursor to what HQ has booked by now.

    Raises:
        InputFault: `after` is no cursor.
        ExportGone: HQ was put back to a backup since.
    """
    begin = place_of(conn, read_cursor(after))
    end = head(conn) if limit is None else min(head(conn), begin + limit)
    return Span(begin, end, str(cursor_at(conn, end)))


def every_fact(engine: Engine, of: Span) -> Iterator[Fact]:
    """Read all entries of a span, slice by slice."""
    after = of.after
    while after < of.upto:
        with reading(engine) as conn:
            found = facts(conn, after, of.upto, SLICE)
        yield from found
        if not found:
            return
        after = found[-1].place


def export_page(engine: Engine, name: str, after: str, limit: int) -> ExportPage:
    """Read one page of a table: the rows of up to `limit` entries.

    Raises:
        NotFoundFault: there is no such table.
        InputFault: `after` is no cursor.
        ExportGone: HQ was put back to a backup since.
    """
    table = table_named(name)
    with reading(engine) as conn:
        of = span(conn, after, limit)
        found = facts(conn, of.after, of.upto, limit)
        more = head(conn) > of.upto
    rows = [table.values(row) for fact in found for row in table.rows(fact)]
    columns = tuple(column.name for column in table.columns)
    return ExportPage(name, columns, rows, of.cursor, more)
