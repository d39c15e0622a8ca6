"""HID devices without the kernel's interpretation: /dev/hidraw*.

One read gives one report. What its bytes mean stands in the report descriptor, which the device
tells when it is opened (HIDIOCGRDESC, linux/hidraw.h). A FIFO in its place is read as a recording;
the descriptor then lies beside it, in a file of the same name with `.descriptor` behind.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from agent.contracts.devices import DeviceFault
from drivers.transports.identity import HERE, Places, node_path
from drivers.transports.opening import OpenNode, close_node, open_in_thread, open_node
from drivers.transports.stream import DescriptorStream, cannot_open

HIDIOCGRDESCSIZE = 0x80044801
"""_IOR('H', 1, int)."""
HIDIOCGRDESC = 0x90044802
"""_IOR('H', 2, struct hidraw_report_descriptor): a u32 length and 4096 bytes."""
DESCRIPTOR_BYTES = 4096
"""HID_MAX_DESCRIPTOR_SIZE."""
REMEDIES = {
    errno.EACCES: (
        "let the agent's user use it: a udev rule gives it to the service's group, "
        "`systemd/install` puts one in place"
    ),
}


class HidrawAddress(msgspec.Struct, frozen=True):
    """A HID device."""

    path: str
    """A path, or an identity (`drivers.transports.identity`)."""


class HidrawStream(DescriptorStream):
    """Reports of an open HID device."""

    def __init__(self, node: OpenNode, report_descriptor: bytes | None) -> None:
        """Watch an open node; None where a recording came without its descriptor."""
        super().__init__(node.descriptor, node.path)
        self.name = node.path
        self.report_descriptor = report_descriptor
        self.whole_reports = not node.recorded
        """Whether each read gives one report: a FIFO does not keep their borders."""


class HidrawTransport:
    """A HID device, read report by report."""

    def __init__(self, address: HidrawAddress, *, places: Places = HERE) -> None:
        """Remember how to open it; nothing is touched yet."""
        self._address = address
        self._places = places

    @asynccontextmanager
    async def open(self) -> AsyncIterator[HidrawStream]:
        """Open it and learn its report descriptor."""
        node, descriptor = await open_in_thread(self._open, lambda opened: close_node(opened[0]))
        try:
            yield HidrawStream(node, descriptor)
        finally:
            close_node(node)

    def _open(self) -> tuple[OpenNode, bytes | None]:
        path = node_path(self._address.path, "hidraw", self._places)
        node = open_node(path, os.O_RDONLY, REMEDIES)
        try:
            return node, _beside(path) if node.recorded else _told(node)
        except DeviceFault:
            close_node(node)
            raise


def _told(node: OpenNode) -> bytes:
    try:
        size = bytearray(4)
        fcntl.ioctl(node.descriptor, HIDIOCGRDESCSIZE, size)
        asked = bytearray(size + bytes(DESCRIPTOR_BYTES))
        fcntl.ioctl(node.descriptor, HIDIOCGRDESC, asked)
    except OSError as cause:
        if cause.errno not in (errno.ENOTTY, errno.EINVAL):
            raise cannot_open(node.path, cause, REMEDIES) from cause
        raise DeviceFault(
            f"{node.path} is no HID device",
            remedy="check the address: `hidraw:` wants /dev/hidraw…, or an identity",
            name="device-closed",
        ) from cause
    (length,) = struct.unpack_from("=I", asked)
    return bytes(asked[4 : 4 + length])


def _beside(path: str) -> bytes | None:
    try:
        return Path(f"{path}.descriptor").read_bytes()
    except FileNotFoundError:
        return None
    except OSError as cause:
        raise cannot_open(f"{path}.descriptor", cause) from cause
