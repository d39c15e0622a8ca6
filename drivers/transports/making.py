"""Which transport an address stands for, and which devices may have it."""

from __future__ import annotations

from collections.abc import Callable

from agent.core.faults import InputFault
from drivers.row import DeviceRow
from drivers.transports.address import Address, TcpAddress, VirtualAddress, parse_address
from drivers.transports.evdev import EvdevAddress, EvdevTransport
from drivers.transports.hidraw import HidrawAddress, HidrawTransport
from drivers.transports.identity import HERE, Places, node_path
from drivers.transports.scripted import ScriptedTransport
from drivers.transports.serial_port import SerialLine, SerialTransport
from drivers.transports.stream import Transport
from drivers.transports.tcp import TcpTransport
from drivers.transports.usblp import UsblpAddress, UsblpTransport

USED_BY: dict[str, tuple[str, ...]] = {
    "scanner": ("serial", "tcp", "evdev", "hidraw", "virtual"),
    "printer": ("serial", "tcp", "usblp", "virtual"),
    "display": ("serial", "tcp", "virtual"),
    "scale": ("serial", "tcp", "virtual"),
}
"""Device kind → the addresses it can have."""


def transport_of(address: Address, *, virtual: Callable[[bytes], bytes] | None = None) -> Transport:
    """Make the transport of an address; nothing is opened.

    Args:
        address: as parsed.
        virtual: what a device without hardware answers to what is written to it.
    """
    match address:
        case SerialLine():
            return SerialTransport(address)
        case TcpAddress(host=host, port=port):
            return TcpTransport(host, port)
        case UsblpAddress():
            return UsblpTransport(address)
        case EvdevAddress():
            return EvdevTransport(address)
        case HidrawAddress():
            return HidrawTransport(address)
        case VirtualAddress(name=name):
            return ScriptedTransport(answers=virtual, name=name)


def node_of(address: Address, places: Places = HERE) -> str | None:
    """Find the device node behind an address at this moment; None where it has none.

    Raises:
        DeviceFault: no such device is plugged in, or several answer to that identity.
    """
    match address:
        case SerialLine(path=place):
            return node_path(place, "serial", places)
        case UsblpAddress(path=place):
            return node_path(place, "usblp", places)
        case EvdevAddress(path=place):
            return node_path(place, "evdev", places)
        case HidrawAddress(path=place):
            return node_path(place, "hidraw", places)
        case TcpAddress() | VirtualAddress():
            return None


def address_of(device: DeviceRow) -> Address:
    """Read a device's address, and see that such a device can be reached by it.

    Raises:
        InputFault: a bad address, or one for another kind of device.
    """
    address = parse_address(device.address)
    form = device.address.partition(":")[0]
    allowed = USED_BY[device.kind]
    if form in allowed:
        return address
    raise InputFault(
        f"{device.kind} {device.id!r} has the address {device.address!r}, "
        f"and no {device.kind} is reached by `{form}:`",
        remedy=f"use one of {', '.join(f'`{each}:…`' for each in allowed)}",
        name="bad-address",
    )
