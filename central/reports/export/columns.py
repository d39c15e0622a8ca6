"""What a column of the export is: its name, its type, its meaning, and where its value is from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from agent.core.entries.bodies import SaleCompleted
from agent.core.quantities import decimal_text
from central.reports.export.facts import Fact

TEXT, INTEGER, DECIMAL, FLAG = "text", "integer", "decimal", "flag"


class Row(NamedTuple):
    """What one exported row is made of."""

    fact: Fact
    item: Any = None
    """The line, tender or tax; None in the table of transactions."""

    @property
    def sale(self) -> SaleCompleted:
        """Give the sale a line, a tender or a tax is of."""
        if not isinstance(self.fact.body, SaleCompleted):
            raise TypeError(self.fact.body)
        return self.fact.body


class Column(NamedTuple):
    """One column."""

    name: str
    type: str
    """`text`, `integer`, `decimal` (text, with the decimals of its unit), or `flag`."""
    meaning: str
    value: Callable[[Row], object]


class Exported(NamedTuple):
    """One of the exported tables."""

    name: str
    meaning: str
    key: tuple[str, ...]
    """What tells its rows apart, now and in every later export."""
    columns: tuple[Column, ...]
    rows: Callable[[Fact], Iterator[Row]]
    """What of a booked entry stands in this table."""

    def values(self, row: Row) -> list[object]:
        """Give a row's values, in the order of the columns."""
        return [column.value(row) for column in self.columns]


def text(name: str, meaning: str, value: Callable[[Row], object]) -> Column:
    """Describe a column of text."""
    return Column(name, TEXT, meaning, value)


def integer(name: str, meaning: str, value: Callable[[Row], int | None]) -> Column:
    """Describe a column of whole numbers."""
    return Column(name, INTEGER, meaning, value)


def flag(name: str, meaning: str, value: Callable[[Row], bool]) -> Column:
    """Describe a column of yes and no."""
    return Column(name, FLAG, meaning, value)


def money(name: str, meaning: str, amount: Callable[[Row], int | None]) -> tuple[Column, Column]:
    """Describe an amount twice: with its decimals for people, in minor units for programs."""

    def decimals(row: Row) -> str | None:
        value = amount(row)
        return None if value is None else decimal_text(value, row.fact.digits)

    minor = f"`{name}` in minor units of `currency`"
    return Column(name, DECIMAL, meaning, decimals), integer(f"{name}_minor", minor, amount)


def every_table() -> tuple[Column, ...]:
    """Describe the columns every table begins with."""
    return (
        integer("place", "HQ's order; grows with every export, never changes", _place),
        text("store", "Store id", lambda row: row.fact.body.store),
        text("till", "Till id", lambda row: row.fact.body.till),
        text("business_date", "The shop's day, ISO 8601", lambda row: row.fact.body.business_date),
        text("receipt_no", "Number on the receipt, STORE-TILL-JOURNAL-n", _receipt_no),
        text("sale_id", "UUIDv7 of the sale; the same in all four tables", _sale_id),
        text("journal", "Journal the entry was written in", lambda row: row.fact.journal),
        integer("seq", "Number of the entry in its journal, from 1", lambda row: row.fact.seq),
        text(
            "late",
            "Empty, or why it came after its day was declared complete: offline, carried, "
            "salvage, imported, replayed",
            lambda row: row.fact.late,
        ),
        text(
            "origin",
            "own, or how else it came: carried (by a successor journal), salvage (out of a damaged "
            "file), imported, replayed (out of HQ's quarantine)",
            lambda row: row.fact.origin,
        ),
        text("currency", "ISO 4217; empty where no money moved", lambda row: row.fact.currency),
        integer(
            "exponent",
            "Decimals of the minor unit of `currency` (ISO 4217): 2, JPY 0, KWD 3",
            lambda row: row.fact.digits,
        ),
    )


def _place(row: Row) -> int:
    return row.fact.place


def _receipt_no(row: Row) -> str | None:
    return getattr(row.fact.body, "receipt_no", None)


def _sale_id(row: Row) -> str | None:
    return getattr(row.fact.body, "sale_id", None)
