"""Which transport an address stands for."""

from __future__ import annotations

from collections.abc import Callable

from drivers.transports.address import Address, TcpAddress, VirtualAddress
from drivers.transports.scripted import ScriptedTransport
from drivers.transports.serial_port import SerialLine, SerialTransport
from drivers.transports.stream import Transport
from drivers.transports.tcp import TcpTransport


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
        case VirtualAddress(name=name):
            return ScriptedTransport(answers=virtual, name=name)
