"""A device without hardware: chunks that arrive, answers to what is written, and faults.

It ships with the product: the `virtual:` addresses are made of it, and tests feed drivers with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from agent.contracts.devices import DeviceFault
from drivers.transports.stream import Stream, gone


class ScriptedTransport:
    """Plays `chunks` in order, then is silent; a fault among them is raised where it stands.

    Attributes:
        written: all bytes the driver has handed over, over all openings.
        openings: how often it was opened.
    """

    def __init__(
        self,
        chunks: Sequence[bytes | DeviceFault] = (),
        *,
        answers: Callable[[bytes], bytes] | None = None,
        takes: int | None = None,
        refuses: DeviceFault | None = None,
        name: str = "scripted",
    ) -> None:
        """Set the script.

        Args:
            chunks: what `read` gives, one by one, across openings.
            answers: what the device says to the bytes written; b"" for nothing.
            takes: the device goes away after this many bytes in all (reset at byte N).
            refuses: raised by every opening.
            name: for messages.
        """
        self._chunks = list(chunks)
        self._answers = answers
        self._takes = takes
        self._refuses = refuses
        self.name = name
        self.written = b""
        self.openings = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Stream]:
        """Begin or go on with the script."""
        self.openings += 1
        if self._refuses is not None:
            raise self._refuses
        yield _ScriptedStream(self)

    def next_chunk(self) -> bytes | None:
        """Take the next chunk of the script, or None at its end."""
        if not self._chunks:
            return None
        chunk = self._chunks.pop(0)
        if isinstance(chunk, DeviceFault):
            raise chunk
        return chunk

    def take(self, data: bytes) -> tuple[int, bytes]:
        """Accept bytes as far as the script allows; give their number and the device's answer."""
        room = len(data) if self._takes is None else self._takes - len(self.written)
        if room <= 0:
            raise gone(self.name)
        self.written += data[:room]
        return min(room, len(data)), self._answers(data[:room]) if self._answers else b""


class _ScriptedStream:
    def __init__(self, script: ScriptedTransport) -> None:
        self._script = script
        self._answered: asyncio.Queue[bytes] = asyncio.Queue()

    async def read(self) -> bytes:
        await asyncio.sleep(0)  # a device never answers within the same turn of the loop
        if self._answered.empty() and (chunk := self._script.next_chunk()) is not None:
            return chunk
        return await self._answered.get()

    async def write_some(self, data: bytes) -> int:
        taken, answer = self._script.take(data)
        if answer:
            self._answered.put_nowait(answer)
        return taken

    def unsent(self) -> int:
        """Nothing waits on the way to a device without hardware."""
        return 0
