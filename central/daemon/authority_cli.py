"""Commands of HQ's authority: backups and their way back, erasures, revocations.

Heavy rooms are imported inside the commands, as in `cli`, which adds these to its own.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from agent.program.terminal import print_json, say, shows_faults

DEFAULT_CONFIG = Path("/etc/till-central/central.toml")
Config = Annotated[Path, typer.Option("--config", help="The settings file.", metavar="FILE")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A person's id; anything else names an entry."""
Reason = Annotated[str, typer.Option("--reason", help="For HQ's books: who asked, and why.")]


def add(app: typer.Typer) -> None:
    """Add the commands to the program's."""
    for command in (backup, restore, erase, revoke, renew_keys):
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
    what: Annotated[
        list[str],
        typer.Argument(
            help="A person's id, or entries as JOURNAL:SEQ.", metavar="PARTY | JOURNAL:SEQ..."
        ),
    ],
    reason: Reason,
    verified_by: Annotated[
        list[str] | None,
        typer.Option(help="Of a person: how it was made sure that it is them, as a kind."),
    ] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonFlag = False,
) -> None:
    """Have a person erased everywhere, or the text of entries; their place in the chain stays.

    Of a person it says what stays under which law, and which replica is still waited for; asked
    again, it looks again.
    """
    from central.daemon import authority, authority_tables

    if len(what) == 1 and _UUID.fullmatch(what[0]):
        proof = authority.run_erase_person(config, what[0], tuple(verified_by or ()), reason)
        print_json(proof) if as_json else authority_tables.show_proof(proof)
        return
    ordered = authority.run_erase(config, what, reason)
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


@shows_faults
def renew_keys(
    reason: Reason,
    scope: Annotated[
        list[str] | None, typer.Argument(help="`global`, `store:ID`; none: all.", metavar="SCOPE")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: JsonFlag = False,
) -> None:
    """Seal customers with new keys from now on, for example after a till was stolen.

    Every till takes the new key by itself and reads its customers anew; who has the
    old one reads nothing that HQ tells from now on. Revoke a stolen device first:
    the new key is given to every device that HQ still admits.
    """
    from central.daemon import authority, authority_tables

    renewed = authority.run_renew_keys(config, scope or [], reason)
    print_json(renewed) if as_json else authority_tables.show_renewed(renewed)
