"""`till-central channel-token`: what a web store sends its events and asks its questions with.

Heavy rooms are imported inside the command, as in `cli`, which adds it to its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent.program.terminal import print_json, say, say_aside, shows_faults

DEFAULT_CONFIG = Path("/etc/till-central/central.toml")
Config = Annotated[Path, typer.Option("--config", help="The settings file.", metavar="FILE")]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def add(app: typer.Typer) -> None:
    """Add the command to the program's."""
    app.command("channel-token")(channel_token)


@shows_faults
def channel_token(
    channel: Annotated[str, typer.Argument(help="The channel's id in the settings.")],
    token_id: Annotated[
        str | None, typer.Argument(help="With --revoke: only this token.", metavar="[ID]")
    ] = None,
    *,
    config: Config = DEFAULT_CONFIG,
    purpose: Annotated[
        list[str] | None,
        typer.Option("--purpose", help="A use of data it may ask about in consent/check; several."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="End the channel's other tokens at once.")
    ] = False,
    revoke: Annotated[
        bool, typer.Option("--revoke", help="Take its tokens back, or the one named.")
    ] = False,
    listed: Annotated[bool, typer.Option("--list", help="List its tokens.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Give a web store a token that opens its own channel and nothing else; list, take back."""
    from central.daemon import channel_commands as commands

    if token_id is not None and not revoke:
        raise typer.BadParameter("a token's ID is named only with --revoke")
    if revoke + listed + bool(replace or purpose) > 1:
        raise typer.BadParameter("to make, to --list and to --revoke are two calls")
    if revoke:
        gone = commands.run_revoke(config, channel, token_id)
        print_json(gone) if as_json else say(f"{gone.revoked} token(s) of {channel} taken back")
    elif listed:
        _list(config, channel, as_json=as_json)
    else:
        made = commands.run_issue(config, channel, purpose or [], replace=replace)
        print_json(made) if as_json else say(made.token)
        if not as_json:
            say_aside("the web store sends it as Authorization: Bearer; it is shown only now")


def _list(config: Path, channel: str, *, as_json: bool) -> None:
    from central.daemon import channel_commands as commands

    found = commands.run_list(config, channel)
    if as_json:
        print_json(found)
        return
    for each in found:
        stands = f"ended {each.ended}" if each.ended else "valid"
        say(f"{each.id}  made {each.issued}, {stands}  {' '.join(each.purposes)}".rstrip())
    if not found:
        say_aside(f"nobody may speak for {channel} yet: till-central channel-token {channel}")
