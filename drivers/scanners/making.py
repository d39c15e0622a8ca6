"""A scanner of the settings to its driver."""

from __future__ import annotations

from agent.contracts.devices import Scanner
from agent.core.faults import InputFault
from drivers.row import DeviceRow
from drivers.scanners.framed import FramedScanner
from drivers.transports.address import VirtualAddress, parse_address
from drivers.transports.making import transport_of
from drivers.transports.scripted import ScriptedTransport


def scanner(device: DeviceRow) -> Scanner:
    """Make the driver; nothing is opened.

    Raises:
        InputFault: a bad address, an unusable suffix.
    """
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


def _is_latin1(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
