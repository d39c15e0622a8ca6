"""Keyboards as the kernel's input events: /dev/input/event*, taken for the agent alone.

Without the grab (EVIOCGRAB, linux/input.h) each scan would also be typed into whatever window is
in front. Closing gives the keyboard back.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec

from agent.contracts.devices import DeviceFault
from drivers.transports.identity import HERE, Places, node_path
from drivers.transports.opening import OpenNode, close_node, open_in_thread, open_node
from drivers.transports.stream import DescriptorStream, Stream, cannot_open

EVIOCGRAB = 0x40044590
"""_IOW('E', 0x90, int): 1 takes the device, 0 gives it back."""
REMEDIES = {
    errno.EACCES: "let the agent's user into the group `input`",
    errno.EBUSY: "another program has taken this keyboard: find it with `fuser -v` and stop it",
}


class EvdevAddress(msgspec.Struct, frozen=True):
    """A scanner that types."""

    path: str
    """A path, or an identity (`drivers.transports.identity`)."""


class EvdevTransport:
    """An input device, grabbed while it is open; a FIFO in its place is read as a recording."""

    def __init__(self, address: EvdevAddress, *, places: Places = HERE) -> None:
        """Remember how to open it; nothing is touched yet."""
        self._address = address
        self._places = places

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Stream]:
        """Open and grab it."""
        node = await open_in_thread(self._open, _release)
        try:
            yield DescriptorStream(node.descriptor, node.path)
        finally:
            _release(node)

    def _open(self) -> OpenNode:
        path = node_path(self._address.path, "evdev", self._places)
        node = open_node(path, os.O_RDONLY, REMEDIES)
        try:
            _grab(node)
        except DeviceFault:
            close_node(node)
            raise
        return node


def _grab(node: OpenNode) -> None:
    try:
        fcntl.ioctl(node.descriptor, EVIOCGRAB, 1)
    except OSError as cause:
        if cause.errno != errno.ENOTTY:
            raise cannot_open(node.path, cause, REMEDIES) from cause
        if not node.recorded:
            raise DeviceFault(
                f"{node.path} is no input device",
                remedy="check the address: `evdev:` wants a path below /dev/input, or an identity",
                name="device-closed",
            ) from cause


def _release(node: OpenNode) -> None:
    with suppress(OSError):  # it went away by itself
        fcntl.ioctl(node.descriptor, EVIOCGRAB, 0)
    close_node(node)
