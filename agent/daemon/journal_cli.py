"""`till-agent journal …`: the commands that look into the journal, or move what it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent.daemon.options import DEFAULT_CONFIG, Config
from agent.program.terminal import JsonFlag, shows_faults

journal = typer.Typer(help="Look into the journal of sales.", no_args_is_help=True)


@journal.command("verify")
@shows_faults
def journal_verify(
    config: Config = DEFAULT_CONFIG,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="Check this exported file, or this backup, instead."),
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Check every link and every body of every journal; says what HQ lacks of it."""
    from agent.daemon.journals import verify_file, verify_journals

    if file is not None:
        raise typer.Exit(verify_file(file, json=json))
    raise typer.Exit(verify_journals(config, json=json))


@journal.command("tail")
@shows_faults
def journal_tail(
    config: Config = DEFAULT_CONFIG,
    lines: Annotated[int, typer.Option("-n", min=1, help="How many entries of each.")] = 10,
    json: JsonFlag = False,
) -> None:
    """Show the last entries of every journal."""
    from agent.daemon.journals import tail_journals

    tail_journals(config, lines, json=json)


@journal.command("export")
@shows_faults
def journal_export(
    file: Annotated[Path, typer.Argument(help="A new file; one JSON record per line.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write every record of every journal to a signed file that proves itself."""
    from agent.daemon.journals import export_journals

    export_journals(config, file)


@journal.command("import")
@shows_faults
def journal_import(
    file: Annotated[Path, typer.Argument(help="Of: journal export, or a backup.")],
    config: Config = DEFAULT_CONFIG,
    json: JsonFlag = False,
) -> None:
    """Take in the journals of another disk, sealed, so that HQ gets what it lacks of them."""
    from agent.daemon.journals import import_journals

    import_journals(config, file, json=json)


@journal.command("salvage")
@shows_faults
def journal_salvage(
    config: Config = DEFAULT_CONFIG,
    yes: Annotated[
        bool, typer.Option("--yes", help="Begin successor journals though this one is sound.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Put a damaged journal aside and go on in a new one with all that can be read of it."""
    from agent.daemon.salvaging import salvage_journal

    salvage_journal(config, yes=yes, json=json)
