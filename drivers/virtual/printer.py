"""A receipt printer on a TCP port, with paper, a cover, a drawer, and faults to order."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from drivers.virtual.paper import Paper, PrintedReceipt

_NO_LINGER = struct.pack("ii", 1, 0)
"""SO_LINGER with a time of nought: closing resets the connection."""


class VirtualPrinter:
    """Listens as a network printer does: one connection is served at a time, others wait.

    Attributes:
        silence: it takes bytes and prints, but answers nothing.
        deaf: it takes bytes and does nothing with them, as when its mains switch is off.
        reset_at: the connection is reset as soon as this many bytes have come in all; what came
            before is printed. Set once, it is used up.
        slow_s: seconds it takes for each line; it answers status questions meanwhile.
        bytes_received: over all connections.
        connections: how many there have been.
        on_receipt: called with each receipt as it is cut off.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._host = host
        self._wanted_port = port
        self.paper = Paper()
        self.silence = False
        self.deaf = False
        self.reset_at: int | None = None
        self.slow_s = 0.0
        self.bytes_received = 0
        self.connections = 0
        self.on_receipt: Callable[[PrintedReceipt], None] | None = None
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self._working = asyncio.Lock()
        self._printed = asyncio.Condition()
        self._told = 0
        self._taken = 0

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            OSError: the port is taken.
        """
        self._server = await asyncio.start_server(self._serve, self._host, self._wanted_port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the port and all connections."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

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

    @property
    def receipts(self) -> list[PrintedReceipt]:
        """All receipts cut off so far, oldest first."""
        return self.paper.receipts

    @property
    def drawer_kicks(self) -> int:
        """How often the drawer was opened."""
        return self.paper.drawer_kicks

    @property
    def paper_empty(self) -> bool:
        """Whether the roll is at its end; set False to put in a new one, and work goes on."""
        return self.paper.paper_empty

    @paper_empty.setter
    def paper_empty(self, empty: bool) -> None:
        self.paper.paper_empty = empty
        self._go_on()

    @property
    def cover_open(self) -> bool:
        """Whether the cover is open; work waits while it is."""
        return self.paper.cover_open

    @cover_open.setter
    def cover_open(self, is_open: bool) -> None:
        self.paper.cover_open = is_open
        self._go_on()

    async def next_receipt(self, timeout_s: float = 10.0) -> PrintedReceipt:
        """Wait for the next receipt that this method has not given yet.

        Raises:
            TimeoutError: none came.
        """
        async with asyncio.timeout(timeout_s), self._printed:
            await self._printed.wait_for(lambda: len(self.receipts) > self._taken)
            self._taken += 1
            return self.receipts[self._taken - 1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.connections += 1
        try:
            async with self._turn:
                self._writer = writer
                await self._talk(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            writer.transport.abort()  # the driver hung up, or this printer was put away
        finally:
            self._writer = None
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            allowed = self._allowed(len(data))
            self.bytes_received += allowed
            if not self.deaf:
                await self._answer(self.paper.take(data[:allowed]))
                await self._work()
            if self.reset_at is not None and self.bytes_received >= self.reset_at:
                self.reset_at = None
                self._reset(writer)
                return

    def _allowed(self, size: int) -> int:
        if self.reset_at is None:
            return size
        return max(0, min(size, self.reset_at - self.bytes_received))

    async def _work(self) -> None:
        if self.slow_s:
            self._spawn(self._work_slowly())
        else:
            await self._answer(self.paper.work())

    async def _work_slowly(self) -> None:
        async with self._working:
            while self.paper.busy:
                await asyncio.sleep(self.slow_s)
                await self._answer(self.paper.work(lines=1))

    async def _answer(self, answer: bytes) -> None:
        await self._tell()
        if answer and self._writer is not None and not self.silence:
            self._writer.write(answer)
            await self._writer.drain()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self) -> None:
        for receipt in self.receipts[self._told :]:
            self._told += 1
            if self.on_receipt is not None:
                self.on_receipt(receipt)
        async with self._printed:
            self._printed.notify_all()

    def _go_on(self) -> None:
        self._spawn(self._work())

    def _reset(self, writer: asyncio.StreamWriter) -> None:
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        writer.transport.abort()
