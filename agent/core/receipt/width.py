"""How many columns text takes on paper, and wrapping it to them.

A column is one narrow character. East Asian wide and full-width characters take two (Unicode
Standard Annex #11), marks that sit on another character take none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_WIDE = frozenset("WF")
_WIDEST = 2
_ON_ANOTHER = frozenset(("Mn", "Me", "Cf"))
# Blanks that hold a figure together while it is wrapped; paper knows only the plain one.
_HOLDING_BLANKS = str.maketrans({"\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " "})


def width(text: str) -> int:
    """Count the columns of a text.

    >>> width("Tee"), width("\N{CJK UNIFIED IDEOGRAPH-8336}"), width("e\N{COMBINING ACUTE ACCENT}")
    (3, 2, 1)
    """
    return sum(_width(character) for character in text)


def printable(text: str) -> str:
    """Replace control characters: a name must not speak to the printer (ESC/POS is full of them).

    Line breaks stay. Half of a surrogate pair, which no encoding can write, becomes a question
    mark.
    """
    return "".join(_printable(character) for character in text.replace("\r\n", "\n"))


def wrap(text: str, columns: int) -> list[str]:
    """Break a text into lines of at most so many columns, at blanks where there are any.

    Blanks at the beginning indent each line, as long as any character fits behind them. There is
    always at least one line; line breaks in the text stay. A single character wider than the
    columns stands on its own.
    """
    return [line for paragraph in text.split("\n") for line in _paragraph(paragraph, columns)]


def _width(character: str) -> int:
    if unicodedata.category(character) in _ON_ANOTHER:
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1


def _printable(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Cs":
        return "?"
    return " " if kind in ("Cc", "Zl", "Zp") and character != "\n" else character


def _paragraph(text: str, columns: int) -> list[str]:
    body = text.lstrip(" ")
    indent = text[: len(text) - len(body)]
    if columns - len(indent) < _WIDEST:
        indent = ""
    lines = _filled(body, columns - len(indent))
    return [f"{indent}{line}".rstrip(" ").translate(_HOLDING_BLANKS) for line in lines]


def _filled(text: str, columns: int) -> list[str]:
    """Put as many words as fit on each line."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if width(longer) <= columns:
            lines[-1] = longer
        else:
            lines[-1:] = [*filter(None, lines[-1:]), *_pieces(word, columns)]
    return lines


def _pieces(word: str, columns: int) -> Iterator[str]:
    """Cut a word that is too long for a line; a mark stays with the character it sits on."""
    piece, taken = "", 0
    for character in word:
        needed = _width(character)
        if piece and taken + needed > columns:
            yield piece
            piece, taken = "", 0
        piece, taken = piece + character, taken + needed
    yield piece
