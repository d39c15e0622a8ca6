"""Writing exports into files: whole or not at all, and on again where the last one ended."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import msgspec
from sqlalchemy import Engine

from agent.core.faults import StateFault
from central.daemon.commands import ledger
from central.daemon.export_files import alone, appended, opened, settled, told
from central.ledger.engine import reading
from central.reports.export.columns import Exported
from central.reports.export.formats import CsvWriter, JsonLinesWriter, JsonWriter, Writer
from central.reports.export.reading import Span, every_fact, span, table_named
from central.reports.export.tables import EXPORTED

CSV = "csv"
MARK = "cursor.json"
_SUFFIXES = {"csv": "csv", "json": "jsonl"}


class Done(msgspec.Struct, frozen=True):
    """What was written."""

    entries: int
    rows: dict[str, int]
    """Table → rows."""
    cursor: str
    """Where the next export goes on."""


class Mark(msgspec.Struct, frozen=True):
    """Where an export into a directory ended, and how long its files were then."""

    cursor: str
    format: str
    sizes: dict[str, int]


def run_one(config: Path, name: str, out: str, after: str, as_: str, limit: int | None) -> Done:
    """Export one table into a file, which is there whole or not at all, or to stdout.

    Raises:
        InputFault: `after` is no cursor.
        ExportGone: HQ was put back to a backup since.
        OutFault: the file cannot be written.
    """
    table = table_named(name)
    with ledger(config) as (_, engine):
        of = _span(engine, after, limit)
        with opened(out) as file:
            writer = CsvWriter(table, file) if as_ == CSV else JsonWriter(table, file)
            return _write(engine, of, {name: writer})


def run_all(config: Path, directory: Path, after: str, as_: str, limit: int | None) -> Done:
    """Export all tables into a directory, or go on where the last export into it ended.

    A run that was broken off leaves its rows behind no cursor: the next one takes them back.

    Raises:
        StateFault: the directory holds an export of another format, from elsewhere, or no longer
            what its last export left; or another export writes into it.
        InputFault: `after` is no cursor.
        ExportGone: HQ was put back to a backup since.
        OutFault: the directory cannot be written.
    """
    with ledger(config) as (_, engine), told(directory):
        directory.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            stack.enter_context(alone(directory))
            mark = _mark(directory, as_, after)
            of = _span(engine, after or mark.cursor, limit)
            files = {
                name: stack.enter_context(appended(_path(directory, name, as_), mark.sizes[name]))
                for name in EXPORTED
            }
            writers = {
                name: _writer(table, files[name], as_, is_new=not mark.sizes[name])
                for name, table in EXPORTED.items()
            }
            done = _write(engine, of, writers)
            sizes = {name: settled(file) for name, file in files.items()}
            _keep(directory, Mark(done.cursor, as_, sizes))
    return done


def _span(engine: Engine, after: str, limit: int | None) -> Span:
    with reading(engine) as conn:
        return span(conn, after, limit)


def _write(engine: Engine, of: Span, writers: dict[str, Writer]) -> Done:
    """Write every table at once, so that each entry is read once."""
    rows = dict.fromkeys(writers, 0)
    entries = 0
    for writer in writers.values():
        writer.begin()
    for fact in every_fact(engine, of):
        entries += 1
        for name, writer in writers.items():
            table = EXPORTED[name]
            for row in table.rows(fact):
                writer.row(table.values(row))
                rows[name] += 1
    for writer in writers.values():
        writer.end(of.cursor)
    return Done(entries, rows, of.cursor)


def _writer(table: Exported, file: TextIO, as_: str, *, is_new: bool) -> Writer:
    return CsvWriter(table, file, header=is_new) if as_ == CSV else JsonLinesWriter(table, file)


def _mark(directory: Path, as_: str, after: str) -> Mark:
    """Read where the last export into a directory ended."""
    path = directory / MARK
    if not path.exists():
        left = [name for name in EXPORTED if _path(directory, name, as_).exists()]
        if left and not (directory / f".{MARK}.begun").exists():
            raise _foreign(directory, f"it holds {left[0]} of an export without a cursor")
        (directory / f".{MARK}.begun").touch()
        return Mark("", as_, dict.fromkeys(EXPORTED, 0))
    mark = _read(path)
    if mark.format != as_:
        raise _foreign(directory, f"it holds an export as {mark.format}")
    if after and after != mark.cursor:
        raise _foreign(directory, "its last export did not end at the cursor of --after")
    _require_kept(directory, mark)
    return mark


def _read(path: Path) -> Mark:
    try:
        mark = msgspec.json.decode(path.read_bytes(), type=Mark)
    except msgspec.DecodeError as error:
        raise _damaged(path) from error
    if mark.sizes.keys() != EXPORTED.keys():
        raise _damaged(path)
    return mark


def _damaged(path: Path) -> StateFault:
    return StateFault(
        f"{path} does not say where the last export ended",
        remedy=f"name an empty directory, with --after and the cursor that export printed; "
        f"or empty {path.parent} and export all anew",
        name="export-directory",
    )


def _require_kept(directory: Path, mark: Mark) -> None:
    """Refuse to go on behind rows that are gone: a file would be filled up with zeros.

    Raises:
        StateFault: a file is not there, or shorter than the last export left it.
    """
    for name, size in mark.sizes.items():
        path = _path(directory, name, mark.format)
        found = path.stat().st_size if path.exists() else 0
        if found < size:
            raise StateFault(
                f"{path} has {found} bytes; the last export left {size}",
                remedy="put the file back; to take what was exported away, leave this directory "
                f"alone and go on in an empty one with --after {mark.cursor}",
                name="export-directory",
            )


def _foreign(directory: Path, why: str) -> StateFault:
    return StateFault(
        f"the export cannot go on in {directory}: {why}",
        remedy="name an empty directory, or leave --after out to go on where its last one ended",
        name="export-directory",
    )


def _keep(directory: Path, mark: Mark) -> None:
    beside = directory / f".{MARK}.part"
    with beside.open("wb") as file:
        file.write(msgspec.json.encode(mark))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(directory / MARK)
    (directory / f".{MARK}.begun").unlink(missing_ok=True)


def _path(directory: Path, name: str, as_: str) -> Path:
    return directory / f"{name}.{_SUFFIXES[as_]}"
