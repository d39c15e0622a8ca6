"""One conversation with a printer: status, send, fence, how it ended.

It is the same in every language (`codecs.language`); only the words differ. Nothing of a job is
sent before the printer has said that it has paper and a closed cover. From its first byte on, only
the fence means success. There is no limit on the whole: only silence and lack of progress end a
conversation. Nothing is ever sent twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

import msgspec

from agent.contracts.devices import DeviceFault, PrintOutcome
from drivers.printers.codecs.condition import Condition
from drivers.printers.codecs.language import (
    Answer,
    Fenced,
    Foreign,
    Hearing,
    Language,
    Named,
    Noise,
    Told,
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
    bytes_per_s: int = 100
    """Two lines a second: slower than any head."""
    quiet_s: float = 0.2
    """Silence after which no answer to an earlier conversation is under way any more."""
    watch_s: float = 1.0
    """Between two questions while the printer is only watched."""
    watch_answer_s: float = 0.8
    """For the answer to those: with `watch_s`, a silent printer is told within two seconds."""


class WrongModel(DeviceFault):
    """The printer answers, but not in the language of the model it is set up as."""

    name = "wrong-model"

    def __init__(self, detail: str) -> None:
        """Say what it answers like."""
        super().__init__(detail, remedy="choose its right model in the settings")


class Conversation:
    """Talks over one open stream.

    Attributes:
        sent: bytes of the job handed over so far; the operating system may have sent them.
        drawer_high: level of the drawer switch's pin as last told.
        unanswered: a question is open, whose answer may come into the next conversation.
    """

    def __init__(self, stream: Stream, language: Language, patience: Patience) -> None:
        self._stream = stream
        self._language = language
        self._patience = patience
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()
        self._told: asyncio.Queue[Condition] = asyncio.Queue()
        self._names: asyncio.Queue[str] = asyncio.Queue()
        self._fenced = False
        self._noise = b""
        self._heard_at = _now()
        self._unsent = 0
        self.sent = 0
        self.unanswered = False
        self.drawer_high: bool | None = None

    async def condition(self) -> Condition:
        """Ask for paper, cover and state.

        Raises:
            TimeoutError: the printer does not answer.
            DeviceFault: it went away, or speaks another language (`WrongModel`).
        """
        return await self._inquire(self._patience.answer_s)

    async def roused(self) -> Condition:
        """Ask for its condition, even if it takes the question for the rest of a picture.

        Raises:
            TimeoutError, DeviceFault: as above.
        """
        try:
            return await self.condition()
        except TimeoutError:
            if not self._language.deaf_in_pictures:
                raise
            await self._write(self._language.rouse)
            return await self.condition()

    async def settle(self) -> Condition | None:
        """Make sure that no answer to an earlier conversation can be taken for one to this.

        A printer that a broken job left waiting for the rest of a picture is given it as NULs.

        Returns:
            None when it is ready; why not, of a printer that works off nothing.

        Raises:
            TimeoutError, DeviceFault: as above; nothing of the job was sent.
        """
        opening, rouse = self._language.opening, self._language.rouse
        await self._write(opening + self._opened_fence(b"", raw=False))
        if not await self._fenced_or_seen(self._patience.answer_s):
            await self._write(rouse + opening + self._opened_fence(b"", raw=False))
            if not await self._fenced_or_seen(self._patience.stall_s):
                return Condition(PrintOutcome.UNRESPONSIVE, _no_fence(self._language))
        if not await self.quiet():
            return Condition(PrintOutcome.UNRESPONSIVE, _BABBLES)
        return None

    async def send(self, payload: bytes, *, raw: bool) -> None:
        """Send the job and the fence, counting what the operating system has taken.

        Raises:
            TimeoutError: the printer takes no more bytes.
            DeviceFault: it went away.
        """
        await self._write(self._language.opening)
        fence = self._opened_fence(payload, raw=raw)
        while self.sent < len(payload):
            self.sent += await self._write_some(payload[self.sent :])
        await self._write(fence)

    async def outcome(self) -> Condition:
        """Wait until the printer has worked off the job, or cannot.

        Raises:
            TimeoutError: it fell silent.
            DeviceFault: it went away.
        """
        patience = self._patience.fence_s + self.sent / self._patience.bytes_per_s
        deadline = _now() + patience
        faults = 0
        while not await self._fenced_within(self._patience.probe_s):
            found = await self._probed()
            if self._progressed():
                deadline = _now() + patience
            faults = faults + 1 if found and found.outcome is not PrintOutcome.SUCCESS else 0
            if found and faults > 1 and not self._fenced:
                return found
            if _now() > deadline and not self._fenced:
                said = f"{_no_fence(self._language)}, unless it was switched off meanwhile"
                return Condition(PrintOutcome.UNRESPONSIVE, said)
        return Condition(PrintOutcome.SUCCESS)

    async def conditions(self) -> AsyncGenerator[Condition, None]:
        """Give its condition again and again, as it tells it and as it is asked, until it fails.

        Raises:
            TimeoutError, DeviceFault: as above.
        """
        await self._write(self._language.automatic(on=True))
        while True:
            self._told = asyncio.Queue()
            yield await self._inquire(self._patience.watch_answer_s)
            until = _now() + self._patience.watch_s
            while await self._hear_told(until):
                yield self._told.get_nowait()

    async def hush(self) -> None:
        """Switch off what `conditions` switched on, if the printer takes it at once."""
        try:
            async with asyncio.timeout(self._patience.quiet_s):
                await self._write(self._language.automatic(on=False))
        except (TimeoutError, DeviceFault):
            return  # it is gone or stuck; the next conversation bears with what it tells

    async def quiet(self) -> bool:
        """Let what is still under way arrive; False where it does not end.

        Raises:
            DeviceFault: it went away.
        """
        until = _now() + self._patience.answer_s
        while await self._hear(self._patience.quiet_s):
            if _now() > until:
                return False
        return True

    async def answered(self) -> None:
        """Wait a moment for the answer to an open question: the next one would be given it."""
        until = _now() + self._patience.quiet_s
        with suppress(DeviceFault):
            while self.unanswered and await self._hear(until - _now()):
                self.unanswered = self._answers.empty()

    async def names(self) -> list[str]:
        """Ask what it is; what it does not answer is left out.

        Raises:
            DeviceFault: it went away.
        """
        names = []
        for question in self._language.names():
            await self._write(question)
            until = _now() + self._patience.answer_s
            while self._names.empty() and await self._hear(until - _now()):
                pass
            if not self._names.empty():
                names.append(self._names.get_nowait())
        return names

    async def _inquire(self, answer_s: float) -> Condition:
        inquiry = self._language.condition()
        question = next(inquiry)
        while True:
            try:
                question = inquiry.send(await self._ask(question, answer_s))
            except StopIteration as done:
                return self._noted(done.value)

    def _noted(self, condition: Condition) -> Condition:
        self.drawer_high = condition.drawer_high
        return condition

    async def _probed(self) -> Condition | None:
        """Ask a busy printer how it is; None while it is silent, but not yet for too long."""
        try:
            return await self.condition()
        except TimeoutError:
            if self._progressed():
                self._heard_at = _now()
            if _now() - self._heard_at > self._patience.stall_s:
                raise
            await self.quiet()  # a late answer must not be taken for one to the next question
            return None

    def _progressed(self) -> bool:
        """Whether bytes the kernel still held have gone out since this was last asked.

        A slow printer with a small buffer answers nothing while a question waits behind the job.
        """
        before, self._unsent = self._unsent, self._stream.unsent()
        return self._unsent < before

    async def _ask(self, question: bytes, answer_s: float) -> bytes:
        self._answers = asyncio.Queue()
        self._noise = b""
        self.unanswered = True
        await self._write(question)
        try:
            async with asyncio.timeout(answer_s):
                while self._answers.empty():
                    await self._take()
        except TimeoutError:
            if self._noise and not self.sent:
                raise WrongModel(
                    f"it does not answer as {self._language.name} printers do"
                ) from None
            raise
        self.unanswered = False
        return self._answers.get_nowait()

    def _opened_fence(self, payload: bytes, *, raw: bool) -> bytes:
        self._fenced = False
        return self._language.fence(payload, raw=raw)

    async def _fenced_or_seen(self, seconds: float) -> bool:
        """Wait for the fence, and look for it in the end where the printer did not tell it."""
        if not await self._fenced_within(seconds):
            await self._probed()
        return self._fenced

    async def _fenced_within(self, seconds: float) -> bool:
        deadline = _now() + seconds
        while not self._fenced:
            if not await self._hear(deadline - _now()):
                return False
        return True

    async def _hear_told(self, until: float) -> bool:
        while self._told.empty():
            if not await self._hear(until - _now()):
                return False
        return True

    async def _hear(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._take()
        except TimeoutError:
            return False
        return True

    async def _take(self) -> None:
        for heard in self._language.hear(await self._stream.read()):
            self._heard_at = _now()
            self._put(heard)

    def _put(self, heard: Hearing) -> None:
        match heard:
            case Answer(data=data):
                self._answers.put_nowait(data)
            case Told(condition=condition):
                self._told.put_nowait(self._noted(condition))
            case Fenced():
                self._fenced = True
            case Named(text=text):
                self._names.put_nowait(text)
            case Noise(data=data):
                self._noise = (self._noise + data)[-NOISE_KEPT:]
            case Foreign(language=language):
                raise WrongModel(f"it answers as {language} printers do, not {self._language.name}")

    async def foreign(self) -> None:
        """Ask a silent printer whether it speaks another language.

        Raises:
            WrongModel: it does.
            DeviceFault: it went away.
        """
        question = self._language.probe()
        if question:
            await self._write(question)
            await self._hear(self._patience.quiet_s)

    async def _write(self, data: bytes) -> None:
        while data:
            data = data[await self._write_some(data) :]

    async def _write_some(self, data: bytes) -> int:
        while True:
            self._progressed()
            try:
                async with asyncio.timeout(self._patience.stall_s):
                    return await self._stream.write_some(data)
            except TimeoutError:
                if not self._progressed():
                    raise


NOISE_KEPT = 64
_BABBLES = "it sends without end: check its interface settings, and switch it off and on"


def _now() -> float:
    return asyncio.get_running_loop().time()


def _no_fence(language: Language) -> str:
    return f"it answers status questions, but never `{language.fence_name}`: choose its right model"
