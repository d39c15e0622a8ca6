"""Star receipt printers in Star Line mode over any transport."""

from __future__ import annotations

from collections.abc import Iterable

from agent.core.receipt.layout import LaidLine
from drivers.printers.codecs.escpos import Draw
from drivers.printers.codecs.language import Language
from drivers.printers.codecs.star import encode_star, star_pulse
from drivers.printers.codecs.star_status import StarLanguage
from drivers.printers.receipt_printer import ReceiptPrinter


class StarPrinter(ReceiptPrinter):
    """A printer that speaks Star Line mode."""

    def language(self) -> Language:
        """Give the words for one conversation."""
        return StarLanguage()

    def encode(self, lines: Iterable[LaidLine], draw: Draw) -> bytes:
        """Write a job in Star Line mode."""
        return encode_star(lines, self._dialect, draw)

    def drawer_pulse(self) -> bytes:
        """Write `ESC BEL` and `BEL`, or `EM`."""
        return star_pulse(self._pulse.pin, self._pulse.on_ms, self._pulse.off_ms)
