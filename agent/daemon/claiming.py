"""`till-agent devices claim` and `release`: which of the tills that share a scanner has it now."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import msgspec

from agent.core.identifiers import DeviceId
from agent.daemon.control import ask
from agent.devices.claims import Ownership
from agent.program.terminal import print_json, say
from agent.settings import Settings, load


def turn_claim(config: Path, device: str, till: str, *, release: bool, json: bool) -> None:
    """Claim a scanner for a till, or give it back.

    Raises:
        DaemonAway: it does not run; claims are its own.
        DaemonAnswered: another till has it, or the till does not name it.
    """
    settings = load(config)
    what = "release" if release else "claim"
    path = f"/v1/tills/{quote(till, safe='')}/scanners/{quote(device, safe='')}/{what}"
    seen = msgspec.convert(ask(settings, "POST", path), Ownership)
    if json:
        print_json(seen)
    else:
        say(f"{seen.device} is {f'for {seen.owner}' if seen.owner else 'for nobody now'}")


def owners(settings: Settings) -> dict[DeviceId, Ownership]:
    """Ask the daemon whose the scanners are that several tills share.

    Raises:
        DaemonAway: it does not run.
    """
    found: dict[DeviceId, Ownership] = {}
    for till in settings.tills:
        told = ask(settings, "GET", f"/v1/tills/{till.id}/scanners")
        found |= {each.device: each for each in msgspec.convert(told, list[Ownership])}
    return {device: each for device, each in found.items() if len(each.tills) > 1}
