"""How many columns text takes on paper, and wrapping it to them.

A column is one narrow character. East Asian wide and full-width characters take two (Unicode
Standard Annex #11; ambiguous ones one), marks that sit on another character take none. Text is
counted and broken in the order it is read; how it stands on paper is the device's affair.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_WIDE = frozenset("WF")
_WIDEST = 2
_ON_ANOTHER = frozenset(("Mn", "Me", "Cf"))
_MARKS = frozenset(("Mn", "Me"))
_BEHIND_ANOTHER = "Mc"
"""Vowel signs of Indic scripts: they take a column, and belong to the letter before them."""
_JAMO = re.compile("[\u1160-\u11ff\ud7b0-\ud7ff]")
"""Vowels and finals of Korean written out: they go into the syllable that their initial began."""
# Blanks that hold a figure together while it is wrapped; paper knows only the plain one.
_HOLDING_BLANKS = str.maketrans({"\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " "})

_FREE = (
    "[\u2e80-\u2fdf\u3001-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60"
    "\U00020000-\U0003ffff]"
)
"""Chinese and Japanese, which is written without blanks: a line may end behind each character."""
_NEVER_FIRST = (
    "[\\])\\},.:;!?%\u00bb\u2019\u201d\u3001\u3002\u3005\u3009\u300b\u300d\u300f\u3011\u3015"
    "\u3041\u3043\u3045\u3047\u3049\u3063\u3083\u3085\u3087\u30a1\u30a3\u30a5\u30a7\u30a9\u30c3"
    "\u30e3\u30e5\u30e7\u30fb\u30fc\uff01\uff05\uff09\uff0c\uff0e\uff1a\uff1b\uff1f]"
)
_NEVER_LAST = "[(\\[{\u00ab\u2018\u201c\u3008\u300a\u300c\u300e\u3010\u3014\uff08]"
_MAY_BREAK = re.compile(
    f"(?:(?<={_FREE})|(?={_FREE}))(?!{_NEVER_FIRST})(?<!{_NEVER_LAST})(?<!^)(?!$)"
)
"""Where no blank is needed (JIS X 4051, as far as a receipt needs it)."""


def width(text: str) -> int:
    """Count the columns of a text.

    >>> width("Tee"), width("\N{CJK UNIFIED IDEOGRAPH-8336}"), width("e\N{COMBINING ACUTE ACCENT}")
    (3, 2, 1)
    """
    if text.isascii():
        return len(text)
    return sum(_width(character) for character in text)


def printable(text: str) -> str:
    """Replace control characters: a name must not speak to the printer (ESC/POS is full of them).

    Line breaks stay. Half of a surrogate pair, which no encoding can write, becomes a question
    mark. A mark with no letter before it sits on a blank (The Unicode Standard, 7.9.1): else it
    would be a column on paper that nobody counted.
    """
    shown = "".join(_printable(character) for character in text.replace("\r\n", "\n"))
    return "\n".join(_seated(line) for line in shown.split("\n"))


def wrap(text: str, columns: int) -> list[str]:
    """Break a text into lines of at most so many columns, at blanks where there are any.

    Chinese and Japanese are broken between characters. Blanks at the beginning indent each line,
    as long as any character fits behind them. There is always at least one line; line breaks in
    the text stay. A single character wider than the columns stands on its own.
    """
    return [line for paragraph in text.split("\n") for line in _paragraph(paragraph, columns)]


def _width(character: str) -> int:
    if unicodedata.category(character) in _ON_ANOTHER or _JAMO.match(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def _printable(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Cs":
        return "?"
    return " " if kind in ("Cc", "Zl", "Zp") and character != "\n" else character


def _seated(line: str) -> str:
    begins_with_mark = line and unicodedata.category(line[0]) in _MARKS
    return f"\N{NO-BREAK SPACE}{line}" if begins_with_mark else line


def _paragraph(text: str, columns: int) -> list[str]:
    body = text.lstrip(" ")
    indent = text[: len(text) - len(body)]
    if columns - len(indent) < _WIDEST:
        indent = ""
    lines = _filled(body, columns - len(indent))
    return [f"{indent}{line}".rstrip(" ").translate(_HOLDING_BLANKS) for line in lines]


def _filled(text: str, columns: int) -> list[str]:
    """Put as much as fits on each line."""
    lines = [""]
    for blank, unit in _units(text):
        longer = f"{lines[-1]}{blank}{unit}" if lines[-1] else unit
        if width(longer) <= columns:
            lines[-1] = longer
        else:
            lines[-1:] = [*filter(None, lines[-1:]), *_pieces(unit, columns)]
    return lines


def _units(text: str) -> Iterator[tuple[str, str]]:
    """Cut a text where a line may end; each part comes with the blank before it."""
    for word in text.split(" "):
        blank = " "
        for unit in _MAY_BREAK.split(word):
            yield blank, unit
            blank = ""


def _pieces(word: str, columns: int) -> Iterator[str]:
    """Cut a word that is too long for a line; a mark stays with the character it sits on."""
    piece, taken = "", 0
    for character in word:
        needed = _width(character)
        if piece and taken + needed > columns:
            kept = _cut_at(piece, character)
            yield piece[:kept]
            piece = piece[kept:]
            taken = width(piece)
        piece, taken = piece + character, taken + needed
    yield piece


def _cut_at(piece: str, following: str) -> int:
    """Tell how much of a piece ends its line, so that a vowel sign takes its letter along."""
    start = len(piece)
    if unicodedata.category(following) == _BEHIND_ANOTHER:
        start -= 1
        while start and unicodedata.category(piece[start])[0] in "MC":
            start -= 1
    return start or len(piece)
