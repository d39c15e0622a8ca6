"""`till-central candidates`: who may be one person, looked for among all customers, every night."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.program.terminal import print_json, say, say_aside, shows_faults

if TYPE_CHECKING:
    from central.identity.candidates import Found

DEFAULT_CONFIG = Path("/etc/till-central/central.toml")


class Model(StrEnum):
    """By what records are compared."""

    AUTO = "auto"
    """Splink where it is installed and has enough to learn from, else HQ's own rules."""
    OWN = "own"
    SPLINK = "splink"


def add(app: typer.Typer) -> None:
    """Add the command to the program's."""
    app.command("candidates")(candidates)


@shows_faults
def candidates(
    model: Annotated[
        Model,
        typer.Option(
            "--model", help="auto: Splink where the extra `linkage` is installed, else own rules."
        ),
    ] = Model.AUTO,
    config: Annotated[
        Path, typer.Option("--config", help="The settings file.", metavar="FILE")
    ] = DEFAULT_CONFIG,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document and nothing else.")
    ] = False,
) -> None:
    """Look for customers who may be one person, and put them before the steward.

    Nobody is merged by it: what it finds is asked on the console. A serving HQ may run beside.
    """
    found = _run(config, model)
    print_json(found) if as_json else _show(found)


def _run(config: Path, model: Model) -> Found:
    from uuid_utils import uuid7

    from central.daemon.commands import ledger
    from central.daemon.state import utc_now
    from central.identity import candidate_rules, candidate_splink
    from central.identity.candidates import look_for_candidates

    with ledger(config) as (_, engine):
        chosen = _chosen(model)
        if chosen is Model.SPLINK:
            name, propose = candidate_splink.version(), candidate_splink.propose
        else:
            name, propose = candidate_rules.RULE, candidate_rules.propose
        return look_for_candidates(engine, name, propose, run=str(uuid7()), at=utc_now())


def _chosen(model: Model) -> Model:
    from central.identity.candidate_splink import is_installed

    if model is not Model.AUTO:
        return model
    if is_installed():
        return Model.SPLINK
    say_aside("Splink is not installed (extra `linkage`): HQ's own rules are used")
    return Model.OWN


def _show(found: Found) -> None:
    say(
        f"{found.model}: {found.records} persons compared in {found.took_s} s, {found.pairs} pairs "
        f"may be one person: {found.proposed} new, {found.withdrawn} withdrawn"
    )
    if found.pairs:
        say("see /candidates of the console")
