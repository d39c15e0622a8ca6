"""What a printer model understands, as data: the codecs branch on this, never on a model's name."""

from __future__ import annotations

import msgspec

CELL_WIDTH, CELL_HEIGHT = 12, 24
"""Dots of one character of font A on 180 and 203 dpi heads (ESC/POS, `ESC M`)."""


class Page(msgspec.Struct, frozen=True):
    """A code page of a printer."""

    number: int
    """The n of `ESC t n` on this model: each maker numbers its own."""
    codec: str
    """The same table's name in Python."""


class Dialect(msgspec.Struct, frozen=True):
    """How to speak ESC/POS to one family of printers."""

    columns: int
    """Characters of font A per line."""
    dots: int
    """Printable dots per line."""
    pages: tuple[Page, ...]
    """In order of preference; the first is the one `ESC @` selects."""
    prologue: bytes = b""
    """Sent after `ESC @`, where a model needs it."""
    cut: bytes = b"\x1dVB\x00"
    """`GS V 66 0`: feed to the cutter and cut partially."""
    feed_before_cut: int = 0
    """Empty lines where the cut command does not feed to the tear bar by itself."""
    pulse: bytes = b"\x1bp\x00\x3c\x78"
    """`ESC p 0 60 120`: drawer pin 2, 120 ms on, 240 ms off, for drawers of 12 and 24 V."""
