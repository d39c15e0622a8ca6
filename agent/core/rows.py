"""A CSV somebody exported, row by row: every trouble with its line number, none blocks another.

Whoever opens the file does so with `ENCODING`, `ERRORS` and `newline=""`, so that bytes that are
no text arrive as what they are and cost the row they stand in, never the rest of the file.
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import msgspec

from agent.core.faults import InputFault

ENCODING = "utf-8-sig"
"""UTF-8, with or without the byte order mark that spreadsheets write."""
ERRORS = "surrogateescape"
FIELD_CHARACTERS_MAX = 1000
"""Longer fields are a broken quote, not a name."""


class Problem(msgspec.Struct, frozen=True):
    """One thing in a file that could not be used as it stands."""

    line: int
    """Line in the file; the header is line 1."""
    reason: str
    remedy: str
    skipped: bool = True
    """Whether the whole row was left out; otherwise only the field named in the reason."""


class Columns(msgspec.Struct, frozen=True):
    """The columns a kind of file has."""

    required: tuple[str, ...]
    optional: tuple[str, ...]


class Row(msgspec.Struct, frozen=True):
    """One row: its line number, and its fields without blanks around them."""

    line: int
    fields: dict[str, str]

    def text(self, name: str) -> str | None:
        """Give a field, or None where it is empty or the file has no such column."""
        return self.fields.get(name) or None

    def needed(self, name: str) -> str:
        """Give a field that must not be empty.

        Raises:
            InputFault: it is.
        """
        text = self.text(name)
        if text is None:
            raise InputFault(f"{name} is empty", remedy=f"fill in {name}")
        return text


def rows(
    name: str, lines: Iterable[str], columns: Columns, problems: list[Problem]
) -> Iterator[Row]:
    """Read the rows of a file; a row that cannot be read goes to `problems`.

    The separator is a comma or a semicolon, as the header has it.

    Args:
        name: the file's name, for messages.
        lines: the file's lines with their ends.
        columns: those it must have, and those it may have.
        problems: gets what could not be used, line by line.

    Raises:
        InputFault: a header that lacks a required column, or has one twice.
    """
    line_by_line = iter(lines)
    first = next(line_by_line, "")
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(chain([first], line_by_line), delimiter=separator)
    header = _header(name, next(_lines(reader, problems), (1, []))[1], columns, problems)
    for line, values in _lines(reader, problems):
        if any(value.strip() for value in values):
            try:
                yield Row(line, _fields(header, values))
            except InputFault as fault:
                problems.append(Problem(line, fault.detail, fault.remedy))


def _lines(reader: Iterator[list[str]], problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Go on behind a line the CSV reader stumbles over."""
    while True:
        line = getattr(reader, "line_num", 0) + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.append(Problem(line, f"no CSV: {error}", "check the quotes in this line"))


def _header(
    name: str, values: Sequence[str], columns: Columns, problems: list[Problem]
) -> list[str]:
    header = [value.strip().lower() for value in values]
    known = columns.required + columns.optional
    if missing := [column for column in columns.required if column not in header]:
        raise InputFault(
            f"{name} has no column {', '.join(missing)}; its first line is {','.join(values)!r}",
            remedy=f"begin the file with a line of column names: {','.join(known)}",
            name="columns-missing",
        )
    if twice := [column for column in known if header.count(column) > 1]:
        raise InputFault(
            f"{name} has more than one column {', '.join(twice)}",
            remedy="keep one of them, or rename the other",
            name="columns-twice",
        )
    problems += [_unknown(column, known) for column in header if column not in known]
    return header


def _unknown(column: str, known: Sequence[str]) -> Problem:
    near = difflib.get_close_matches(column, known, 1)
    remedy = f"did you mean {near[0]}?" if near else f"known columns: {', '.join(known)}"
    reason = f"the column {column!r} is not known and was passed over"
    return Problem(1, reason, remedy, skipped=False)


def _fields(header: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    if len(values) != len(header):
        raise InputFault(
            f"{len(values)} fields where the header has {len(header)} columns",
            remedy="put fields with a separator in them into double quotes",
        )
    fields = dict(zip(header, values, strict=True))
    for name, value in fields.items():
        _check(name, value)
    return {name: value.strip() for name, value in fields.items()}


def _check(name: str, value: str) -> None:
    if not value.isprintable():
        raise InputFault(
            f"{name} holds characters that are no text",
            remedy="save the file as UTF-8, without control characters",
        )
    if len(value) > FIELD_CHARACTERS_MAX:
        raise InputFault(
            f"{name} has {len(value)} characters", remedy="look for a missing double quote"
        )
