"""The devices: is it there, may the daemon use it, who holds it, does it answer."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from agent.contracts.devices import DeviceFault, Printer, PrintOutcome
from agent.daemon.doctor.finding import Finding, ill, well
from agent.daemon.doctor.processes import Process, holders_of_file
from agent.daemon.doctor.service import RULES, ServiceUser, how_to_allow, may_use
from agent.daemon.ports import find_ports
from agent.settings import DeviceSettings, Settings
from drivers.catalogue import build
from drivers.transports.address import TcpAddress, VirtualAddress, parse_address
from drivers.transports.evdev import EvdevAddress
from drivers.transports.hidraw import HidrawAddress
from drivers.transports.making import node_of
from drivers.transports.serial_port import SerialLine
from drivers.transports.usblp import UsblpAddress

_MODEM_MANAGER = "ModemManager"
_WELL = frozenset({"ready", "starting"})


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
    states = {device["id"]: device for device in told.get("devices", ())}
    for device in settings.devices:
        found = _device(device, user, daemon)
        state = states.get(device.id)
        if found.ok and state is not None and state["state"] not in _WELL:
            yield ill(
                found.name,
                f"the daemon says: {state['state']}. {state['detail']}",
                f"till-agent devices; {found.detail} as seen from here",
            )
        else:
            yield found


def _device(device: DeviceSettings, user: ServiceUser, daemon: Process | None) -> Finding:
    name = f"device {device.id}"
    match parse_address(device.address):
        case (SerialLine() | UsblpAddress() | EvdevAddress() | HidrawAddress()) as address:
            try:
                path = str(node_of(address))
            except DeviceFault as fault:  # an identity nobody answers to, or several do
                return ill(name, fault.detail, fault.remedy)
            found = _serial(name, Path(path), user, daemon)
            mine = device.kind == "printer" and os.access(path, os.R_OK | os.W_OK)
            return _printer(name, device, path) if found.ok and mine else found
        case TcpAddress(host=host, port=port):
            check = _printer if device.kind == "printer" else _reached
            return check(name, device, f"{host}:{port}")
        case VirtualAddress():
            return well(name, "a virtual device needs no hardware")


def _serial(name: str, path: Path, user: ServiceUser, daemon: Process | None) -> Finding:
    try:
        if not may_use(path, user):
            return ill(name, *how_to_allow(path, user))
    except OSError as error:
        return ill(name, f"{path}: {error.strerror}", _what_there_is())
    others = [each for each in holders_of_file(path) if daemon is None or each.pid != daemon.pid]
    if others:
        return _held(name, path, others)
    return well(name, f"{path} is there, and {user.name} may use it")


def _held(name: str, path: Path, others: list[Process]) -> Finding:
    said = f"{path} is held by {', '.join(map(str, others))}"
    if any(each.program == _MODEM_MANAGER for each in others):
        return ill(
            name,
            f"{said}, which takes it for a modem",
            f"{RULES}; or: systemctl disable --now ModemManager",
        )
    return ill(name, said, f"stop that program: a port has one reader (fuser -v {path})")


def _what_there_is() -> str:
    here = [port.path for port in find_ports()]
    seen = f"ports there are now: {', '.join(here)}" if here else "there is no serial port now"
    return f"plug it in and switch it on, or correct its address; {seen}"


def _printer(name: str, device: DeviceSettings, address: str) -> Finding:
    outcome, detail = asyncio.run(_ask_printer(build(device)))
    if outcome is PrintOutcome.SUCCESS:
        return well(name, f"the printer at {address} answers and could print")
    if outcome is PrintOutcome.DISCONNECTED:
        return ill(name, detail, "check its power, its network cable and its address")
    return ill(
        name,
        f"the printer at {address} cannot print: {outcome.value}. {detail}",
        _REMEDIES.get(outcome, "look at the printer; switch it off and on again"),
    )


async def _ask_printer(printer: Any) -> tuple[PrintOutcome, str]:  # noqa: ANN401 - by its kind
    asked: Printer = printer
    result = await asked.status()
    return result.outcome, result.detail


def _reached(name: str, device: DeviceSettings, address: str) -> Finding:
    try:
        asyncio.run(_open(build(device)))
    except DeviceFault as fault:
        return ill(name, fault.detail, fault.remedy)
    return well(name, f"{address} can be connected to")


async def _open(scanner: Any) -> None:  # noqa: ANN401 - by its kind
    async with scanner.open():
        pass


_REMEDIES = {
    PrintOutcome.PAPER_EMPTY: "put in a new roll",
    PrintOutcome.COVER_OPEN: "close the cover",
    PrintOutcome.OFFLINE: "press its feed or online button",
    PrintOutcome.UNRESPONSIVE: "switch it off and on again; check [[device]] model",
}
