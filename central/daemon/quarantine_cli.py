"""`till-central quarantine`: what is set aside, and what a person decides about it."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from agent.program.terminal import print_json, say, shows_faults

DEFAULT_CONFIG = Path("/etc/till-central/central.toml")
Config = Annotated[Path, typer.Option("--config", help="The settings file.", metavar="FILE")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stays in the audit.")]
Actor = Annotated[str, typer.Option("--actor", help="Who decides; else the user logged in.")]
Entries = Annotated[
    list[str] | None, typer.Argument(help="Entries, as JOURNAL:SEQ.", metavar="[JOURNAL:SEQ...]")
]
Name = Annotated[str | None, typer.Option("--name", help="Only what is set aside for this.")]
Store = Annotated[str | None, typer.Option("--store", help="Only what is of this store.")]

quarantine = typer.Typer(
    help="What was received and could not be applied: list it, replay it, void it.",
    no_args_is_help=True,
)


def add(app: typer.Typer) -> None:
    """Add the commands to the program's."""
    app.add_typer(quarantine, name="quarantine")


@quarantine.command("list")
@shows_faults
def list_(
    name: Name = None,
    store: Store = None,
    audit: Annotated[
        bool, typer.Option("--audit", help="What was decided so far, instead.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonFlag = False,
) -> None:
    """Show what is set aside and why, and what was decided."""
    from central.daemon import quarantine_commands as commands
    from central.daemon import quarantine_tables as tables

    if audit:
        decisions = commands.run_audit(config)
        print_json(decisions) if as_json else tables.show_decisions(decisions)
        return
    found = commands.run_list(config, name, store)
    print_json(found) if as_json else tables.show_aside(found)


@quarantine.command()
@shows_faults
def replay(
    entries: Entries = None,
    *,
    reason: Reason,
    actor: Actor = "",
    name: Name = None,
    store: Store = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that waits.")] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonFlag = False,
) -> None:
    """Try again: some entries, all of one name or store, or all. What succeeds counts once."""
    from central.daemon import quarantine_commands as commands
    from central.daemon import quarantine_tables as tables

    if not (entries or name or store or everything):
        raise typer.BadParameter("name entries, --name, --store or --all", param_hint="ENTRIES")
    replayed = commands.run_replay(
        config, entries or [], name, store, actor=_actor(actor), reason=reason
    )
    print_json(replayed) if as_json else tables.show_replayed(replayed)
    raise typer.Exit(0 if replayed.applied == replayed.tried else 1)


@quarantine.command()
@shows_faults
def void(
    entries: Entries = None,
    *,
    reason: Reason,
    actor: Actor = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take the void back.")] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonFlag = False,
) -> None:
    """Decide that entries must never count; they are kept, and --undo takes it back."""
    from central.daemon import quarantine_commands as commands

    if not entries:
        raise typer.BadParameter("name at least one entry", param_hint="JOURNAL:SEQ")
    decided = commands.run_void(config, entries, actor=_actor(actor), reason=reason, undo=undo)
    if as_json:
        print_json(decided)
        return
    for each in decided:
        what = "void" if each.voided_at else "waits again"
        say(f"{each.journal_id}:{each.seq} {what} ({each.name})")


def _actor(named: str) -> str:
    return named or getpass.getuser()
