"""`till-central export`: everything that was sold, for other systems."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from agent.program.terminal import print_json, say, say_aside, shows_faults

DEFAULT_CONFIG = Path("/etc/till-central/central.toml")


class What(StrEnum):
    """What to export."""

    TRANSACTIONS = "transactions"
    LINES = "lines"
    TENDERS = "tenders"
    TAXES = "taxes"
    ALL = "all"


class Format(StrEnum):
    """How it is written."""

    CSV = "csv"
    JSON = "json"


def add(app: typer.Typer) -> None:
    """Add the command to the program's."""
    app.command()(export)


@shows_faults
def export(
    what: Annotated[What | None, typer.Argument(help="What to export.")] = None,
    after: Annotated[
        str,
        typer.Option("--after", help="Where the last export ended.", metavar="CURSOR"),
    ] = "",
    out: Annotated[
        str, typer.Option("--out", help="A file; - for stdout; of `all` a directory.")
    ] = "-",
    as_: Annotated[Format, typer.Option("--format", help="csv or json.")] = Format.CSV,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="At most so many entries.")
    ] = None,
    *,
    dictionary: Annotated[
        bool, typer.Option("--dictionary", help="Print what every column means, instead.")
    ] = False,
    config: Annotated[
        Path, typer.Option("--config", help="The settings file.", metavar="FILE")
    ] = DEFAULT_CONFIG,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what was written as one JSON document.")
    ] = False,
) -> None:
    """Export sales in HQ's order, by cursor: what was exported once is never changed.

    Of `all`, DIR gets four files, and its next export into DIR goes on where this one ended.
    """
    if dictionary:
        _show_dictionary(as_json=as_json or as_ is Format.JSON)
        return
    if what is None:
        raise typer.BadParameter("name what to export", param_hint="[WHAT]")
    if out == "-" and (what is What.ALL or as_json):
        raise typer.BadParameter("name a file, or of `all` a directory", param_hint="--out")
    from central.daemon import export_commands as commands

    if what is What.ALL:
        done = commands.run_all(config, Path(out), after, as_.value, limit)
    else:
        done = commands.run_one(config, what.value, out, after, as_.value, limit)
    if as_json:
        print_json(done)
    elif out == "-":
        say_aside(f"next: --after {done.cursor}")
    else:
        rows = ", ".join(f"{count} {name}" for name, count in done.rows.items())
        say(f"{done.entries} entries: {rows}")
        say(f"next: --after {done.cursor}")


def _show_dictionary(*, as_json: bool) -> None:
    from central.reports.export.dictionary import dictionary, markdown

    told = dictionary()
    print_json(told) if as_json else say(markdown(told).rstrip())
