"""A scale that is asked for its weight some times a second.

Its protocols number neither questions nor answers, so there is never more than one question under
way: an answer that comes late is waited for and thrown away before the next is asked, and a scale
that owes one is left alone. What is handed on was measured after its own question was asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import msgspec

from agent.contracts.devices import DeviceFault, WeightReading
from drivers.scales.codecs.answer import Answer, Said, ScaleCodec, Unreadable
from drivers.scales.models import ScaleModel
from drivers.transports.stream import Stream, Transport


class Patience(msgspec.Struct, frozen=True):
    """How long what may take."""

    every_s: float = 0.1
    """Between two questions: ten a second, so that a settled weight is known within 250 ms."""
    answer_s: float = 0.35
    """An answer that takes longer is late, and tells of a load that may have changed."""
    silent_s: float = 1.0
    """A scale that has not said a byte for so long is gone."""
    useless_s: float = 2.0
    """One that speaks for so long without one answer in time is set wrongly."""


class PolledScale:
    """Asks over any transport, and reads by the codec of its model."""

    def __init__(
        self,
        transport: Transport,
        model: ScaleModel,
        *,
        patience: Patience | None = None,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Remember how to ask; nothing is opened yet."""
        self._transport = transport
        self._model = model
        self._patience = patience or Patience()
        self._now_ns = now_ns
        self._owed = False
        self._zeroing = False

    def zero(self) -> None:
        """Have the scale take its present load as zero, instead of the next question."""
        self._zeroing = True

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[WeightReading]]:
        """Open the transport; each opening begins a conversation of its own."""
        async with self._transport.open() as stream:
            talk = _Conversation(stream, self._model, self._patience, self._now_ns)
            if self._owed:  # what it still says belongs to a question of the last conversation
                await talk.drop_for(self._patience.silent_s)
                self._owed = False
            yield self._readings(talk)

    async def _readings(self, talk: _Conversation) -> AsyncIterator[WeightReading]:
        while True:
            asked_at = asyncio.get_running_loop().time()
            zeroing, self._zeroing = self._zeroing, False
            try:
                reading = await talk.ask(zeroing=zeroing)
            except DeviceFault as fault:
                self._owed = fault.name == "device-silent"
                raise
            if reading is not None and not zeroing:  # that one speaks of the moment before
                yield reading
            passed_s = asyncio.get_running_loop().time() - asked_at
            await talk.drop_for(self._patience.every_s - passed_s)


class _Conversation:
    """One opening of one scale."""

    def __init__(
        self, stream: Stream, model: ScaleModel, patience: Patience, now_ns: Callable[[], int]
    ) -> None:
        self._stream = stream
        self._model = model
        self._codec: ScaleCodec = model.codec()
        self._patience = patience
        self._now_ns = now_ns
        self._useful_at = asyncio.get_running_loop().time()
        self._complaint = ""
        self._heard = False

    async def ask(self, *, zeroing: bool) -> WeightReading | None:
        """Ask once for the weight, or for zero.

        Returns:
            None where the answer was damaged, or came too late to be believed.

        Raises:
            DeviceFault: it went away, says nothing (`device-silent`), or nothing of use.
        """
        self._codec.forget()
        self._heard = False
        asked_at = asyncio.get_running_loop().time()
        answered = False
        try:
            async with asyncio.timeout_at(asked_at + self._patience.answer_s):
                await self._write(self._codec.zero if zeroing else self._codec.question)
                while True:
                    said, arrived_ns = await self._hear()
                    if said and isinstance(said[-1], Answer):
                        return self._useful(said[-1], arrived_ns)
                    answered = answered or bool(said)
                    self._note(said)
        except TimeoutError:
            if not answered:
                await self._wait_for_late(asked_at + self._patience.silent_s)
            self._require_use()
            return None

    async def drop_for(self, seconds: float) -> None:
        """Throw away what is said for so long: nobody asked for it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0)):
                while True:
                    await self._stream.read()

    async def _write(self, data: bytes) -> None:
        while data:
            data = data[await self._stream.write_some(data) :]

    async def _hear(self) -> tuple[list[Said], int]:
        data = await self._stream.read()
        arrived_ns = self._now_ns()
        self._heard = True
        return self._codec.feed(data), arrived_ns

    async def _wait_for_late(self, until: float) -> None:
        """Wait for an answer that is late, and throw it away."""
        try:
            async with asyncio.timeout_at(until):
                while not (await self._hear())[0]:
                    pass
        except TimeoutError:
            if not self._heard:
                raise self._silent() from None
            self._complaint = "what it sends has no beginning and end"
        else:
            self._complaint = "its answers come too late"

    def _useful(self, answer: Answer, arrived_ns: int) -> WeightReading:
        self._useful_at = asyncio.get_running_loop().time()
        self._complaint = ""
        return WeightReading(answer.state, arrived_ns, answer.weight, answer.detail)

    def _note(self, said: list[Said]) -> None:
        for each in said:
            if isinstance(each, Unreadable):
                self._complaint = each.reason

    def _require_use(self) -> None:
        if asyncio.get_running_loop().time() - self._useful_at < self._patience.useless_s:
            return
        raise DeviceFault(
            f"the scale is not understood: {self._complaint}",
            remedy=f"set it to the protocol of {self._model.name}, and the address to its line: "
            f"such scales are delivered with {self._model.line}",
            name="device-unreadable",
        )

    def _silent(self) -> DeviceFault:
        return DeviceFault(
            f"the scale has said nothing for {self._patience.silent_s:g} s",
            remedy="check that it is switched on, its cable, and that it is set to the protocol "
            f"of {self._model.name} and its address to its line: such scales are delivered with "
            f"{self._model.line}",
            name="device-silent",
        )
