"""Receipt printers of any language over any transport."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from functools import partial

import msgspec

from agent.contracts.devices import DeviceFault, PrintOutcome, PrintResult
from agent.core.receipt.document import ReceiptDocument
from agent.core.receipt.layout import LaidLine, lay_out
from drivers.printers.codecs.bitmap import Bitmap
from drivers.printers.codecs.condition import Condition
from drivers.printers.codecs.escpos import Draw
from drivers.printers.codecs.language import Language
from drivers.printers.conversation import Conversation, Patience
from drivers.printers.dots import draw
from drivers.printers.fonts import missing, named
from drivers.printers.job import SILENT, Job, converse
from drivers.printers.models import PrinterModel
from drivers.transports.stream import Transport


class DrawerPulse(msgspec.Struct, frozen=True):
    """How the cash drawer is opened."""

    pin: int = 2
    """2 or 5, of the printer's drawer connector."""
    on_ms: int = 120
    off_ms: int = 240
    """For drawers of 12 and 24 V."""


class ReceiptPrinter(ABC):
    """A printer that is talked to anew for each job, and left alone or watched in between."""

    def __init__(
        self,
        transport: Transport,
        model: PrinterModel,
        *,
        pulse: DrawerPulse | None = None,
        hold: bool = False,
        patience: Patience | None = None,
    ) -> None:
        """Remember how to reach it; nothing is opened yet.

        Args:
            transport: the way to it.
            model: its language and what it can.
            pulse: how its drawer is opened.
            hold: whether `watch` keeps the connection, so that the printer can tell by itself;
                not where others print over it as well.
            patience: how long to wait for what.
        """
        self._transport = transport
        self._dialect = model.dialect
        self._pulse = pulse or DrawerPulse()
        self._hold = hold
        self._patience = patience or Patience()
        # An earlier process may have left a job half sent.
        self._unsettled = True
        # An answer to a question that was cut off may come into the next conversation.
        self._cut_off = False

    @abstractmethod
    def language(self) -> Language:
        """Give the words for one conversation."""

    @abstractmethod
    def encode(self, lines: Iterable[LaidLine], draw: Draw) -> bytes:
        """Write a job in the printer's language."""

    @abstractmethod
    def drawer_pulse(self) -> bytes:
        """Write the command that opens the drawer."""

    async def print_document(self, document: ReceiptDocument) -> PrintResult:
        """Lay the document out for the model's paper, and print it.

        Raises:
            InputFault: it can never be printed, on whatever attempt; nothing was sent.
        """
        drawn: list[str] = []
        lines = lay_out(document, self._dialect.columns)
        job = self.encode(lines, partial(_draw_noting, drawn, document.language))
        result = await self._converse(Job(job))
        boxes = missing("".join(drawn), document.language)
        if not boxes:
            return result
        said = f"shown as boxes, since no font here holds them: {named(boxes)}"
        details = "; ".join(filter(None, (result.detail, said)))
        return msgspec.structs.replace(result, detail=details)

    async def print_raw(self, payload: bytes) -> PrintResult:
        """Print bytes that are in the printer's language already."""
        return await self._converse(Job(payload, raw=True))

    async def kick_drawer(self) -> PrintResult:
        """Send one pulse; a printer that would send it later, being offline, is not asked to."""
        return await self._converse(Job(self.drawer_pulse(), look_after=True))

    async def status(self) -> PrintResult:
        """Ask for paper, cover and state, and print nothing."""
        return await self._converse(Job(b""))

    async def identify(self) -> str | None:
        """Ask what it is: maker and model as it calls itself; None where it does not say.

        Raises:
            DeviceFault: it cannot be opened, or went away.
        """
        async with self._transport.open() as stream:
            names = await Conversation(stream, self.language(), self._patience).names()
        return " ".join(names) or None

    async def watch(self) -> AsyncGenerator[PrintResult, None]:
        """Give its condition at once and each time it changes, until closed."""
        last: PrintResult | None = None
        async with aclosing(self._looks()) as looks:
            async for found in looks:
                if found != last:
                    yield found
                last = found

    async def _looks(self) -> AsyncGenerator[PrintResult, None]:
        """Look again and again, holding the connection while it works and that is wanted."""
        while True:
            try:
                async with aclosing(self._look()) as looks:
                    async for condition in looks:
                        yield _seen(condition)
            except TimeoutError:
                yield PrintResult(PrintOutcome.UNRESPONSIVE, sent=False, detail=SILENT)
            except DeviceFault as fault:
                yield _away(fault)
            await asyncio.sleep(self._patience.watch_s)

    async def _look(self) -> AsyncGenerator[Condition, None]:
        async with self._transport.open() as stream:
            talk = Conversation(stream, self.language(), self._watching())
            try:
                await self._cleared(talk)
                async with aclosing(self._seen_by(talk)) as conditions:
                    async for condition in conditions:
                        yield condition
            except (asyncio.CancelledError, GeneratorExit):  # a job has come
                await talk.answered()
                raise
            finally:
                self._cut_off |= talk.unanswered

    async def _seen_by(self, talk: Conversation) -> AsyncGenerator[Condition, None]:
        if not self._hold:
            yield await talk.condition()
            return
        try:
            async with aclosing(talk.conditions()) as conditions:
                async for condition in conditions:
                    yield condition
        finally:
            await talk.hush()

    async def _cleared(self, talk: Conversation) -> None:
        if self._cut_off:
            await talk.quiet()
            self._cut_off = False

    def _watching(self) -> Patience:
        return msgspec.structs.replace(self._patience, answer_s=self._patience.watch_answer_s)

    async def _converse(self, job: Job) -> PrintResult:
        try:
            async with self._transport.open() as stream:
                talk = Conversation(stream, self.language(), self._patience)
                try:
                    await self._cleared(talk)
                    result = await self._held(talk, job)
                finally:
                    self._cut_off |= talk.unanswered
        except DeviceFault as fault:
            return _away(fault)
        return result

    async def _held(self, talk: Conversation, job: Job) -> PrintResult:
        job = msgspec.structs.replace(job, settle=self._unsettled)
        self._unsettled = True  # where it is cancelled, what was sent is not known to be printed
        result = await converse(talk, job)
        self._unsettled = _unsettled_after(result, job)
        return result


_BROKEN_OFF = (PrintOutcome.DISCONNECTED, PrintOutcome.UNRESPONSIVE)


def _unsettled_after(result: PrintResult, job: Job) -> bool:
    if result.outcome is PrintOutcome.SUCCESS and result.sent:
        return job.raw  # those may have asked for answers that are still under way
    # A question that was cut off may have left half a command behind as well.
    return result.sent or job.settle or result.outcome in _BROKEN_OFF


def _seen(condition: Condition) -> PrintResult:
    return PrintResult(
        condition.outcome,
        sent=False,
        detail=condition.detail,
        drawer_high=condition.drawer_high,
    )


def _away(fault: DeviceFault) -> PrintResult:
    outcome = PrintOutcome.ERROR if fault.name == "wrong-model" else PrintOutcome.DISCONNECTED
    return PrintResult(outcome, sent=False, detail=str(fault))


def _draw_noting(drawn: list[str], language: str, text: str, bold: bool) -> Bitmap:
    drawn.append(text)
    return draw(text, bold, language)
