"""ESC/POS receipt printers over any transport."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from agent.core.receipt.layout import LaidLine
from drivers.printers.codecs.escpos import Draw, encode, pulse
from drivers.printers.codecs.escpos_language import TICKETS, EscPosLanguage
from drivers.printers.codecs.language import Language
from drivers.printers.receipt_printer import ReceiptPrinter


class EscPosPrinter(ReceiptPrinter):
    """A printer that speaks ESC/POS, as Epson and most others do."""

    def language(self) -> Language:
        """Give the words for one conversation, with ids no earlier one can have used."""
        return EscPosLanguage(by_id=self._dialect.answers_by_id, ticket=secrets.randbelow(TICKETS))

    def encode(self, lines: Iterable[LaidLine], draw: Draw) -> bytes:
        """Write a job in ESC/POS."""
        return encode(lines, self._dialect, draw)

    def drawer_pulse(self) -> bytes:
        """Write `ESC p`."""
        return pulse(self._pulse.pin, self._pulse.on_ms, self._pulse.off_ms)
