"""A line display over any transport: it is written to, and never says anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from agent.contracts.devices import DeviceFault, Screen
from drivers.displays.codecs.dialect import DisplayCodec
from drivers.displays.models import DisplayModel
from drivers.transports.stream import Stream, Transport

STALL_S = 3.0
"""Two lines take 50 ms at 9600 baud; what takes no byte for so long is held up by flow control."""


class LineDisplay:
    """Shows lines of text."""

    def __init__(
        self, transport: Transport, model: DisplayModel, *, stall_s: float = STALL_S
    ) -> None:
        """Remember how to show; nothing is opened yet."""
        self._transport = transport
        self._model = model
        self._stall_s = stall_s

    @property
    def columns(self) -> int:
        """Characters per line."""
        return self._model.columns

    @property
    def rows(self) -> int:
        """Lines."""
        return self._model.rows

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Screen]:
        """Open the transport and clear the display."""
        async with self._transport.open() as stream:
            codec = self._model.codec()
            screen = _Screen(stream, codec, self._stall_s)
            await screen.send(codec.hello())
            yield screen


class _Screen:
    def __init__(self, stream: Stream, codec: DisplayCodec, stall_s: float) -> None:
        self._stream = stream
        self._codec = codec
        self._stall_s = stall_s

    async def show(self, lines: Sequence[str]) -> None:
        await self.send(self._codec.lines(lines))

    async def send(self, data: bytes) -> None:
        while data:
            try:
                async with asyncio.timeout(self._stall_s):
                    data = data[await self._stream.write_some(data) :]
            except TimeoutError:
                raise DeviceFault(
                    f"the display takes nothing for {self._stall_s:g} s",
                    remedy="check that it is switched on, and the flow control of its address",
                    name="device-stalled",
                ) from None
