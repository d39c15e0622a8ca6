"""The one table of device kinds and address kinds: a row of the settings to a driver.

Building touches no hardware, so it is also how settings are checked.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Protocol

from agent.contracts.devices import Printer, Scanner
from agent.core.faults import InputFault
from drivers.printers.escpos import EscPosPrinter
from drivers.printers.models import DEFAULT_MODEL, MODELS, PrinterModel
from drivers.scanners.framed import FramedScanner
from drivers.transports.address import Address, TcpAddress, VirtualAddress, parse_address
from drivers.transports.scripted import ScriptedTransport
from drivers.transports.serial_port import SerialLine, SerialTransport
from drivers.transports.stream import Transport
from drivers.transports.tcp import TcpTransport
from drivers.virtual.paper import Paper


class DeviceRow(Protocol):
    """One `[[device]]` of the settings."""

    @property
    def id(self) -> str:
        """For messages."""
        ...

    @property
    def kind(self) -> str:
        """A key of `KINDS`."""
        ...

    @property
    def address(self) -> str:
        """See `drivers.transports.address`."""
        ...

    @property
    def model(self) -> str | None:
        """Of a printer: a key of `MODELS`."""
        ...

    @property
    def suffix(self) -> str:
        """Of a scanner: what ends a scan."""
        ...


def build(device: DeviceRow) -> Scanner | Printer:
    """Make the driver of a device; nothing is opened.

    Raises:
        InputFault: an unknown kind, a bad address, an unknown model, an unusable suffix.
    """
    maker = KINDS.get(device.kind)
    if maker is None:
        raise InputFault(
            f"device {device.id!r} is of an unknown kind {device.kind!r}",
            remedy=f"use one of {', '.join(KINDS)}; displays and scales are not supported yet",
            name="unknown-kind",
        )
    return maker(device)


def transport_of(address: Address) -> Transport:
    """Make the transport of an address; nothing is opened."""
    match address:
        case SerialLine():
            return SerialTransport(address)
        case TcpAddress(host=host, port=port):
            return TcpTransport(host, port)
        case VirtualAddress(name=name):
            return ScriptedTransport(answers=Paper().feed, name=name)


def _scanner(device: DeviceRow) -> Scanner:
    address = parse_address(device.address)
    if not device.suffix or not _is_latin1(device.suffix):
        raise InputFault(
            f"scanner {device.id!r} has the suffix {device.suffix!r}",
            remedy='give the characters that end a scan, for example "\\r"',
            name="bad-suffix",
        )
    if isinstance(address, VirtualAddress):  # it has no trigger: scans come through the API
        return FramedScanner(ScriptedTransport(name=address.name))
    return FramedScanner(transport_of(address), suffix=device.suffix)


def _printer(device: DeviceRow) -> Printer:
    return EscPosPrinter(transport_of(parse_address(device.address)), _model(device))


def _model(device: DeviceRow) -> PrinterModel:
    name = device.model or DEFAULT_MODEL
    if name in MODELS:
        return MODELS[name]
    near = get_close_matches(name, MODELS, n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    raise InputFault(
        f"printer {device.id!r} has an unknown model {name!r}",
        remedy=f"{meant}the models are {', '.join(MODELS)}",
        name="unknown-model",
    )


def _is_latin1(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


KINDS: dict[str, Callable[[DeviceRow], Scanner | Printer]] = {
    "scanner": _scanner,
    "printer": _printer,
}
"""Device kind → what makes its driver."""
