"""Files in: all that can be used of a file, and every line that cannot."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import typer
from sqlalchemy import Engine

from agent.program.terminal import print_json, say, say_aside
from central.channels.imports import AGAIN, ImportReport, Progress
from central.daemon.commands import ledger
from central.daemon.settings import Settings
from central.feed.preparing import Prepared

_INTERRUPTED = 130
"""As a shell tells it: 128 and the number of SIGINT."""
SHOWN_EVERY_S = 2
LOGGED_EVERY_S = 30
"""Where nobody looks at a terminal."""
_MINUTE_S, _HOUR_S = 60, 3600
Import = Callable[[Engine, Path], ImportReport]


def run_import(
    take_in: Import, file: Path, config: Path, *, as_json: bool, prepare: bool = False
) -> None:
    """Import a file and show what became of it.

    Args:
        take_in: imports it.
        file: the file.
        config: the settings file.
        as_json: whether a program reads what is shown.
        prepare: whether people came in, whom tills are to find by their cards and contacts.

    Raises:
        InputFault: the file cannot be read at all; nothing was changed.
        Exit: with code 1 where rows had to be left out, and 130 where somebody cut it off.
    """
    try:
        with ledger(config) as (settings, engine):
            report = take_in(engine, file)
            if prepare:
                _prepare(settings, engine)
    except KeyboardInterrupt as ended:
        say_aside(f"{file.name}: cut off, and a part of it may be in; {AGAIN}")
        raise typer.Exit(_INTERRUPTED) from ended
    if as_json:
        print_json(report)
    else:
        _show(report)
    if report.skipped:
        raise typer.Exit(1)


def _prepare(settings: Settings, engine: Engine) -> None:
    """Stretch what identifies people, so that no till has to wait for it."""
    from central.daemon.keys import master_of
    from central.daemon.state import root_key
    from central.feed.preparing import prepare_all
    from central.feed.sealing import Sealer

    key = root_key(Path(settings.central.state_dir), engine)
    done = prepare_all(engine, Sealer(engine, master_of(key)), Stretched())
    if done.made:
        say_aside(
            f"{done.made} cards, phones and e-mails stretched for the tills in "
            f"{_span(done.took_ms // 1000)}, {done.made * 1000 // max(done.took_ms, 1)} a second"
        )


class Now:
    """Says when it is time to say something: often to a person who looks, seldom to a log."""

    def __init__(self) -> None:
        """Begin to count."""
        self._said_s = time.monotonic()
        self._every_s = SHOWN_EVERY_S if sys.stderr.isatty() else LOGGED_EVERY_S

    def __call__(self) -> bool:
        """Tell whether it is time; then it is not for a while."""
        now_s = time.monotonic()
        is_time = now_s - self._said_s >= self._every_s
        self._said_s = now_s if is_time else self._said_s
        return is_time


class Stretched:
    """Says now and then on stderr how far the stretching has come."""

    def __init__(self) -> None:
        """Say nothing yet."""
        self._now = Now()

    def __call__(self, prepared: Prepared) -> None:
        """Take note of what was kept."""
        if prepared.made and self._now():
            left = "" if prepared.left_s is None else f", about {_span(prepared.left_s)} to go"
            say_aside(f"stretched for the tills: {prepared.done} of {prepared.whole}{left}")


class Watched:
    """Says now and then on stderr how far an import has come, and how long the rest will take."""

    def __init__(self) -> None:
        """Say something at once where a part of the file is in already, else after a while."""
        self._now = Now()

    def __call__(self, progress: Progress) -> None:
        """Take note of what was committed."""
        if progress.rows and not progress.rows_here:
            say_aside(f"going on: {progress.rows} rows are in from an earlier attempt")
        elif self._now():
            say_aside(told(progress))


def told(progress: Progress) -> str:
    """Put into words how far an import is.

    >>> told(Progress(250_000, 25, 100, rows_here=250_000, bytes_here=25, took_s=60))
    '250000 rows, 25 % of the file, 4166 rows/s, about 3 min to go'
    """
    share = progress.offset * 100 // max(progress.size, 1)
    pace = progress.rows_here // max(progress.took_s, 1)
    left = "" if progress.left_s is None else f", about {_span(progress.left_s)} to go"
    return f"{progress.rows} rows, {share} % of the file, {pace} rows/s{left}"


def _span(seconds: int) -> str:
    if seconds < _MINUTE_S:
        return f"{seconds} s"
    if seconds < _HOUR_S:
        return f"{seconds // _MINUTE_S} min"
    return f"{seconds // _HOUR_S} h {seconds % _HOUR_S // _MINUTE_S} min"


def _show(report: ImportReport) -> None:
    for problem in report.problems:
        left_out = "left out: " if problem.skipped else ""
        typer.echo(f"line {problem.line}: {left_out}{problem.reason}", err=True)
        typer.echo(f"→ {problem.remedy}", err=True)
    if report.unlisted:
        typer.echo(f"and {report.unlisted} more like these", err=True)
    say(
        f"{report.file}: {report.rows} rows, {report.added} added, {report.changed} changed, "
        f"{report.unchanged} unchanged, {report.skipped} left out"
    )
