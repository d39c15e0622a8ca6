"""Text to bytes of a printer's code pages, character by character.

Each character is looked for in the page in use, then in the model's other pages; a page switch
costs three bytes. What no page holds comes back as a run of its own, to be drawn as dots: its
neighbours are never touched, and nothing is ever replaced by a question mark.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

import msgspec

from agent.core.receipt.width import width
from drivers.printers.codecs.dialect import Page

_BLANK = ("Cc", "Zs", "Zl", "Zp")
_LEFT_OUT = ("Cf", "Cs")
"""Invisible formatting takes no column (`agent.core.receipt.width`), and no page holds it."""


class Encoded(msgspec.Struct, frozen=True):
    """A run of text that one page holds."""

    page: Page
    data: bytes


class Unheld(msgspec.Struct, frozen=True):
    """A run of text that no page of the model holds."""

    text: str


Run = Encoded | Unheld


def normal(text: str) -> str:
    r"""Compose accents (NFC) and take out what would be a command instead of a character.

    The layout has done the latter already; this is the last gate before the printer, and a name
    from a catalogue must never open the drawer.

    >>> normal("Cafe\u0301\x1bp")
    'Café p'
    """
    return "".join(
        " " if unicodedata.category(char) in _BLANK else char
        for char in unicodedata.normalize("NFC", text)
        if unicodedata.category(char) not in _LEFT_OUT
    )


def runs(text: str, pages: Sequence[Page], current: Page) -> list[Run]:
    """Cut a text into runs, staying on a page as long as it holds the characters.

    Args:
        text: as `normal` gives it.
        pages: the model's, in order of preference, at least one.
        current: the page in use before the text.
    """
    placed: list[tuple[Page | None, str]] = []
    for cluster in _clusters(text):
        page = _page_of(cluster, pages, current)
        placed.append((page, cluster))
        current = page or current
    return [
        _run(page, "".join(cluster for _, cluster in together))
        for page, together in groupby(placed, key=itemgetter(0))
    ]


def _clusters(text: str) -> Iterator[str]:
    """Keep accents that have no composed form with their letter."""
    start = 0
    for index in range(1, len(text) + 1):
        if index == len(text) or width(text[index]):
            yield text[start:index]
            start = index


def _page_of(cluster: str, pages: Sequence[Page], current: Page) -> Page | None:
    if len(cluster) > 1:
        return None
    return next((page for page in (current, *pages) if _byte(page.codec, cluster)), None)


def _run(page: Page | None, text: str) -> Run:
    if page is None:
        return Unheld(text)
    return Encoded(page, b"".join(_byte(page.codec, char) for char in text))


@lru_cache(maxsize=4096)
def _byte(codec: str, char: str) -> bytes:
    if char.isascii():  # the lower half of every page, `ESC R 0`
        return char.encode("ascii")
    try:
        data = char.encode(codec)
    except UnicodeEncodeError:
        return b""
    return data if len(data) == 1 else b""
