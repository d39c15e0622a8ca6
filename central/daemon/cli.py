"""The command line of `till-central`. Exit codes: 0 success, 1 a found fault, 2 wrong use.

Heavy rooms are imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent.program.terminal import print_json, say, shows_faults
from central.daemon import (
    archive_cli,
    authority_cli,
    candidates_cli,
    channel_cli,
    export_cli,
    quarantine_cli,
    settle_cli,
    value_cli,
)

DEFAULT_CONFIG = Path("/etc/till-central/central.toml")

app = typer.Typer(
    name="till-central",
    help="HQ: takes the journals of all tills, keeps one history per customer, feeds the tills.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
ledger = typer.Typer(help="Look into what was received.", no_args_is_help=True)
app.add_typer(ledger, name="ledger")
authority_cli.add(app)
archive_cli.add(app)
quarantine_cli.add(app)
export_cli.add(app)
candidates_cli.add(app)
channel_cli.add(app)
settle_cli.add(app)
value_cli.add(app)

Config = Annotated[Path, typer.Option("--config", help="The settings file.", metavar="FILE")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
CsvFile = Annotated[Path, typer.Argument(help="The CSV file.", metavar="FILE")]


@app.command()
@shows_faults
def serve(
    config: Config = DEFAULT_CONFIG,
    new_staff_token: Annotated[
        bool, typer.Option("--new-staff-token", help="Replace the staff token, and print it.")
    ] = False,
) -> None:
    """Run HQ in the foreground, as the service does."""
    from central.daemon.settings import load

    # A mistake in the settings is said before the second that HQ takes to be loaded.
    settings = load(config)
    from central.daemon import serve as serving

    serving.serve(settings, say, new_staff_token=new_staff_token)


@app.command()
@shows_faults
def migrate(config: Config = DEFAULT_CONFIG, as_json: JsonFlag = False) -> None:
    """Bring the database to this version; makes it where there is none."""
    from central.daemon.commands import run_migrate

    migrated = run_migrate(config)
    if as_json:
        print_json(migrated)
    elif migrated.before == migrated.after:
        say(f"schema {migrated.after}: nothing to do")
    else:
        say(f"schema {migrated.before or 'none'} -> {migrated.after}")


@app.command("enrol-code")
@shows_faults
def enrol_code(
    store: Annotated[
        str, typer.Argument(help="The store's id in the agent's settings.", metavar="STORE")
    ],
    till: Annotated[
        str, typer.Argument(help="The till's id in the agent's settings.", metavar="TILL")
    ],
    config: Config = DEFAULT_CONFIG,
    as_json: JsonFlag = False,
) -> None:
    """Make a one-time code that lets one till in, within 24 hours."""
    from central.daemon.commands import run_enrol_code

    made = run_enrol_code(config, store, till)
    if as_json:
        print_json(made)
    else:
        say(made.code)
        typer.echo(
            f"On the till, within {made.hours} hours: till-agent enrol {made.code}", err=True
        )


@app.command("import-items")
@shows_faults
def import_items(file: CsvFile, config: Config = DEFAULT_CONFIG, as_json: JsonFlag = False) -> None:
    """Take in the catalogue: names, codes, prices, taxes; the tills follow by themselves.

    Sales come in meanwhile. Cut off, it is run again: nothing counts twice.
    """
    from central.channels.imports import import_items as imported
    from central.daemon.importing import run_import

    run_import(imported, file, config, as_json=as_json)


@app.command("import-customers")
@shows_faults
def import_customers(
    file: CsvFile, config: Config = DEFAULT_CONFIG, as_json: JsonFlag = False
) -> None:
    """Take in customers of another system, with cards, contacts and consents.

    Sales come in meanwhile, and it says how long it will take. Cut off, it is run again with the
    same file and goes on where it was: nobody is there twice.
    """
    from functools import partial

    from central.channels.imports import import_customers as imported
    from central.daemon.importing import Watched, run_import

    watched = partial(imported, watch=Watched())
    run_import(watched, file, config, as_json=as_json, prepare=True)


@app.command()
@shows_faults
def status(config: Config = DEFAULT_CONFIG, as_json: JsonFlag = False) -> None:
    """Show of every store whether everything is in, and what is missing since when."""
    from central.daemon.commands import run_status
    from central.daemon.tables import show_status

    found = run_status(config)
    if as_json:
        print_json(found)
    else:
        show_status(found)


@ledger.command()
@shows_faults
def verify(config: Config = DEFAULT_CONFIG, as_json: JsonFlag = False) -> None:
    """Recompute every chain from its beginning, every body, every receipt number."""
    from central.daemon.commands import run_verify
    from central.daemon.tables import show_verified

    found = run_verify(config)
    if as_json:
        print_json(found)
    else:
        show_verified(found)
    raise typer.Exit(0 if found.ok else 1)


def main() -> None:
    """Run the program."""
    app()


if __name__ == "__main__":
    main()
