"""The command line of `till-agent`. Exit codes: 0 success, 1 a found fault, 2 wrong use.

Commands ask the running daemon; those that must open files do so only while no daemon holds the
journal's lock. Heavy rooms are imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from agent.daemon.journal_cli import journal
from agent.daemon.options import DEFAULT_CONFIG, Config
from agent.program.terminal import JsonFlag, print_json, say, shows_faults

app = typer.Typer(
    name="till-agent",
    help="The daemon beside a shop's till: devices, offline-first sales, customers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(journal, name="journal")
devices_app = typer.Typer(help="List the devices, or try one of them out.")
app.add_typer(devices_app, name="devices")
receipt = typer.Typer(help="Look at receipts before a customer does.", no_args_is_help=True)
app.add_typer(receipt, name="receipt")


@app.command()
@shows_faults
def run(config: Config = DEFAULT_CONFIG) -> None:
    """Run the daemon in the foreground, as the service does."""
    from agent.daemon.checked import load_checked

    # A mistake in the settings is said before the second that the daemon takes to be loaded.
    settings = load_checked(config)
    from agent.daemon.run import run_daemon

    run_daemon(settings, config)


@app.command()
@shows_faults
def demo(
    script: Annotated[bool, typer.Option("--script", help="Play the story and check it.")] = False,
    directory: Annotated[
        Path | None, typer.Option("--dir", help="Keep all state here, and keep it.")
    ] = None,
    patience: Annotated[
        float, typer.Option(min=1.0, help="How many times slower a busy machine may be.")
    ] = 1.0,
) -> None:
    """Run a whole shop and its HQ on this machine, with a played scanner and printer."""
    from agent.daemon.demo.main import run_demo

    raise typer.Exit(run_demo(scripted=script, directory=directory, patience=patience))


@app.command()
@shows_faults
def setup(
    config: Config = DEFAULT_CONFIG,
    answers: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Answer beforehand, as store.id=store-0001.", metavar="KEY=VALUE"
        ),
    ] = None,
    code: Annotated[str | None, typer.Option(help="The one-time code from HQ.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; take what was found.")] = False,
    seal: Annotated[
        bool,
        typer.Option("--seal-image", help="Make this disk one that may be copied to machines."),
    ] = False,
) -> None:
    """Find a scanner and a printer, test both, write the settings, enrol with HQ."""
    if seal:
        from agent.daemon.setup.sealing import seal_image

        seal_image(config)
        return
    from agent.daemon.setup import WrongAnswer, run_setup

    given = dict(answer.partition("=")[::2] for answer in answers or [])
    try:
        run_setup(config, given, code, ask=not yes)
    except WrongAnswer as fault:
        raise typer.BadParameter(str(fault), param_hint="--set") from fault


@app.command("check-config")
@shows_faults
def check_config(
    file: Annotated[Path, typer.Argument(help="The settings file to check.")],
) -> None:
    """Check a settings file: every error at once, each with what to write instead."""
    from agent.daemon.checked import load_checked
    from agent.daemon.receipts import load_template, logo_notes

    settings = load_checked(file)
    say(f"{file} is good: store {settings.store.id}, {len(settings.tills)} till(s).")
    for note in logo_notes(settings, load_template(settings)):
        say(f"note: {note.path}: {note.detail}; {note.remedy}")


@app.command()
@shows_faults
def doctor(config: Config = DEFAULT_CONFIG, json: JsonFlag = False) -> None:
    """Find what is wrong on this machine, and say what to do about it."""
    from agent.daemon.doctor import examine, show

    findings = examine(config)
    print_json(findings) if json else show(findings)
    raise typer.Exit(int(any(not finding.ok for finding in findings)))


@app.command()
@shows_faults
def status(
    config: Config = DEFAULT_CONFIG,
    json: JsonFlag = False,
    unsent: Annotated[
        bool, typer.Option("--unsent", help="Print only the number of records HQ lacks.")
    ] = False,
) -> None:
    """Say how the tills, the devices and the way to HQ are, and what HQ does not have yet."""
    from agent.daemon.status import gather, show

    report = gather(config)
    if unsent:
        say(str(report.unsent))
    elif json:
        print_json(report)
    else:
        show(report)
    raise typer.Exit(int(not unsent and not report.running))


@devices_app.callback(invoke_without_command=True)
@shows_faults
def devices(
    context: typer.Context,
    config: Config = DEFAULT_CONFIG,
    models: Annotated[
        bool, typer.Option("--models", help="List the models of printers, scales and displays.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """List the devices with their state, or the models there are; or try one of them out."""
    from agent.daemon.devices import list_devices, list_models

    if context.invoked_subcommand is None:
        list_models(json=json) if models else list_devices(config, json=json)
    else:
        context.obj = config


@devices_app.command("test")
@shows_faults
def devices_test(
    context: typer.Context,
    device: Annotated[str, typer.Argument(help="The device's id in the settings.")],
    *,
    config: Annotated[
        Path | None, typer.Option("--config", help="The settings file.", metavar="FILE")
    ] = None,
    within: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds to wait for it.", metavar="S")
    ] = 60.0,
    png: Annotated[
        Path | None,
        typer.Option("--png", help="Draw a scanner's test symbol here.", metavar="FILE"),
    ] = None,
    page: Annotated[bool, typer.Option(help="Print a printer's test page.")] = True,
    drawer: Annotated[
        bool | None, typer.Option(help="Kick a printer's drawer; else where a till uses it.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Try one device out, and say what to set right: symbol, page, drawer, text or weight."""
    from agent.daemon.trial.command import Wanted, try_device

    wanted = Wanted(within_s=within, picture=png, page=page, drawer=drawer, json=json)
    raise typer.Exit(try_device(config or context.obj, device, wanted))


@devices_app.command("claim")
@shows_faults
def devices_claim(
    context: typer.Context,
    device: Annotated[str, typer.Argument(help="A scanner that several tills share.")],
    till: Annotated[str, typer.Argument(help="The till that is to have it.")],
    *,
    config: Annotated[
        Path | None, typer.Option("--config", help="The settings file.", metavar="FILE")
    ] = None,
    release: Annotated[bool, typer.Option("--release", help="Give it back.")] = False,
    json: JsonFlag = False,
) -> None:
    """Give a scanner that several tills share to one of them, or take it back."""
    from agent.daemon.claiming import turn_claim

    turn_claim(config or context.obj, device, till, release=release, json=json)


@app.command()
@shows_faults
def pair(
    till: Annotated[str, typer.Argument(help="The till's id in the settings.")],
    token_id: Annotated[
        str | None, typer.Argument(help="With --revoke: only this token.", metavar="[ID]")
    ] = None,
    config: Config = DEFAULT_CONFIG,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Take its tokens back, or the one named.")
    ] = False,
    listed: Annotated[
        bool, typer.Option("--list", help="List its tokens with their last use.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Give a till page or POS software a token for one till; list them, take them back."""
    from agent.daemon.pairing import list_tokens, pair_till, unpair_till

    if token_id is not None and not revoke:
        raise typer.BadParameter("a token's ID is named only with --revoke")
    if revoke and listed:
        raise typer.BadParameter("--revoke and --list are two calls")
    if revoke:
        unpair_till(config, till, token_id, json=json)
    elif listed:
        list_tokens(config, till, json=json)
    else:
        pair_till(config, till, json=json)


@app.command("browser-policy")
@shows_faults
def browser_policy(config: Config = DEFAULT_CONFIG) -> None:
    """Print the Chromium policy that lets the web till of the settings reach this agent."""
    from agent.daemon.browser_policy import show_policy

    show_policy(config)


@app.command()
@shows_faults
def enrol(
    code: Annotated[str, typer.Argument(help="The one-time code: till-central enrol-code.")],
    config: Config = DEFAULT_CONFIG,
    till: Annotated[str | None, typer.Option(help="The till the code is for.")] = None,
) -> None:
    """Introduce a till to HQ with a one-time code."""
    from agent.daemon.enrolment import enrol_till

    enrol_till(config, code, till)


@app.command("renew-key")
@shows_faults
def renew_key(config: Config = DEFAULT_CONFIG, json: JsonFlag = False) -> None:
    """Sign by a new device key from now on; HQ agrees first, the old one holds until then."""
    from agent.daemon.renewing import renew_device_key

    renew_device_key(config, json=json)


@app.command("import-items")
@shows_faults
def import_items(
    file: Annotated[Path, typer.Argument(help="CSV with a header line.")],
    config: Config = DEFAULT_CONFIG,
    json: JsonFlag = False,
) -> None:
    """Read the catalogue from a file, where there is no HQ to send it."""
    from agent.daemon.catalogue_import import import_catalogue

    raise typer.Exit(import_catalogue(config, file, json=json))


@app.command()
@shows_faults
def backup(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="On a second medium.")],
    config: Config = DEFAULT_CONFIG,
    json: JsonFlag = False,
) -> None:
    """Copy the journal while the tills sell, and read the copy back; the device key stays here."""
    from agent.daemon.backups import back_up_journal

    back_up_journal(config, directory, json=json)


@receipt.command("preview")
@shows_faults
def receipt_preview(
    *,
    config: Annotated[
        Path | None, typer.Option(help="The settings file; samples need none.", metavar="FILE")
    ] = None,
    template: Annotated[Path | None, typer.Option(help="Try this template file.")] = None,
    sale: Annotated[str | None, typer.Option(help="A sale's id or receipt number.")] = None,
    sample: Annotated[str, typer.Option(help="sale, copy, return, z-report or cash.")] = "sale",
    language: Annotated[str | None, typer.Option(help="For example de, or de-CH.")] = None,
    columns: Annotated[int | None, typer.Option(min=16, max=256, help="Of the paper.")] = None,
    form: Annotated[
        str, typer.Option("--format", help="text, html, png, escpos or star.")
    ] = "text",
    model: Annotated[str | None, typer.Option(help="A printer's: devices --models.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write it to this file.")] = None,
) -> None:
    """Show what a receipt template prints: samples without a daemon, or a sale of the journal."""
    from agent.daemon.preview import Preview, preview

    preview(
        Preview(
            config=config or DEFAULT_CONFIG,
            given=config is not None,
            template=template,
            sale=sale,
            sample=sample,
            language=language,
            columns=columns,
            format=form,
            model=model,
            out=out,
        )
    )


def main() -> None:
    """Run the command line.

    The service's own command line is read here: typer reads arguments by pydantic, which would stay
    in the daemon's memory (6 MB) for the one path it was given.
    """
    match sys.argv[1:]:
        case ["run", "--config", config]:
            try:
                run(Path(config))
            except typer.Exit as ended:
                sys.exit(ended.exit_code)
        case _:
            app()


if __name__ == "__main__":
    main()
