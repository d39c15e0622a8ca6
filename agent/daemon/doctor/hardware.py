"""The devices: is it there, may the daemon use it, who holds it, does it answer, is it set right.

Where the daemon runs, it has the devices, and its word on them counts: nothing is opened beside it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from agent.contracts.devices import DeviceFault
from agent.daemon.doctor.finding import Finding, from_fault, ill, well
from agent.daemon.doctor.node import is_grabbed, look
from agent.daemon.doctor.printers import printer, remedy_of
from agent.daemon.doctor.processes import Process
from agent.daemon.doctor.service import ServiceUser
from agent.settings import DeviceSettings, Settings
from drivers.displays.making import display
from drivers.row import DeviceRow
from drivers.scales.making import scale
from drivers.scanners.making import scanner
from drivers.transports.address import TcpAddress, VirtualAddress, parse_address
from drivers.transports.evdev import EvdevAddress
from drivers.transports.hidraw import HidrawAddress
from drivers.transports.making import node_of
from drivers.transports.serial_port import SerialLine
from drivers.transports.usblp import UsblpAddress

NOISE_MIN = 5
"""Frames that were no scans; a single one is a finger at the plug."""
_WELL = frozenset({"ready", "starting"})
_OPEN_S = 5.0


class _Opened(Protocol):
    """A driver that opens its device, and gives what of it does not matter here."""

    def open(self) -> AbstractAsyncContextManager[object]: ...


_OPENED: Mapping[str, Callable[[DeviceRow], _Opened]] = {
    "scanner": scanner,
    "display": display,
    "scale": scale,
}
"""Device kind → its driver; a printer is asked for more (`doctor.printers`)."""

Told = Mapping[str, Any]
"""A device as the running daemon tells it (`GET /v1/status`)."""


def devices(
    settings: Settings, user: ServiceUser, daemon: Process | None, told: Mapping[str, Any]
) -> Iterator[Finding]:
    """Check every device of the settings.

    Args:
        settings: as checked.
        user: whom the daemon runs as.
        daemon: the running daemon, which may well hold a port.
        told: `GET /v1/status` of it; empty while none runs.
    """
    states: dict[str, Told] = {device["id"]: device for device in told.get("devices", ())}
    for device in settings.devices:
        state = states.get(device.id)
        yield _device(device, user, daemon, state)
        if state is not None:
            yield from _noise(device, state.get("counters", {}))
    yield from _same_node(settings)


def _device(
    device: DeviceSettings, user: ServiceUser, daemon: Process | None, state: Told | None
) -> Finding:
    name = f"device {device.id}"
    match parse_address(device.address):
        case (SerialLine() | UsblpAddress() | EvdevAddress() | HidrawAddress()) as address:
            try:
                path = Path(node_of(address) or "")
            except DeviceFault as fault:  # an identity nobody answers to, or several do
                return from_fault(name, fault)
            found = look(name, path, user, daemon)
            if not found.ok:
                return found
            typed = isinstance(address, EvdevAddress)
            return _of_node(name, device, path, found, state, typed=typed)
        case TcpAddress(host=host, port=port):
            return _of_network(name, device, f"{host}:{port}", state)
        case VirtualAddress():
            return well(name, "a virtual device needs no hardware")


def _of_node(
    name: str,
    device: DeviceSettings,
    path: Path,
    found: Finding,
    state: Told | None,
    *,
    typed: bool,
) -> Finding:
    if state is not None:
        if typed and state["state"] == "ready" and is_grabbed(path) is False:
            return ill(
                name,
                f"nobody has grabbed {path}: its scans are typed into the open window as well",
                "systemctl restart till-agent; is it the scanner, and not the cashier's keyboard?",
            )
        return _as_told(found, state)
    if device.kind == "printer" and os.access(path, os.R_OK | os.W_OK):
        return printer(name, device, str(path))
    return found


def _of_network(name: str, device: DeviceSettings, place: str, state: Told | None) -> Finding:
    if state is not None:
        return _as_told(well(name, f"at {place}"), state)
    if device.kind == "printer":
        return printer(name, device, place)
    try:
        asyncio.run(_open(_OPENED[device.kind](device)))
    except DeviceFault as fault:
        return from_fault(name, fault)
    except TimeoutError:
        return ill(name, f"{place} answers, but not as a {device.kind}", "check its model")
    return well(name, f"{place} can be connected to")


async def _open(driver: _Opened) -> None:
    async with asyncio.timeout(_OPEN_S), driver.open():
        pass


def _as_told(found: Finding, state: Told) -> Finding:
    if state["state"] in _WELL:
        return well(found.name, f"{found.detail}; the daemon says: {state['state']}", found.remedy)
    return ill(
        found.name,
        f"the daemon says: {state['state']}. {state['detail']}",
        f"{remedy_of(state['state'])}; {found.detail}, as seen from here"
        if state["kind"] == "printer"
        else f"till-agent devices test {state['id']}; {found.detail}, as seen from here",
    )


def _noise(device: DeviceSettings, counters: Mapping[str, int]) -> Iterator[Finding]:
    """A line that brings more noise than scans is set wrong at one of its ends."""
    noise, scans = counters.get("noise", 0), counters.get("scans", 0)
    if noise < NOISE_MIN or noise <= scans:
        return
    yield ill(
        f"line {device.id}",
        f"{noise} times bytes came that are no scan, and {scans} scans, since the daemon's start",
        "set baud, parity and bits of its address as the scanner is set: "
        f"till-agent devices test {device.id} shows what arrives",
    )


def _same_node(settings: Settings) -> Iterator[Finding]:
    """Two names of one port are told by no comparison of addresses."""
    taken: dict[str, str] = {}
    for device in settings.devices:
        try:
            path = node_of(parse_address(device.address))
        except DeviceFault:
            continue
        if path is None or not Path(path).exists():
            continue
        real = os.path.realpath(path)
        if real in taken:
            yield ill(
                f"device {device.id}",
                f"it is the same device as {taken[real]!r}: both are {real}",
                "a device has one row; correct the address of one of them",
            )
        taken.setdefault(real, device.id)
