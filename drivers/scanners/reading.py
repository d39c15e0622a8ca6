"""How every scanner is read: bytes from a stream, through a codec, to scans with a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Generic, TypeVar

import msgspec

from agent.contracts.devices import ScanFrame
from drivers.scanners.codecs.frame import Codec, Frame
from drivers.transports.stream import Stream

IDLE_S = 2.0
"""A scanner sends a symbol in one go: 4 KiB take under half a second even at 115200 baud, and a
pause this long in the middle means that no end mark will come."""
GRACE_S = 0.001
"""A loop that was held up finds the bytes and the end of the wait in the same turn. A pause is one
only if nothing is there on a second look."""

S = TypeVar("S", bound=Stream)


class Marks(msgspec.Struct, frozen=True):
    """What a scanner is set to put around a symbol, and into it; see `SuffixFraming`."""

    suffix: str = "\r"
    prefix: str = ""
    separator: str = ""


class Patience(msgspec.Struct, frozen=True):
    """How long silence lasts until it means something."""

    pause_s: float | None = None
    """Ends a frame; None where a pause means nothing."""
    idle_s: float = IDLE_S
    """Ends hope for the rest of a frame."""


LINES = Marks()
"""One symbol a line, and nothing else: how most scanners are delivered."""
UNHURRIED = Patience()
"""No pause ends a frame."""


class CodecScanner(Generic[S]):
    """A scanner that is read through a codec; one codec belongs to one opening."""

    def __init__(
        self,
        opening: Callable[[], AbstractAsyncContextManager[S]],
        codec: Callable[[S], Codec],
        *,
        patience: Patience,
    ) -> None:
        """Remember how to read; nothing is opened yet.

        Args:
            opening: opens what leads to it.
            codec: makes the codec of an open stream.
            patience: what silence means.
        """
        self._opening = opening
        self._codec = codec
        self._patience = patience

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[ScanFrame]]:
        """Open the transport; half a scan from an opening before is dropped.

        Raises:
            DeviceFault: as the transport; or what is open is no such scanner.
        """
        async with self._opening() as stream:
            yield frames_of(stream, self._codec(stream), self._patience)


async def frames_of(stream: Stream, codec: Codec, patience: Patience) -> AsyncIterator[ScanFrame]:
    """Read until the stream ends; one codec belongs to one opening.

    Raises:
        DeviceFault: the device went away.
    """
    while True:
        frames = await _next(stream, codec, patience)
        arrived_ns = time.monotonic_ns()
        for frame in frames:
            yield ScanFrame(data=frame.data, mono_ns=arrived_ns, noise=frame.noise)


async def _next(stream: Stream, codec: Codec, patience: Patience) -> list[Frame]:
    if not codec.waiting:
        return codec.feed(await stream.read())
    pausing = patience.pause_s is not None and codec.partial
    within_s = patience.pause_s if pausing else patience.idle_s
    chunk = await _read_within(stream, within_s) or await _read_within(stream, GRACE_S)
    if chunk:
        return codec.feed(chunk)
    return codec.pause() if pausing else codec.idle()


async def _read_within(stream: Stream, seconds: float | None) -> bytes | None:
    # Giving up loses nothing: `read` takes bytes and returns them without waiting in between.
    try:
        async with asyncio.timeout(seconds):
            return await stream.read()
    except TimeoutError:
        return None
