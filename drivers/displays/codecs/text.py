"""Text to bytes of a display's code pages, cell by cell.

A line display has no dots to draw with, so what no page of the model holds is written in letters
it has: without its accent, or by the Latin letters it sounds like. What has no such letters (Han,
Hebrew, Arabic) becomes one small dot a cell, so that the amount beside it stays readable and in
its place. Nothing becomes a question mark.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec

from agent.core.receipt.width import width

UNKNOWN = "."
"""Stands for one cell of what cannot be written."""
_BLANK = frozenset(("Cc", "Zs", "Zl", "Zp"))
_NO_CELL = frozenset(("Cf", "Cs", "Mn", "Me"))
_SPELT = {
    "\N{EURO SIGN}": "EUR",
    "\N{POUND SIGN}": "GBP",
    "\N{YEN SIGN}": "JPY",
    "ß": "ss",
    "æ": "ae",
    "Æ": "AE",
    "œ": "oe",
    "Œ": "OE",
    "ø": "o",
    "Ø": "O",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ð": "d",
    "þ": "th",
    "Þ": "Th",
    "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{MINUS SIGN}": "-",
    "\N{LEFT SINGLE QUOTATION MARK}": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{LEFT DOUBLE QUOTATION MARK}": '"',
    "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
    "\N{DOUBLE LOW-9 QUOTATION MARK}": '"',
    "\N{BULLET}": "*",
    "\N{HORIZONTAL ELLIPSIS}": "...",
}
# Letters by what Unicode calls them: Cyrillic as it is commonly transcribed, Greek by ISO 843.
_LETTERS = {
    "CYRILLIC": "A=a BE=b VE=v GHE=g DE=d IE=e IO=yo ZHE=zh ZE=z I=i KA=k EL=l EM=m EN=n O=o "
    "PE=p ER=r ES=s TE=t U=u EF=f HA=kh TSE=ts CHE=ch SHA=sh SHCHA=shch HARD_SIGN= YERU=y "
    "SOFT_SIGN= E=e YU=yu YA=ya BYELORUSSIAN-UKRAINIAN_I=i UKRAINIAN_IE=ye YI=yi GHE_WITH_UPTURN=g "
    "JE=j LJE=lj NJE=nj TSHE=c DJE=d DZHE=dz DZE=dz",
    "GREEK": "ALPHA=a BETA=v GAMMA=g DELTA=d EPSILON=e ZETA=z ETA=i THETA=th IOTA=i KAPPA=k "
    "LAMDA=l MU=m NU=n XI=x OMICRON=o PI=p RHO=r SIGMA=s FINAL_SIGMA=s TAU=t UPSILON=y PHI=f "
    "CHI=ch PSI=ps OMEGA=o",
}
_SOUNDS = {
    f"{script} SMALL LETTER {name.replace('_', ' ')}": sound
    for script, letters in _LETTERS.items()
    for name, _, sound in (letter.partition("=") for letter in letters.split(" "))
}
_MATHEMATICAL = frozenset(("cp437", "cp860", "cp863", "cp865"))
"""Pages with some Greek letters for formulas: words would be half Greek, half Latin."""
_SYLLABLES = ("HANGUL SYLLABLE ", "HIRAGANA LETTER ", "KATAKANA LETTER ")


_AMOUNT = re.compile(r" (?:[A-Z]{3} )?-?\S*\d\S*(?: \S{1,3})?$")
"""Figures with or without a currency, at the end of a line."""


class Page(msgspec.Struct, frozen=True):
    """A code page of a display."""

    number: int | None
    """Of `ESC t`; None for the one it always has, where it cannot be chosen."""
    codec: str
    """Python's name of it."""


class Cell(msgspec.Struct, frozen=True):
    """One character place."""

    page: Page | None
    """None for ASCII, which every page has."""
    byte: bytes


def cells(text: str, columns: int, pages: Sequence[Page]) -> list[Cell]:
    """Write a line into exactly so many cells.

    Where letters were spelt out and the line became too long, it gives up blanks between words,
    then letters of its name: an amount at its end stays whole.

    Args:
        text: one line; control characters become blanks.
        columns: of the display.
        pages: of the model, in order of preference.
    """
    written = "".join(_written(text, tuple(pages)))
    placed = _squeezed(written, columns)[:columns].ljust(columns)
    return [_cell(character, pages) for character in placed]


def _written(text: str, pages: tuple[Page, ...]) -> Iterator[str]:
    for character in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(character)
        if kind in _BLANK:
            yield " "
        elif kind not in _NO_CELL:
            yield _spelling(character, pages)


@lru_cache(maxsize=4096)
def _spelling(character: str, pages: tuple[Page, ...]) -> str:
    """Give the best way to write a character with what the pages hold."""
    candidates = (character, *_alternatives(character))
    for candidate in candidates:
        if all(_held(one, pages) for one in candidate):
            return candidate
    return UNKNOWN * max(1, width(character))


def _alternatives(character: str) -> Iterator[str]:
    if character in _SPELT:
        yield _SPELT[character]
    yield from _sounded(character)
    plain = _plain(character)
    yield plain
    if len(plain) == 1:
        yield from _sounded(plain)


def _plain(character: str) -> str:
    """Take the accents off."""
    parts = unicodedata.normalize("NFKD", character)
    return "".join(one for one in parts if unicodedata.category(one) not in _NO_CELL)


def _sounded(character: str) -> Iterator[str]:
    """Write a letter or syllable as it sounds, by its name."""
    name = unicodedata.name(character, "")
    small = name.replace(" CAPITAL ", " SMALL ")
    if small in _SOUNDS:
        yield _SOUNDS[small] if small == name else _SOUNDS[small].capitalize()
    for script in _SYLLABLES:
        if name.startswith(script):
            yield name.removeprefix(script).removeprefix("SMALL ").lower()


def _held(character: str, pages: tuple[Page, ...]) -> bool:
    return _cell_of(character, pages) is not None


def _cell(character: str, pages: Sequence[Page]) -> Cell:
    # Every character was found before it was written; a dot stands in every page.
    return _cell_of(character, tuple(pages)) or Cell(None, UNKNOWN.encode("ascii"))


@lru_cache(maxsize=4096)
def _cell_of(character: str, pages: tuple[Page, ...]) -> Cell | None:
    if character.isascii():
        return Cell(None, character.encode("ascii")) if character.isprintable() else None
    greek = unicodedata.name(character, "").startswith("GREEK ")
    for page in pages:
        if greek and page.codec in _MATHEMATICAL:
            continue
        try:
            return Cell(page, character.encode(page.codec))
        except UnicodeEncodeError:
            continue
    return None


def _squeezed(text: str, columns: int) -> str:
    """Take blanks out of the longest gap until the line fits, then letters before an amount."""
    while len(text) > columns:
        gaps = [gap for gap in _gaps(text) if gap[1] - gap[0] > 1]
        if not gaps:
            break
        start, _ = max(gaps, key=lambda gap: gap[1] - gap[0])
        text = text[:start] + text[start + 1 :]
    amount = _AMOUNT.search(text)
    if amount is None or len(text) <= columns:
        return text
    return text[: max(0, columns - len(amount[0]))] + amount[0]


def _gaps(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for index in range(len(text) + 1):
        if index == len(text) or text[index] != " ":
            if index > start:
                yield start, index
            start = index + 1
