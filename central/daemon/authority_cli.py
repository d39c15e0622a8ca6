"""Commands of HQ's authority: backups and their way back, erasures, revocations.

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
Reason = Annotated[str, typer.Option("--reason", help="For HQ's books: who asked, and why.")]


def add(app: typer.Typer) -> None:
    """Add the commands to the program's."""
    for command in (backup, restore, erase, revoke):
        app.command()(command)


@shows_faults
def backup(
    directory: Annotated[
        Path | None, typer.Argument(help="Where backups are kept.", metavar="DIR")
    ] = None,
    *,
    keep: Annotated[int, typer.Option(min=1, help="How many of those in DIR stay.")] = 35,
    with_root_key: Annotated[
        bool, typer.Option("--with-root-key", help="Put the root key in: who has both is HQ.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Take none: verify every backup of the list.")
    ] = False,
    forget: Annotated[
        str, typer.Option(help="Take none: strike a backup that is gone off the list.")
    ] = "",
    config: Config = DEFAULT_CONFIG,
    as_json: JsonFlag = False,
) -> None:
    """Take a backup while HQ serves, verify it by opening it, and let stores prune by it."""
    from central.daemon import authority, authority_tables

    if forget:
        authority.run_forget(config, forget)
        say(f"{forget} is off the list")
    elif check:
        checked = authority.run_check(config)
        print_json(checked) if as_json else authority_tables.show_checked(checked)
        raise typer.Exit(0 if checked.ok else 1)
    elif directory is None:
        raise typer.BadParameter("name the directory to keep the backup in", param_hint="DIR")
    else:
        made = authority.run_backup(config, directory, keep=keep, with_root_key=with_root_key)
        print_json(made) if as_json else authority_tables.show_made(made)
        raise typer.Exit(1 if made.faults else 0)


@shows_faults
def restore(
    place: Annotated[Path, typer.Argument(help="The backup's directory.", metavar="BACKUP")],
    config: Config = DEFAULT_CONFIG,
    as_json: JsonFlag = False,
) -> None:
    """Put HQ back to a backup while it is stopped; the tills send again what is missing in it.

    The database it replaces is kept beside it. Cut off at any moment, nothing is
    lost: run it once more. Until it is done, an SQLite database is the old one, as
    it was; on PostgreSQL the old one is kept under another schema's name, and
    till-central serve refuses the unfinished one.
    """
    from central.daemon import authority, authority_tables

    restored = authority.run_restore(config, place)
    print_json(restored) if as_json else authority_tables.show_restored(restored)


@shows_faults
def erase(
    entries: Annotated[
        list[str], typer.Argument(help="Entries, as JOURNAL:SEQ.", metavar="JOURNAL:SEQ...")
    ],
    reason: Reason,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonFlag = False,
) -> None:
    """Have the text of entries erased here and in their stores; their place in the chain stays."""
    from central.daemon import authority, authority_tables

    ordered = authority.run_erase(config, entries, reason)
    print_json(ordered) if as_json else authority_tables.show_ordered(ordered)


@shows_faults
def revoke(
    device: Annotated[
        list[str], typer.Argument(help="STORE TILL, or a key id.", metavar="STORE TILL | KEYID")
    ],
    reason: Reason,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonFlag = False,
) -> None:
    """Let a device in never again, for example a stolen one; a new one gets a new code."""
    from central.daemon import authority, authority_tables

    if len(device) > 2:
        raise typer.BadParameter("name a store and a till, or one key id", param_hint="STORE TILL")
    ordered = authority.run_revoke(config, device, reason)
    print_json(ordered) if as_json else authority_tables.show_ordered(ordered)
