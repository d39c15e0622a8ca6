"""CSV (RFC 4180) and JSON, written row by row."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Protocol, TextIO

import msgspec

from central.reports.export.columns import TEXT, Column, Exported

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A cell that begins so is run as a formula by spreadsheets (the last four: their wide forms)."""
_json = msgspec.json.Encoder()


class Writer(Protocol):
    """Writes one table into one text file."""

    def begin(self) -> None:
        """Write what stands before the rows."""
        ...

    def row(self, values: list[object]) -> None:
        """Write one row, its values in the order of the columns."""
        ...

    def end(self, cursor: str) -> None:
        """Write what stands behind the rows."""
        ...


class CsvWriter:
    """CSV as RFC 4180 has it: CRLF, quotes where needed, a header; UTF-8 without a mark."""

    def __init__(self, table: Exported, out: TextIO, *, header: bool = True) -> None:
        """Write to an open file that translates no line ends (`newline=""`)."""
        self._columns = table.columns
        self._header = header
        self._csv = csv.writer(out, lineterminator="\r\n")

    def begin(self) -> None:
        """Write the header."""
        if self._header:
            self._csv.writerow(column.name for column in self._columns)

    def row(self, values: list[object]) -> None:
        """Write one row."""
        self._csv.writerow(map(cell, self._columns, values))

    def end(self, cursor: str) -> None:
        """Write nothing: a cursor is no row."""
        del cursor


class JsonWriter:
    """One JSON document: the table, its rows as objects, and the cursor behind them."""

    def __init__(self, table: Exported, out: TextIO) -> None:
        """Write to an open file."""
        self._name = table.name
        self._names = [column.name for column in table.columns]
        self._out = out
        self._is_first = True

    def begin(self) -> None:
        """Open the document."""
        self._out.write(f'{{"table":{_text(self._name)},"rows":[')

    def row(self, values: list[object]) -> None:
        """Write one row as an object."""
        row = _json.encode(dict(zip(self._names, values, strict=True))).decode()
        self._out.write(f"\n{row}" if self._is_first else f",\n{row}")
        self._is_first = False

    def end(self, cursor: str) -> None:
        """Close the document with the cursor of the next export."""
        self._out.write(f'\n],"cursor":{_text(cursor)}}}\n')


class JsonLinesWriter:
    """One JSON object a line: a file that further exports are appended to."""

    def __init__(self, table: Exported, out: TextIO) -> None:
        """Write to an open file."""
        self._names = [column.name for column in table.columns]
        self._out = out

    def begin(self) -> None:
        """Write nothing."""

    def row(self, values: list[object]) -> None:
        """Write one row."""
        row = _json.encode(dict(zip(self._names, values, strict=True))).decode()
        self._out.write(f"{row}\n")

    def end(self, cursor: str) -> None:
        """Write nothing: a cursor is no row."""
        del cursor


def cell(column: Column, value: object) -> str:
    """Write one value for CSV; text a spreadsheet would run gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value).replace("\x00", "")
    if column.type == TEXT and text.lstrip(" ").startswith(_DANGEROUS):
        return f"'{text}"
    return text


def write_rows(writer: Writer, rows: Iterable[list[object]], cursor: str) -> int:
    """Write a whole table; gives the number of rows."""
    writer.begin()
    count = 0
    for values in rows:
        writer.row(values)
        count += 1
    writer.end(cursor)
    return count


def _text(value: str) -> str:
    return _json.encode(value).decode()
