"""A scanner tried out: shows the symbol, waits for it, judges what arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from agent.contracts.devices import DeviceFault
from agent.daemon.control import DaemonAway
from agent.daemon.doctor.finding import Finding, from_fault, ill, well
from agent.daemon.trial.hearing import hearing
from agent.daemon.trial.verdict import Heard, as_bytes, verdict
from agent.settings import DeviceSettings, Settings
from drivers.scanners.making import scanner
from drivers.transports.address import TcpAddress, parse_address
from drivers.transports.making import transport_of
from drivers.transports.serial_port import SerialLine

PAUSE_S = 0.3
"""A symbol comes in one go; this long a silence ends it, with or without a suffix."""
_NOTHING = (
    "look whether the scanner beeps; if it does, it sends by another way (cable, keyboard or "
    "serial mode) than the address says; then: till-agent doctor"
)

Show = Callable[[], None]


def try_scanner(
    settings: Settings, device: DeviceSettings, *, show: Show, within_s: float
) -> list[Finding]:
    """Wait for the test symbol, through the daemon where it runs, else at the device itself."""
    try:
        return _through_daemon(settings, device, show, within_s)
    except (DaemonAway, OSError):
        return _directly(device, show, within_s)


def _through_daemon(
    settings: Settings, device: DeviceSettings, show: Show, within_s: float
) -> list[Finding]:
    tills = tuple(till.id for till in settings.tills if device.id in till.scanners)
    if not tills:
        return [
            ill(
                "till",
                f"no till names {device.id!r}, so the daemon tells nobody of its scans",
                f'add "{device.id}" to scanners of a [[till]]; or stop the daemon for this test',
            )
        ]

    def from_it(event: dict[str, Any]) -> bool:
        return bool(event["type"] == "scan" and event["data"].get("device") == device.id)

    with hearing(settings, tills) as events:
        show()
        event = events.until(from_it, within_s)
    if event is None:
        return [ill("scan", f"no scan arrived within {within_s:g} s", _NOTHING)]
    return _judged(device, event["data"])


def _judged(device: DeviceSettings, data: dict[str, Any]) -> list[Finding]:
    if data["kind"] == "unclaimed":
        return [ill("scan", data["refused"], data["remedy"])]
    text = data.get("raw") or data.get("text") or ""
    arrived = well("scan", f"arrived through the daemon: {as_bytes(text)}")
    if data["kind"] == "noise":
        return [arrived, ill("content", "; ".join(data["why"]), data["remedy"])]
    return [arrived, *verdict(_heard(device, text, framed=True))]


def _directly(device: DeviceSettings, show: Show, within_s: float) -> list[Finding]:
    address = parse_address(device.address)
    raw = isinstance(address, SerialLine | TcpAddress)
    try:
        text = asyncio.run(_raw(device, show, within_s) if raw else _frame(device, show, within_s))
    except DeviceFault as fault:
        return [from_fault("scan", fault)]
    if not text:
        return [ill("scan", f"nothing arrived within {within_s:g} s", _NOTHING)]
    arrived = well("scan", f"arrived: {as_bytes(text)}")
    return [arrived, *verdict(_heard(device, text, framed=not raw))]


async def _raw(device: DeviceSettings, show: Show, within_s: float) -> str:
    """Read the bytes as they come, before anything is cut off."""
    async with transport_of(parse_address(device.address)).open() as stream:
        show()
        received = b""
        try:
            async with asyncio.timeout(within_s):
                received = await stream.read()
            while True:
                async with asyncio.timeout(PAUSE_S):
                    received += await stream.read()
        except TimeoutError:
            return received.decode("latin-1")


async def _frame(device: DeviceSettings, show: Show, within_s: float) -> str:
    async with scanner(device).open() as frames:
        show()
        try:
            async with asyncio.timeout(within_s):
                data = (await anext(frames)).data
        except TimeoutError:
            return ""
    return data.decode("latin-1")


def _heard(device: DeviceSettings, text: str, *, framed: bool) -> Heard:
    return Heard(
        text=text.removeprefix(device.prefix),
        framed=framed,
        suffix=device.suffix,
        separator=device.separator,
        layout=device.layout if device.address.startswith("evdev:") else None,
    )
