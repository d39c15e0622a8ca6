"""Which test a device gets, and how its result is shown."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from agent.core.faults import NotFoundFault
from agent.daemon.checked import load_checked
from agent.daemon.doctor.finding import Finding
from agent.program.terminal import print_json, say, say_aside
from agent.settings import DeviceSettings, Settings

WITHIN_S = 60.0
"""Time to walk to the counter and back."""


class Wanted(msgspec.Struct, frozen=True):
    """How a test is to be done."""

    within_s: float = WITHIN_S
    picture: Path | None = None
    """Where the test symbol goes as a PNG; None draws it in the terminal."""
    page: bool = True
    drawer: bool | None = None
    """None: where a till uses it."""
    json: bool = False


class Trial(msgspec.Struct, frozen=True):
    """What `devices test --json` prints."""

    device: str
    kind: str
    ok: bool
    findings: list[Finding]


def try_device(config: Path, name: str, wanted: Wanted) -> int:
    """Try one device out; gives the exit code.

    Raises:
        SettingsFault: the settings cannot be used.
        NotFoundFault: `no-such-device`.
    """
    settings = load_checked(config)
    device = next((each for each in settings.devices if each.id == name), None)
    if device is None:
        known = ", ".join(each.id for each in settings.devices) or "none"
        raise NotFoundFault(
            f"there is no device {name!r} in {config}",
            remedy=f"devices there are: {known}",
            name="no-such-device",
        )
    findings = _tried(settings, device, wanted)
    trial = Trial(device.id, device.kind, all(each.ok for each in findings), findings)
    print_json(trial) if wanted.json else _show(trial)
    return int(not trial.ok)


def _tried(settings: Settings, device: DeviceSettings, wanted: Wanted) -> list[Finding]:
    from agent.daemon.trial import beside, printer, scanner

    def live(line: str) -> None:
        if not wanted.json:
            say(line)

    match device.kind:
        case "scanner":
            return scanner.try_scanner(
                settings, device, show=lambda: _show_symbol(wanted), within_s=wanted.within_s
            )
        case "printer":
            drawer = wanted.drawer
            if drawer is None:
                drawer = any(till.drawer == device.id for till in settings.tills)
            return printer.try_printer(
                settings, device, page=wanted.page, drawer=drawer, within_s=wanted.within_s
            )
        case "display":
            return beside.try_display(settings, device, live=live)
        case "scale":
            return beside.try_scale(settings, device, live=live)


def _show_symbol(wanted: Wanted) -> None:
    from agent.daemon.trial import symbol

    if wanted.picture is not None:
        symbol.as_picture(wanted.picture)
        say_aside(f"Scan a symbol of {wanted.picture} now, within {wanted.within_s:g} s.")
    else:
        if not wanted.json:
            sys.stdout.write(symbol.on_terminal())
        say_aside(f"Scan this symbol now, within {wanted.within_s:g} s.")


def _show(trial: Trial) -> None:
    for found in trial.findings:
        say(f"{'ok  ' if found.ok else 'FAIL'} {found.name:<10} {found.detail}")
        if found.remedy:
            say(f"     {'':<10} → {found.remedy}")
