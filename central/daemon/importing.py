"""Files in, in one transaction: all that can be used of a file, and every line that cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer
from sqlalchemy import Connection

from agent.program.terminal import print_json, say
from central.channels.imports import ImportReport
from central.daemon.commands import ledger
from central.ledger.engine import writing

Import = Callable[[Connection, Path], ImportReport]


def run_import(take_in: Import, file: Path, config: Path, *, as_json: bool) -> None:
    """Import a file and show what became of it.

    Raises:
        InputFault: the file cannot be read at all; nothing was changed.
        Exit: with code 1 where rows had to be left out.
    """
    with ledger(config) as (_, engine), writing(engine) as conn:
        report = take_in(conn, file)
    if as_json:
        print_json(report)
    else:
        _show(report)
    if report.skipped:
        raise typer.Exit(1)


def _show(report: ImportReport) -> None:
    for problem in report.problems:
        left_out = "left out: " if problem.skipped else ""
        typer.echo(f"line {problem.line}: {left_out}{problem.reason}", err=True)
        typer.echo(f"→ {problem.remedy}", err=True)
    say(
        f"{report.file}: {report.rows} rows, {report.added} added, {report.changed} changed, "
        f"{report.unchanged} unchanged, {report.skipped} left out"
    )
