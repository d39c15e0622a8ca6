"""A line between till and HQ that has everything lines have, as a TCP proxy.

For each chunk of bytes a seeded random decides: passed on, delayed, cut in the middle, one bit of
it flipped, swallowed with the connection left open, the connection closed instead, or (towards HQ)
sent once more on a connection of its own.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import suppress
from typing import Self

CHUNK = 16_384
HALF_OPEN_S = 3.0
DELAY_S = 0.3
FAULTS = {"cut": 3, "close": 5, "flip": 3, "delay": 5, "half-open": 2, "twice": 2}
"""Which fault a chunk has, by weight, when it has one."""


class FaultyLine:
    """Listens on a port of its own and passes on to another, more or less."""

    def __init__(self, target: int, rng: random.Random, share: float = 0.2) -> None:
        """Lead to a port on the loopback interface; `share` of all chunks has a fault."""
        self.port = 0
        self.share = share
        self.seen: Counter[str] = Counter()
        self._target = target
        self._rng = rng
        self._server: asyncio.Server | None = None
        self._busy: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._busy):
            task.cancel()
        await asyncio.gather(*self._busy, return_exceptions=True)

    def heal(self) -> None:
        """Be a good line from now on."""
        self.share = 0.0

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._busy.add(task)
            task.add_done_callback(self._busy.discard)
        with suppress(ConnectionError, asyncio.CancelledError):
            await self._join(reader, writer)
        writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            hq_reader, hq_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            return
        ways = {
            asyncio.create_task(self._pass_on(reader, hq_writer, upwards=True)),
            asyncio.create_task(self._pass_on(hq_reader, writer, upwards=False)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            hq_writer.transport.abort()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, upwards: bool
    ) -> None:
        while chunk := await reader.read(CHUNK):
            if self._rng.random() >= self.share:
                fault = "none"
            else:
                fault = self._rng.choices(list(FAULTS), list(FAULTS.values()))[0]
            self.seen[fault] += 1
            if not await self._deliver(chunk, writer, fault, upwards=upwards):
                return

    async def _deliver(
        self, chunk: bytes, writer: asyncio.StreamWriter, fault: str, *, upwards: bool
    ) -> bool:
        """Pass a chunk on with its fault; tells whether the connection goes on."""
        if fault == "close":
            return False
        if fault == "half-open":
            await asyncio.sleep(HALF_OPEN_S)
            return False
        if fault == "delay":
            await asyncio.sleep(self._rng.uniform(0, DELAY_S))
        if fault == "twice" and upwards:
            await self._once_more(chunk)
        writer.write(self._altered(chunk, fault))
        await writer.drain()
        return fault != "cut"

    def _altered(self, chunk: bytes, fault: str) -> bytes:
        if fault == "cut":
            return chunk[: self._rng.randrange(len(chunk))]
        if fault == "flip":
            at = self._rng.randrange(len(chunk))
            return chunk[:at] + bytes([chunk[at] ^ 1 << self._rng.randrange(8)]) + chunk[at + 1 :]
        return chunk

    async def _once_more(self, chunk: bytes) -> None:
        """Send what may be a whole request a first time; nobody waits for the answer."""
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self._target)
            writer.write(chunk)
            with suppress(ConnectionError):
                await writer.drain()
            writer.close()
