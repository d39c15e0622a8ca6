"""Which device is meant: by what it is or where it is plugged in, never by the order of plugging.

`/dev/ttyACM0` is whichever device was found first; two like scanners swap tills when the machine
restarts. An identity stays: `usb-VID:PID` (the only one of its model), `usb-VID:PID:SERIAL`, or
`port-1-1.2` (whatever sits in that USB socket, as the kernel names it; `port-1-1.2:1.0` for one
interface of it). It is looked up in sysfs at every opening, so nothing is kept that could be stale.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import msgspec

from agent.contracts.devices import DeviceFault
from drivers.transports.sysfs import DEV, SYS, UsbNode, usb_nodes

FORMS = "`/dev/…`, `usb-VID:PID`, `usb-VID:PID:SERIAL` or `port-1-1.2`"
"""How a place is written, for messages."""
NodeKind = Literal["serial", "usblp", "evdev", "hidraw"]
"""The addresses that lead to a device node."""
_USB = re.compile(r"usb-([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::(\S+))?")
_PORT = re.compile(r"port-(\d+-\d+(?:\.\d+)*(?::\d+\.\d+)?)")


class Places(msgspec.Struct, frozen=True):
    """Where device nodes and what is known of them are found; made-up trees in tests."""

    sys: Path = SYS
    dev: Path = DEV


HERE = Places()


def is_place(text: str) -> bool:
    """Tell whether a place is well formed; nothing is looked up.

    >>> [is_place(text) for text in ("/dev/ttyACM0", "usb-0c2e:0b6a:A1", "port-1-1.2", "ttyACM0")]
    [True, True, True, False]
    """
    absolute = text.startswith("/") and len(text) > 1
    return absolute or bool(_USB.fullmatch(text) or _PORT.fullmatch(text))


def node_path(place: str, kind: NodeKind, places: Places = HERE) -> str:
    """Find the device node a place stands for at this moment; a path is its own answer.

    Args:
        place: as `is_place` takes it.
        kind: what sort of node is wanted; one device may have several.
        places: the trees to look in.

    Raises:
        DeviceFault: no such device is plugged in (`device-closed`), or several answer to that
            identity (`device-ambiguous`); both say which there are.
    """
    if place.startswith("/"):
        return place
    there = usb_nodes(kind, places.sys, places.dev)
    meant = _fitting([node for node in there if _matches(place, node)])
    if not meant:
        raise _none(place, kind, there)
    if len(meant) > 1:
        raise _ambiguous(place, meant)
    return meant[0].path


def _matches(place: str, node: UsbNode) -> bool:
    if port := _PORT.fullmatch(place):
        return port[1] in (node.port, node.interface)
    usb = _USB.fullmatch(place)
    return usb is not None and (
        (usb[1].lower(), usb[2].lower()) == (node.vendor, node.product)
        and usb[3] in (None, node.serial)
    )


def _fitting(meant: list[UsbNode]) -> list[UsbNode]:
    # A keyboard scanner often shows itself as a second input device for its volume keys.
    return [node for node in meant if node.fits] or meant


def _none(place: str, kind: NodeKind, there: list[UsbNode]) -> DeviceFault:
    seen = "; ".join(node.title for node in there) or "none"
    return DeviceFault(
        f"{place} cannot be opened: no such {_WORDS[kind]} is plugged in",
        remedy=f"plug it in, or correct its address; plugged in now: {seen}",
        name="device-closed",
    )


def _ambiguous(place: str, meant: list[UsbNode]) -> DeviceFault:
    names = " or ".join(f"`{name}` ({node.path})" for name, node in _told_apart(meant))
    return DeviceFault(
        f"{place} stands for {len(meant)} devices: {'; '.join(node.title for node in meant)}",
        remedy=f"tell them apart in the settings: {names}",
        name="device-ambiguous",
    )


def _told_apart(meant: list[UsbNode]) -> list[tuple[str, UsbNode]]:
    serials = {node.serial for node in meant}
    if len(serials) == len(meant) and "" not in serials:
        return [(f"usb-{node.vendor}:{node.product}:{node.serial}", node) for node in meant]
    ports = {node.port for node in meant}
    several = len(ports) < len(meant)  # one device with two interfaces of the same sort
    return [(f"port-{node.interface if several else node.port}", node) for node in meant]


_WORDS: dict[NodeKind, str] = {
    "serial": "serial device",
    "usblp": "USB printer",
    "evdev": "keyboard",
    "hidraw": "HID device",
}
