"""`till-central settle`: who is one person, worked out anew from everything that was ever said."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent.program.terminal import print_json, say, shows_faults

DEFAULT_CONFIG = Path("/etc/till-central/central.toml")


def add(app: typer.Typer) -> None:
    """Add the command to the program's."""
    app.command("settle")(settle)


@shows_faults
def settle(
    config: Annotated[
        Path, typer.Option("--config", help="The settings file.", metavar="FILE")
    ] = DEFAULT_CONFIG,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document and nothing else.")
    ] = False,
) -> None:
    """Work out anew who is one person, by this version's rules; merges people made stay.

    Needed after an update that changed a rule, and harmless at any time: by the same rules
    everybody stays who they were. A serving HQ may run beside.
    """
    from central.daemon.commands import ledger
    from central.identity.graph import settled_anew

    with ledger(config) as (_, engine):
        found = settled_anew(engine)
    if as_json:
        print_json(found)
    else:
        say(f"{found.parties} ids settled, {found.moved} shown under another id than before")
