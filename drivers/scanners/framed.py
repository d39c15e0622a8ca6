"""A scanner that sends framed bytes over any transport: serial, USB CDC or TCP."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from agent.contracts.devices import ScanFrame
from drivers.scanners.codecs.suffix import SuffixFraming
from drivers.scanners.reading import IDLE_S, Patience, frames_of
from drivers.transports.stream import Transport


class FramedScanner:
    """Reads a transport and cuts it into scans."""

    def __init__(
        self,
        transport: Transport,
        *,
        suffix: str = "\r",
        prefix: str = "",
        separator: str = "",
        pause_s: float | None = None,
        idle_s: float = IDLE_S,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Remember how to read; nothing is opened yet.

        Args:
            transport: what leads to it.
            suffix: see `SuffixFraming`.
            prefix: see `SuffixFraming`.
            separator: see `SuffixFraming`.
            pause_s: a pause that ends a frame; None where none does.
            idle_s: silence after which half a frame is given up.
            now_ns: the monotonic clock.
        """
        self._transport = transport
        self._suffix, self._prefix, self._separator = suffix, prefix, separator
        self._patience = Patience(pause_s, idle_s)
        self._now_ns = now_ns

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[ScanFrame]]:
        """Open the transport; each opening frames anew, half a scan from before is dropped."""
        framing = SuffixFraming(
            self._suffix,
            prefix=self._prefix,
            separator=self._separator,
            by_pause=self._patience.pause_s is not None,
        )
        async with self._transport.open() as stream:
            yield frames_of(stream, framing, self._patience, self._now_ns)
