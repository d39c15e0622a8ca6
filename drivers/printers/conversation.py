"""One conversation with an ESC/POS printer: status, send, fence, how it ended.

Nothing of a job is sent before the printer has said that it has paper and a closed cover. From
its first byte on, only the answer to the fence means success. There is no limit on the whole:
only silence and lack of progress end a conversation.
"""

from __future__ import annotations

import asyncio

import msgspec

from agent.contracts.devices import DeviceFault, PrintOutcome, PrintResult
from drivers.printers.codecs.status import (
    FENCE,
    WAKE,
    AnswerReader,
    Condition,
    Kind,
    Query,
    condition,
    error_detail,
    question,
)
from drivers.transports.stream import Stream


class Patience(msgspec.Struct, frozen=True):
    """How long to wait for what, in seconds."""

    answer_s: float = 2.0
    """For a real-time status: the printer sends it at once, whatever it is doing."""
    stall_s: float = 10.0
    """For any sign of life while a job is under way."""
    probe_s: float = 1.0
    """Between two questions after the printer's condition while it prints."""
    fence_s: float = 60.0
    """For the fence of a printer that answers everything else, plus a second per
    `bytes_per_s` of the job: a roll of 80 m takes minutes."""
    bytes_per_s: int = 250
    quiet_s: float = 0.2
    """Silence after which no answer to an earlier conversation is under way any more."""


class Conversation:
    """Talks over one open stream.

    Attributes:
        sent: bytes of the job handed over so far; the operating system may have sent them.
    """

    def __init__(self, stream: Stream, patience: Patience) -> None:
        self._stream = stream
        self._patience = patience
        self._reader = AnswerReader()
        self._statuses: asyncio.Queue[int] = asyncio.Queue()
        self._fences = 0
        self._heard_at = _now()
        self.sent = 0

    async def condition(self) -> Condition:
        """Ask for paper, cover and state.

        Raises:
            TimeoutError: the printer does not answer.
            DeviceFault: it went away.
        """
        paper = await self._ask(Query.PAPER)
        cause = await self._ask(Query.OFFLINE_CAUSE)
        found = condition(printer=await self._ask(Query.PRINTER), cause=cause, paper=paper)
        if found.outcome is PrintOutcome.ERROR:
            return Condition(found.outcome, error_detail(await self._ask(Query.ERROR_CAUSE)))
        return found

    async def settle(self) -> None:
        """Make sure that no answer to an earlier conversation can be taken for one to this.

        A printer that a broken job left waiting for the rest of a picture is given it as NULs.

        Raises:
            TimeoutError, DeviceFault: as above; nothing of the job was sent.
        """
        await self._write(FENCE)
        if not await self._fenced_within(self._patience.answer_s):
            await self._write(WAKE + FENCE)
            if not await self._fenced_within(self._patience.stall_s):
                raise TimeoutError
        await self._quiet()
        self._fences = 0

    async def send(self, payload: bytes) -> None:
        """Send the job and the fence, counting what the operating system has taken.

        Raises:
            TimeoutError: the printer takes no more bytes.
            DeviceFault: it went away.
        """
        while self.sent < len(payload):
            async with asyncio.timeout(self._patience.stall_s):
                self.sent += await self._stream.write_some(payload[self.sent :])
        await self._write(FENCE)

    async def outcome(self) -> Condition:
        """Wait until the printer has worked off the job, or cannot.

        Raises:
            TimeoutError: it fell silent.
            DeviceFault: it went away.
        """
        deadline = _now() + self._patience.fence_s + self.sent / self._patience.bytes_per_s
        faults = 0
        while not await self._fenced_within(self._patience.probe_s):
            found = await self._probed()
            faults = faults + 1 if found and found.outcome is not PrintOutcome.SUCCESS else 0
            if found and faults > 1 and not self._fences:
                return found
            if _now() > deadline and not self._fences:
                return Condition(
                    PrintOutcome.UNRESPONSIVE,
                    "it answers status questions, but never `GS r`: choose its right model",
                )
        return Condition(PrintOutcome.SUCCESS, "")

    async def _probed(self) -> Condition | None:
        """Ask a busy printer how it is; None while it is silent, but not yet for too long."""
        try:
            return await self.condition()
        except TimeoutError:
            if _now() - self._heard_at > self._patience.stall_s:
                raise
            await self._quiet()  # a late answer must not be taken for one to the next question
            return None

    async def _ask(self, query: Query) -> int:
        self._statuses = asyncio.Queue()
        await self._write(question(query))
        async with asyncio.timeout(self._patience.answer_s):
            while self._statuses.empty():
                await self._take()
        return self._statuses.get_nowait()

    async def _fenced_within(self, seconds: float) -> bool:
        deadline = _now() + seconds
        while not self._fences:
            if not await self._hear(deadline - _now()):
                return False
        return True

    async def _quiet(self) -> None:
        while await self._hear(self._patience.quiet_s):
            pass

    async def _hear(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._take()
        except TimeoutError:
            return False
        return True

    async def _take(self) -> None:
        for answer in self._reader.feed(await self._stream.read()):
            self._heard_at = _now()
            if answer.kind is Kind.REAL_TIME:
                self._statuses.put_nowait(answer.data[0])
            elif answer.kind is Kind.FENCE:
                self._fences += 1

    async def _write(self, data: bytes) -> None:
        while data:
            async with asyncio.timeout(self._patience.stall_s):
                data = data[await self._stream.write_some(data) :]


def _now() -> float:
    return asyncio.get_running_loop().time()


async def converse(talk: Conversation, payload: bytes, *, settle: bool) -> PrintResult:
    """Hold the whole conversation around a payload; a fault of the printer is a result."""
    try:
        found = await talk.condition()
        if found.outcome is not PrintOutcome.SUCCESS or not payload:
            return PrintResult(found.outcome, sent=False, detail=found.detail)
        if settle:
            await talk.settle()
        await talk.send(payload)
        ended = await talk.outcome()
    except TimeoutError:
        return PrintResult(PrintOutcome.UNRESPONSIVE, sent=talk.sent > 0, detail=SILENT)
    except DeviceFault as fault:
        return PrintResult(PrintOutcome.DISCONNECTED, sent=talk.sent > 0, detail=str(fault))
    return PrintResult(ended.outcome, sent=True, detail=ended.detail)


SILENT = "it does not answer: check that it is switched on and not in its own menu"
