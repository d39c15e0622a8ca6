"""The data dictionary, written from the table of columns: as values, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from central.reports.export.tables import EXPORTED

GUARD = (
    "In CSV, text that begins with = + - @ or a control character gets an apostrophe in front: "
    "a spreadsheet would run it as a formula. Numbers are never touched, and JSON has every text "
    "as it is."
)
ORDER = (
    "Rows come in HQ's order of application (`place`), not in the till's time. Nothing exported is "
    "ever changed: what arrives late, is carried over or corrected is a further row."
)


class DescribedColumn(msgspec.Struct, frozen=True):
    """One column."""

    name: str
    type: str
    meaning: str


class DescribedTable(msgspec.Struct, frozen=True):
    """One exported table."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[DescribedColumn, ...]


class Dictionary(msgspec.Struct, frozen=True):
    """What the export says of itself."""

    order: str
    guard: str
    tables: tuple[DescribedTable, ...]


def dictionary() -> Dictionary:
    """Describe every exported table."""
    tables = tuple(
        DescribedTable(
            table.name,
            table.meaning,
            table.key,
            tuple(
                DescribedColumn(column.name, column.type, column.meaning)
                for column in table.columns
            ),
        )
        for table in EXPORTED.values()
    )
    return Dictionary(ORDER, GUARD, tables)


def markdown(told: Dictionary) -> str:
    """Write the dictionary as Markdown."""
    return "\n".join(_lines(told)) + "\n"


def _lines(told: Dictionary) -> Iterator[str]:
    yield from ("# Data dictionary of the export", "", told.order, "", told.guard)
    for table in told.tables:
        key = ", ".join(f"`{name}`" for name in table.key)
        yield from ("", f"## {table.name}", "", f"{table.meaning}. Key: {key}.", "")
        yield from ("| column | type | meaning |", "|---|---|---|")
        for column in table.columns:
            meaning = column.meaning.replace("|", "\\|")
            yield f"| `{column.name}` | {column.type} | {meaning} |"
