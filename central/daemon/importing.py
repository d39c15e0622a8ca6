"""Files in: all that can be used of a file, and every line that cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer
from sqlalchemy import Engine

from agent.program.terminal import print_json, say, say_aside
from central.channels.imports import AGAIN, ImportReport
from central.daemon.commands import ledger

_INTERRUPTED = 130
"""As a shell tells it: 128 and the number of SIGINT."""
Import = Callable[[Engine, Path], ImportReport]


def run_import(take_in: Import, file: Path, config: Path, *, as_json: bool) -> None:
    """Import a file and show what became of it.

    Raises:
        InputFault: the file cannot be read at all; nothing was changed.
        Exit: with code 1 where rows had to be left out, and 130 where somebody cut it off.
    """
    try:
        with ledger(config) as (_, engine):
            report = take_in(engine, file)
    except KeyboardInterrupt as ended:
        say_aside(f"{file.name}: cut off, and a part of it may be in; {AGAIN}")
        raise typer.Exit(_INTERRUPTED) from ended
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
