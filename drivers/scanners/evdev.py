"""A scanner that plays a keyboard, read from the kernel and taken for the agent alone."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from agent.contracts.devices import ScanFrame
from drivers.scanners.codecs.wedge import WedgeCodec
from drivers.scanners.reading import IDLE_S, Patience, frames_of
from drivers.transports.stream import Transport


class EvdevScanner:
    """Reads input events and types them out, in the scanner's layout."""

    def __init__(
        self,
        transport: Transport,
        *,
        layout: str = "us",
        suffix: str = "\r",
        prefix: str = "",
        separator: str = "",
        pause_s: float | None = None,
        idle_s: float = IDLE_S,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Remember how to read; nothing is opened yet.

        Args:
            transport: an `EvdevTransport`, or anything else that gives input events.
            layout: a key of `drivers.scanners.codecs.layouts.LAYOUTS`.
            suffix: see `WedgeCodec`.
            prefix: see `WedgeCodec`.
            separator: see `WedgeCodec`.
            pause_s: a pause that ends a frame; None where none does.
            idle_s: silence after which half a frame is given up.
            now_ns: the monotonic clock.
        """
        self._transport = transport
        self._layout = layout
        self._suffix, self._prefix, self._separator = suffix, prefix, separator
        self._patience = Patience(pause_s, idle_s)
        self._now_ns = now_ns

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[ScanFrame]]:
        """Open the transport; each opening has a keyboard of its own, with no key held."""
        codec = WedgeCodec(
            self._layout,
            suffix=self._suffix,
            prefix=self._prefix,
            separator=self._separator,
            by_pause=self._patience.pause_s is not None,
        )
        async with self._transport.open() as stream:
            yield frames_of(stream, codec, self._patience, self._now_ns)
