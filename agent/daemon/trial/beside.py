"""A line display and a scale tried out: a text is shown, weights are read for some seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from agent.contracts.devices import DeviceFault, Display, Scale, WeightReading
from agent.core.faults import Fault
from agent.daemon.control import DaemonAnswered, DaemonAway, ask
from agent.daemon.doctor.finding import Finding, from_fault, ill, well
from agent.settings import DeviceSettings, Settings
from drivers.displays.making import display
from drivers.scales.making import scale

WEIGH_S = 5.0
WITHIN_MS = 500
_PATIENCE_S = 5.0
SHOWN = ("till-agent: 1234567", "Café 3,50 äöü ЖΩ")

Live = Callable[[str], None]
"""Takes a line to be shown while the test runs."""


def try_display(settings: Settings, device: DeviceSettings, *, live: Live) -> list[Finding]:
    """Show a text, through the daemon where it runs, else at the display itself."""
    till = next((till.id for till in settings.tills if till.display == device.id), None)
    try:
        if _runs(settings):
            if till is None:
                return [_unused(device, "display")]
            ask(settings, "POST", f"/v1/tills/{till}/display", {"lines": list(SHOWN)})
        else:
            asyncio.run(_show(display(device)))
    except Fault as fault:
        return [from_fault("text", fault)]
    live("\n".join(SHOWN))
    return [well("text", f"sent: {' / '.join(SHOWN)}", "compare it with the display")]


def try_scale(settings: Settings, device: DeviceSettings, *, live: Live) -> list[Finding]:
    """Read weights for some seconds; one must be stable, or zero."""
    till = next((till.id for till in settings.tills if till.scale == device.id), None)
    try:
        if not _runs(settings):
            return _judged(asyncio.run(_weights(scale(device), live)))
        if till is None:
            return [_unused(device, "scale")]
        return [_asked(settings, till, live)]
    except Fault as fault:
        return [from_fault("weight", fault)]


def _runs(settings: Settings) -> bool:
    try:
        ask(settings, "GET", "/v1/status")
    except DaemonAway:
        return False
    return True


def _unused(device: DeviceSettings, kind: str) -> Finding:
    return ill(
        "till",
        f"no till uses {device.id!r}, so the daemon cannot be asked for it",
        f'set {kind} = "{device.id}" in a [[till]]; or stop the daemon for this test',
    )


async def _show(driver: Display) -> None:
    async with asyncio.timeout(_PATIENCE_S), driver.open() as screen:
        await screen.show(SHOWN)


def _asked(settings: Settings, till: str, live: Live) -> Finding:
    """Ask the daemon for weights; what it cannot give, it explains."""
    end = time.monotonic() + WEIGH_S
    last = ill("weight", "the scale was not asked", "try again")
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            told = ask(settings, "GET", f"/v1/tills/{till}/weight?within_ms={WITHIN_MS}")
        except DaemonAnswered as fault:
            last = from_fault("weight", fault)
        else:
            last = well("weight", f"{told['grams']} g, stable")
        live(last.detail)
        # A weight at rest is answered at once; a line every half second can still be read.
        time.sleep(max(0.0, WITHIN_MS / 1000 - (time.monotonic() - began)))
    return last


async def _weights(driver: Scale, live: Live) -> list[WeightReading]:
    readings: list[WeightReading] = []
    try:
        async with asyncio.timeout(WEIGH_S), driver.open() as answers:
            async for reading in answers:
                if not readings or _said(reading) != _said(readings[-1]):
                    live(_said(reading))
                readings.append(reading)
    except TimeoutError:
        pass  # the time of the test is over
    return readings


def _judged(readings: list[WeightReading]) -> list[Finding]:
    if not readings:
        fault = DeviceFault(
            f"the scale said nothing for {WEIGH_S:g} s",
            remedy="check its cable, its protocol (model = …) and baud, parity and bits of its "
            "address",
        )
        return [from_fault("weight", fault)]
    stable = [each for each in readings if each.weight is not None]
    if not stable:
        last = readings[-1]
        remedy = "take everything off the scale, wait for it to come to rest, and try again"
        return [ill("weight", _said(last), remedy)]
    return [well("weight", f"{len(readings)} answers, the last stable one: {_said(stable[-1])}")]


def _said(reading: WeightReading) -> str:
    grams = "" if reading.weight is None else f"{reading.weight} g, "
    return f"{grams}{reading.state.value}{': ' + reading.detail if reading.detail else ''}"
