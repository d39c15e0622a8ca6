"""What a printer model understands, as data: the codecs branch on this, never on a model's name."""

from __future__ import annotations

import msgspec

CELL_WIDTH, CELL_HEIGHT = 12, 24
"""Dots of one character of font A on 180 and 203 dpi heads (ESC/POS, `ESC M`)."""


class Page(msgspec.Struct, frozen=True):
    """A code page of a printer."""

    number: int
    """The n of `ESC t n` (Star: `ESC GS t n`) on this model: each maker numbers its own."""
    codec: str
    """The same table's name in Python."""


class Dialect(msgspec.Struct, frozen=True):
    """How to speak its language to one family of printers."""

    columns: int
    """Characters of font A per line."""
    dots: int
    """Printable dots per line."""
    pages: tuple[Page, ...]
    """In order of preference; the first is the one in use after `ESC @` and the prologue."""
    prologue: bytes = b""
    """Sent after `ESC @`, where a model needs it."""
    cut: bytes = b"\x1dVB\x00"
    """ESC/POS `GS V 66 0`: feed to the cutter and cut partially."""
    feed_before_cut: int = 0
    """Empty lines where the cut command does not feed to the tear bar by itself."""
    answers_by_id: bool = False
    """ESC/POS: it knows `GS ( H`, which answers with our own id when all before it is printed."""
    guards_pulse: bool = False
    """ESC/POS: it knows `GS ( D`, which keeps dots from being taken for a real-time pulse."""
    dot_pictures: bool = True
    """It prints dots in the resolution of its font; an impact printer does not."""
    draws_qr: bool = True
    """It makes QR codes by itself; else they are sent as dots."""
    draws_barcodes: bool = True
    """It makes Code 128 by itself; else only the text below it is printed."""
