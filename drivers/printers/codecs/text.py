"""Text to bytes of a printer's code pages, character by character.

Each character is looked for in the page in use, then in the model's other pages; a page switch
costs three bytes. What no page holds comes back as a run of its own, to be drawn as dots: its
neighbours are never touched, and nothing is ever replaced by a question mark.

Hebrew stands in its pages in the order of paper. Arabic is always drawn: its letters join, and
the Arabic pages of printers hold either unjoined letters or one maker's choice of joined ones.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

import msgspec

from drivers.printers.codecs.dialect import Page
from drivers.printers.codecs.visual import JOINERS, ORDERING, Piece, visual

_BLANK = ("Cc", "Zs", "Zl", "Zp")
_LEFT_OUT = ("Cf", "Cs")
"""Invisible formatting takes no column (`agent.core.receipt.width`), and no page holds it."""
_KEPT = frozenset(JOINERS + ORDERING)
_STRAY_JOINER = re.compile(f"(?<![\u0600-\u109f\u1700-\u1cff\ua800-\uabff])[{JOINERS}]+")
"""A joiner behind a letter of a script that does not join would only keep it from its page."""


class Encoded(msgspec.Struct, frozen=True):
    """A run of text that one page holds."""

    page: Page
    data: bytes


class Unheld(msgspec.Struct, frozen=True):
    """A run of text that no page of the model holds, in the order it is read."""

    text: str


Run = Encoded | Unheld


def normal(text: str) -> str:
    r"""Compose accents (NFC) and take out what would be a command instead of a character.

    The layout has done the latter already; this is the last gate before the printer, and a name
    from a catalogue must never open the drawer.

    >>> normal("Cafe\u0301\x1bp")
    'Café p'
    """
    if text.isascii() and text.isprintable():
        return text
    composed = unicodedata.normalize("NFC", text)
    return _STRAY_JOINER.sub("", "".join(_kept(char) for char in composed))


def runs(text: str, pages: Sequence[Page], current: Page) -> list[Run]:
    """Cut a line into runs as they stand from left to right, staying on a page while it can.

    Args:
        text: as `normal` gives it, in the order it is read.
        pages: the model's, in order of preference, at least one.
        current: the page in use before the text.
    """
    placed: list[tuple[Page | None, Piece]] = []
    for piece in visual(text):
        page = _page_of(piece, pages, current)
        placed.append((page, piece))
        current = page or current
    return [
        _run(page, [piece for _, piece in together])
        for (page, _), together in groupby(placed, key=_together)
    ]


def _kept(char: str) -> str:
    kind = unicodedata.category(char)
    if kind in _BLANK:
        return " "
    return "" if kind in _LEFT_OUT and char not in _KEPT else char


def _together(placed: tuple[Page | None, Piece]) -> tuple[Page | None, bool]:
    """Keep drawn runs of either direction apart: each is put in order again by itself."""
    page, piece = placed
    return page, page is None and piece.backwards


def _page_of(piece: Piece, pages: Sequence[Page], current: Page) -> Page | None:
    char = piece.shown
    if len(char) > 1 or piece.joined:
        return None
    return next((page for page in (current, *pages) if _byte(page.codec, char)), None)


def _run(page: Page | None, pieces: list[Piece]) -> Run:
    if page is None:
        return Unheld(_read(pieces))
    return Encoded(page, b"".join(_byte(page.codec, piece.shown) for piece in pieces))


def _read(pieces: list[Piece]) -> str:
    """Put drawn pieces in the order they are read; without a letter, as they stand."""
    letters = "".join(piece.text for piece in pieces)
    if any(unicodedata.bidirectional(char) in ("R", "AL") for char in letters):
        return "".join(piece.text for piece in reversed(pieces))
    return "".join(piece.shown for piece in pieces)


@lru_cache(maxsize=4096)
def _byte(codec: str, char: str) -> bytes:
    if char.isascii():  # the lower half of every page, `ESC R 0`
        return char.encode("ascii")
    try:
        data = char.encode(codec)
    except UnicodeEncodeError:
        return b""
    return data if len(data) == 1 else b""
