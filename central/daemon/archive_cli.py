"""`till-central import-journal`: a journal that comes as a file instead of over the network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.program.terminal import print_json, say, say_aside, shows_faults

if TYPE_CHECKING:
    from central.intake.archives import Imported

DEFAULT_CONFIG = Path("/etc/till-central/central.toml")


def add(app: typer.Typer) -> None:
    """Add the command to the program's."""
    app.command("import-journal")(import_journal)


@shows_faults
def import_journal(
    file: Annotated[Path, typer.Argument(help="Of till-agent journal export.", metavar="FILE")],
    approve: Annotated[
        str, typer.Option("--approve", help="Who vouches for a device HQ does not know.")
    ] = "",
    config: Annotated[
        Path, typer.Option("--config", help="The settings file.", metavar="FILE")
    ] = DEFAULT_CONFIG,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document and nothing else.")
    ] = False,
) -> None:
    """Take in the journals of an exported file: of an old disk, or of a till without a network."""
    done = _run(config, file, approve)
    print_json(done) if as_json else _show(done)
    raise typer.Exit(0 if all(each.is_good for each in done.journals) else 1)


def _run(config: Path, file: Path, approve: str) -> Imported:
    """Take a file in and give its entries their effect; a serving HQ may run beside.

    Raises:
        ArchiveRefused, NotApproved, InputFault: nothing was kept.
    """
    from central.daemon.commands import ledger
    from central.daemon.evidence import evidence
    from central.daemon.keys import opening_of
    from central.daemon.state import root_key, utc_now
    from central.histories.applier import Applier
    from central.intake.archives import import_archive

    with ledger(config) as (settings, engine):
        key = root_key(Path(settings.central.state_dir), engine)
        done = import_archive(engine, key, file, utc_now(), approved_by=approve)
        Applier(engine, utc_now, take_back=evidence(key), open_body=opening_of(key)).apply_pending()
    return done


def _show(done: Imported) -> None:
    vouched = ", on somebody's word" if done.approved else ""
    say(f"{done.file}: of {done.store}, written {done.made_at}{vouched}")
    for each in done.journals:
        say(
            f"  {each.store} {each.till} {each.lane:<5} {each.entries} entries: {each.outcome}, "
            f"HQ had {each.before_seq}, has {each.after_seq}"
        )
        if not each.is_good:
            say_aside(f"  → {each.detail}; the rest of journal {each.journal_id} was not taken in")
