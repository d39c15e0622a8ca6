"""`till-central loyalty`: the programme in force, and what of points and gift cards needs a person.

Heavy rooms are imported inside the commands, as in `cli`, which adds these to its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent.program.terminal import print_json, say, shows_faults

DEFAULT_CONFIG = Path("/etc/till-central/central.toml")
Config = Annotated[Path, typer.Option("--config", help="The settings file.", metavar="FILE")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]

loyalty = typer.Typer(
    help="Points and gift cards: the programme in force, and what needs a person.",
    no_args_is_help=True,
)


def add(app: typer.Typer) -> None:
    """Add the commands to the program's."""
    app.add_typer(loyalty, name="loyalty")


@loyalty.command()
@shows_faults
def programme(
    file: Annotated[
        Path | None, typer.Argument(help="TOML or JSON; absent: show the one in force.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonFlag = False,
) -> None:
    """Put a programme in force at every till, or show the one that is."""
    from central.daemon import value_commands as commands

    found = commands.run_programme(config, file)
    if as_json:
        print_json(found)
        return
    for line in commands.told(found):
        say(line)


@loyalty.command()
@shows_faults
def worklist(config: Config = DEFAULT_CONFIG, as_json: JsonFlag = False) -> None:
    """List who owes value, and which leases and refunds do not add up; 1 where there is any."""
    from central.daemon import value_commands as commands

    found = commands.run_worklist(config)
    if as_json:
        print_json(found)
    for each in () if as_json else found.findings:
        say(f"{each.name} {each.owner}: {each.detail}")
        say(f"→ {each.remedy}")
    raise typer.Exit(1 if found.findings else 0)


@loyalty.command()
@shows_faults
def expire(config: Config = DEFAULT_CONFIG, as_json: JsonFlag = False) -> None:
    """Book as ended the points whose last day is over; `serve` does so by itself."""
    from central.daemon import value_commands as commands

    found = commands.run_expire(config)
    if as_json:
        print_json(found)
        return
    say(f"{found.customers} customers looked at")
