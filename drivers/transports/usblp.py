"""USB printers by the kernel's `usblp` driver: /dev/usb/lp*.

First choice for USB (R7): the kernel keeps the protocol, and a printer that is switched off and on
comes back under the same name. It is read as well as written, for the printer's status.
"""

from __future__ import annotations

import asyncio
import errno
import os
import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from drivers.transports.identity import HERE, Places, node_path
from drivers.transports.opening import OpenNode, close_node, open_in_thread, open_node
from drivers.transports.stream import DescriptorStream, Stream, gone

_HELD = (
    "another program prints on it, most often CUPS: `lpstat -v` shows its queues, "
    "`lpadmin -x QUEUE` takes one away; `fuser -v /dev/usb/lp*` names any other"
)
REMEDIES = {
    errno.EBUSY: _HELD,
    errno.ENOENT: (
        "check that it is plugged in and switched on, and the address in the settings; where it "
        "vanishes by itself, CUPS takes it from the kernel: `lpadmin -x QUEUE`"
    ),
    errno.EACCES: "let the agent's user into the group `lp`",
}
EMPTY_PAUSE_S = 0.1
"""Many printers answer a read with an empty packet, at once and for ever: nothing to wait for."""


class UsblpAddress(msgspec.Struct, frozen=True):
    """A USB printer."""

    path: str
    """A path, or an identity (`drivers.transports.identity`)."""


class UsblpTransport:
    """A USB printer; the kernel lets one program at a time open it."""

    def __init__(self, address: UsblpAddress, *, places: Places = HERE) -> None:
        """Remember how to open it; nothing is touched yet."""
        self._address = address
        self._places = places

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Stream]:
        """Open it for writing and reading."""
        node = await open_in_thread(self._open, close_node)
        try:
            yield _UsblpStream(node)
        finally:
            close_node(node)

    def _open(self) -> OpenNode:
        path = node_path(self._address.path, "usblp", self._places)
        return open_node(path, os.O_RDWR, REMEDIES)


class _UsblpStream(DescriptorStream):
    def __init__(self, node: OpenNode) -> None:
        super().__init__(node.descriptor, node.path)
        self._node = node
        self._hang_up = select.poll()
        self._hang_up.register(node.descriptor, 0)  # hang-up and error are told unasked

    async def nothing_read(self) -> None:
        """Wait a little: an empty packet is no hang-up, the kernel tells that apart."""
        if self._hang_up.poll(0):
            raise gone(self._node.path)
        await asyncio.sleep(EMPTY_PAUSE_S)
