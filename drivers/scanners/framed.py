"""A scanner that sends framed bytes over any transport: serial, USB CDC or TCP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from agent.contracts.devices import ScanFrame
from drivers.scanners.codecs.suffix import Frame, SuffixFraming
from drivers.transports.stream import Stream, Transport

IDLE_S = 2.0
"""A scanner sends a symbol in one go: 4 KiB take under half a second even at 115200 baud, and a
pause this long in the middle means that no end mark will come."""


class FramedScanner:
    """Reads a transport and cuts it into scans."""

    def __init__(
        self,
        transport: Transport,
        *,
        suffix: str = "\r",
        idle_s: float = IDLE_S,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Remember how to read; nothing is opened yet."""
        self._transport = transport
        self._suffix = suffix
        self._idle_s = idle_s
        self._now_ns = now_ns

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[ScanFrame]]:
        """Open the transport; each opening frames anew, half a scan from before is dropped."""
        async with self._transport.open() as stream:
            yield self._frames(stream, SuffixFraming(self._suffix))

    async def _frames(self, stream: Stream, framing: SuffixFraming) -> AsyncIterator[ScanFrame]:
        while True:
            frames = await self._next(stream, framing)
            arrived_ns = self._now_ns()
            for frame in frames:
                yield ScanFrame(data=frame.data, mono_ns=arrived_ns, noise=frame.noise)

    async def _next(self, stream: Stream, framing: SuffixFraming) -> list[Frame]:
        if not framing.waiting:
            return framing.feed(await stream.read())
        try:
            async with asyncio.timeout(self._idle_s):
                chunk = await stream.read()
        except TimeoutError:
            return framing.idle()
        return framing.feed(chunk)
