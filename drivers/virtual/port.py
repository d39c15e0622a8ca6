"""A port for a device without hardware: a pseudo-terminal, or a TCP port of the loopback.

The real drivers open it like any other; it lives within the running event loop.
"""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from pathlib import Path

from drivers.virtual.live import LiveDevice
from drivers.virtual.terminal import PseudoTerminal


class VirtualPort(LiveDevice):
    """Something one can plug in, listen to, talk through, and pull out.

    Attributes:
        cut: what is said goes out byte by byte.
    """

    def __init__(self, *, link: Path | None = None, tcp: bool = False) -> None:
        """Choose the port.

        Args:
            link: a name of the pseudo-terminal that stays the same when it is plugged in again.
            tcp: listen on a TCP port of the loopback instead.
        """
        super().__init__()
        self.cut = False
        self._terminal = PseudoTerminal(link)
        self._tcp = tcp
        self._listener: socket.socket | None = None
        self._peers: list[socket.socket] = []

    def hear(self, data: bytes) -> None:
        """Take what the host sent; the device's own business."""

    async def begin(self) -> None:
        """Plug it in."""
        self.plug()

    async def end(self) -> None:
        """Pull it out."""
        self.unplug()
        await self.put_away()

    @property
    def address(self) -> str:
        """As written in the settings."""
        if self._listener is not None:
            host, port = self._listener.getsockname()[:2]
            return f"tcp:{host}:{port}"
        return self._terminal.address

    def plug(self) -> None:
        """Make the port."""
        if self._tcp:
            self._listener = socket.create_server(("127.0.0.1", 0))
            self._listener.setblocking(False)
            self.spawn(self._accept(self._listener))
            return
        self._terminal.plug()
        asyncio.get_running_loop().add_reader(self._terminal.ours, self._hear)

    def unplug(self) -> None:
        """Take the port away: whoever has it open sees a hang-up."""
        self.call_back()
        for connection in (self._listener, *self._peers):
            if connection is not None:
                connection.close()
        self._listener, self._peers = None, []
        if self._terminal.ours >= 0:
            asyncio.get_running_loop().remove_reader(self._terminal.ours)
        self._terminal.unplug()

    def say(self, data: bytes) -> None:
        """Send bytes that nobody asked for."""
        for part in [data[n : n + 1] for n in range(len(data))] if self.cut else [data]:
            if self._terminal.ours >= 0:
                with suppress(BlockingIOError):  # nobody reads: a scale does not wait for that
                    os.write(self._terminal.ours, part)
            for peer in self._peers:
                with suppress(OSError):
                    peer.send(part)

    def _hear(self) -> None:
        with suppress(OSError):  # a hang-up: whoever had it open closed it
            self.hear(os.read(self._terminal.ours, 4096))

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            peer, _ = await loop.sock_accept(listener)
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._peers.append(peer)
            self.spawn(self._listen(peer))

    async def _listen(self, peer: socket.socket) -> None:
        with suppress(OSError):
            while data := await asyncio.get_running_loop().sock_recv(peer, 4096):
                self.hear(data)
        self._peers.remove(peer)
        peer.close()
