"""A receipt printer on a TCP port, with paper, a cover, a drawer, and faults to order."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress

from drivers.virtual.machine import Machine
from drivers.virtual.mechanism import Mechanism
from drivers.virtual.paper import Paper

_NO_LINGER = struct.pack("ii", 1, 0)
"""SO_LINGER with a time of nought: closing resets the connection."""
_READ_SIZE = 4096


class VirtualPrinter(Machine):
    """Listens as a network printer does: one connection is served at a time, others wait.

    Attributes:
        connections: how many there have been.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        paper: Mechanism | None = None,
        buffer_bytes: int | None = None,
    ) -> None:
        super().__init__(paper or Paper())
        self.buffer_bytes = buffer_bytes
        self._host = host
        self._wanted_port = port
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._away = False
        self._turn = asyncio.Lock()

    async def begin(self) -> None:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        self._away = False
        self._server = await asyncio.start_server(
            self._connected, self._host, self._wanted_port, limit=_READ_SIZE
        )
        if self.buffer_bytes is not None:  # the network's own buffer is part of the printer's
            for listening in self._server.sockets:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.buffer_bytes)

    async def end(self) -> None:
        """Close the port and all connections."""
        self._away = True
        if self._server is not None:
            self._server.close()
        await self.put_away()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)  # the loop closes what was aborted in its next turn

    @property
    def port(self) -> int:
        """The port it listens on, once entered."""
        if self._server is None:
            return self._wanted_port
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def address(self) -> str:
        """As written in the settings, `tcp:HOST:PORT`."""
        return f"tcp:{self._host}:{self.port}"

    async def send(self, answer: bytes) -> None:
        """Answer over the connection that is being served."""
        if self._writer is not None:
            self._writer.write(answer)
            await self._writer.drain()

    def hang_up(self) -> None:
        """Reset the connection that is being served."""
        if self._writer is not None:
            connection: socket.socket = self._writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self._writer.transport.abort()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection at once: one that nobody took would stay open for ever."""
        if self._away:
            writer.transport.abort()
            return
        self._writers.add(writer)
        self.spawn(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            async with self._turn:
                self._writer = writer
                await self._talk(reader)
        except ConnectionError:
            writer.transport.abort()  # the driver hung up
        finally:
            self._writer = None
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        self._writers.discard(writer)

    async def _talk(self, reader: asyncio.StreamReader) -> None:
        if self.half_open:
            await asyncio.Event().wait()
        while data := await reader.read(_READ_SIZE):
            if not await self.hear(data):
                return
