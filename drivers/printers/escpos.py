"""ESC/POS receipt printers over any transport."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from functools import partial

import msgspec

from agent.contracts.devices import DeviceFault, PrintOutcome, PrintResult
from agent.core.receipt.document import ReceiptDocument
from agent.core.receipt.layout import lay_out
from drivers.printers.codecs.bitmap import Bitmap
from drivers.printers.codecs.escpos import encode
from drivers.printers.conversation import Conversation, Patience, converse
from drivers.printers.dots import draw
from drivers.printers.fonts import missing
from drivers.printers.models import PrinterModel
from drivers.transports.stream import Transport

POLL_S = 1.5
"""Between two questions: a fault is told within two seconds."""


class EscPosPrinter:
    """A printer that is talked to anew for each job, and left alone in between."""

    def __init__(
        self, transport: Transport, model: PrinterModel, *, patience: Patience | None = None
    ) -> None:
        """Remember how to reach it; nothing is opened yet."""
        self._transport = transport
        self._dialect = model.dialect
        self._patience = patience or Patience()
        # An earlier process may have left a job half sent.
        self._unsettled = True

    async def print_document(self, document: ReceiptDocument) -> PrintResult:
        """Lay the document out for the model's paper, and print it.

        Raises:
            InputFault: it can never be printed, on whatever attempt; nothing was sent.
        """
        drawn: list[str] = []
        lines = lay_out(document, self._dialect.columns)
        job = encode(lines, self._dialect, partial(_draw_noting, drawn))
        result = await self._converse(job)
        boxes = missing("".join(drawn))
        if not boxes:
            return result
        said = f"shown as boxes, since no font here holds them: {boxes}"
        details = "; ".join(filter(None, (result.detail, said)))
        return msgspec.structs.replace(result, detail=details)

    async def print_raw(self, payload: bytes) -> PrintResult:
        """Print bytes that are ESC/POS already."""
        return await self._converse(payload)

    async def kick_drawer(self) -> PrintResult:
        """Send one pulse; a printer that would send it later, being offline, is not asked to."""
        return await self._converse(self._dialect.pulse)

    async def status(self) -> PrintResult:
        """Ask for paper, cover and state, and print nothing."""
        return await self._converse(b"")

    async def watch(self) -> AsyncGenerator[PrintResult, None]:
        """Ask every `POLL_S` seconds, and give what changed."""
        last: PrintResult | None = None
        while True:
            found = await self.status()
            if found != last:
                yield found
            last = found
            await asyncio.sleep(POLL_S)

    async def _converse(self, payload: bytes) -> PrintResult:
        try:
            async with self._transport.open() as stream:
                talk = Conversation(stream, self._patience)
                result = await self._held(talk, payload)
        except DeviceFault as fault:
            return PrintResult(PrintOutcome.DISCONNECTED, sent=False, detail=str(fault))
        return result

    async def _held(self, talk: Conversation, payload: bytes) -> PrintResult:
        settle = self._unsettled
        try:
            result = await converse(talk, payload, settle=settle)
        except BaseException:  # cancelled: what was sent is not known to be printed
            self._unsettled = True
            raise
        if result.sent:
            self._unsettled = result.outcome is not PrintOutcome.SUCCESS
        return result


def _draw_noting(drawn: list[str], text: str, bold: bool) -> Bitmap:
    drawn.append(text)
    return draw(text, bold)
