"""Reading a CSV somebody exported: every row by itself, every trouble with its line number."""

from __future__ import annotations

import csv
import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

import msgspec

from agent.core.faults import InputFault

FIELD_CHARACTERS_MAX = 1000
"""Longer fields are a broken quote, not a name."""


ADDED, CHANGED, UNCHANGED = "added", "changed", "unchanged"


class Problem(msgspec.Struct, frozen=True):
    """One thing in a file that could not be used as it stands."""

    line: int
    """Line in the file; the header is line 1."""
    reason: str
    remedy: str
    skipped: bool = True
    """Whether the whole row was left out; otherwise only the field named in the reason."""


class ImportReport(msgspec.Struct, frozen=True):
    """What became of an imported file."""

    file: str
    rows: int
    """Rows read, those left out included."""
    added: int
    changed: int
    unchanged: int
    skipped: int
    """Rows left out; each has its line among the problems."""
    problems: tuple[Problem, ...] = ()


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


def report(path: Path, counts: Counter[str], problems: list[Problem]) -> ImportReport:
    """Sum up an import: `counts` of accepted `rows`, and of what became of things."""
    skipped = sum(problem.skipped for problem in problems)
    return ImportReport(
        file=path.name,
        rows=counts["rows"] + skipped,
        added=counts[ADDED],
        changed=counts[CHANGED],
        unchanged=counts[UNCHANGED],
        skipped=skipped,
        problems=tuple(sorted(problems, key=lambda problem: problem.line)),
    )


def rows(path: Path, columns: Columns, problems: list[Problem]) -> Iterator[Row]:
    """Read the rows of a file; a row that cannot be read goes to `problems`.

    The separator is a comma or a semicolon, as the header has it; the text is UTF-8.

    Raises:
        InputFault: no such file, or a header that lacks a required column.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            yield from _rows(path, file, columns, problems)
    except OSError as error:
        raise InputFault(
            f"{path} cannot be read: {error.strerror}",
            remedy="check the path, and that this user may read the file",
            name="file-unreadable",
        ) from error


def _rows(path: Path, file: TextIO, columns: Columns, problems: list[Problem]) -> Iterator[Row]:
    first = file.readline()
    file.seek(0)
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(file, delimiter=separator)
    header = _header(path, next(_lines(reader, problems), (1, []))[1], columns, problems)
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
    path: Path, values: Sequence[str], columns: Columns, problems: list[Problem]
) -> list[str]:
    header = [value.strip().lower() for value in values]
    known = columns.required + columns.optional
    if missing := [name for name in columns.required if name not in header]:
        raise InputFault(
            f"{path} has no column {', '.join(missing)}; its first line is {','.join(values)!r}",
            remedy=f"begin the file with a line of column names: {','.join(known)}",
            name="columns-missing",
        )
    for name in header:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            remedy = f"did you mean {near[0]}?" if near else f"known columns: {', '.join(known)}"
            reason = f"the column {name!r} is not known and was passed over"
            problems.append(Problem(1, reason, remedy, skipped=False))
    return header


def _fields(header: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    if len(values) != len(header):
        raise InputFault(
            f"{len(values)} fields where the header has {len(header)} columns",
            remedy="put fields with a separator in them into double quotes",
        )
    for name, value in zip(header, values, strict=True):
        if not value.isprintable():
            raise InputFault(
                f"{name} holds characters that are no text",
                remedy="save the file as UTF-8, without control characters",
            )
        if len(value) > FIELD_CHARACTERS_MAX:
            raise InputFault(
                f"{name} has {len(value)} characters", remedy="look for a missing double quote"
            )
    return {name: value.strip() for name, value in zip(header, values, strict=True)}
