"""The order in which characters stand on paper, from left to right (Unicode Standard Annex #9).

Hebrew and Arabic are stored in the order they are read; a printer puts its bytes from left to
right. python-bidi decides the order. It tells neither which character came from where nor which
ones are to be mirrored, so each is sent through with an invisible marker behind it: a marker that
comes out before its character has been turned round with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

import msgspec

from agent.core.receipt.width import width

JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""They decide how Arabic and Indic letters join, so they stay with their letter."""
ORDERING = (
    "\N{LEFT-TO-RIGHT MARK}\N{RIGHT-TO-LEFT MARK}\N{ARABIC LETTER MARK}"
    "\N{LEFT-TO-RIGHT ISOLATE}\N{RIGHT-TO-LEFT ISOLATE}"
    "\N{FIRST STRONG ISOLATE}\N{POP DIRECTIONAL ISOLATE}"
)
"""They decide the order and are not seen. Overrides are not among them: a name must not make an
amount read backwards."""
_UNSEEN = dict.fromkeys(map(ord, ORDERING))
_MARKER = "\N{WORD JOINER}"
"""Boundary neutral: it changes no order (rule X9), and it never comes in with the text."""
_END = ("\N{LEFT-TO-RIGHT MARK}", "\N{RIGHT-TO-LEFT MARK}")
_ISOLATES = ORDERING[3:]
_OPENING, _CLOSING = _ISOLATES[:3], _ISOLATES[3]
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\u2067\u2068\ufb1d-\ufdff\ufe70-\ufefc"
    "\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
"""The blocks whose letters run from right to left, and what asks for it by itself."""
_HEBREW = re.compile("[\u0590-\u05ff\ufb1d-\ufb4f]")


class Piece(msgspec.Struct, frozen=True):
    """What is placed as one: a character with its marks, or a whole word of joined letters."""

    text: str
    """In the order it is read."""
    backwards: bool = False
    """It stands in text that runs from right to left."""
    joined: bool = False
    """Letters such as Arabic ones, whose shapes depend on their neighbours: never one by one."""

    @property
    def shown(self) -> str:
        """The text as it stands on paper: brackets open towards what they hold (rule L4)."""
        return _mirrored(self.text) if self.backwards else self.text


def visual(text: str) -> list[Piece]:
    """Cut a line into pieces, as they stand from left to right.

    The line's direction is that of its first letter (rules P2 and P3).

    >>> [piece.shown for piece in visual("(\u05d0\u05d1) 12")]
    ['1', '2', ' ', '(', 'ב', 'א', ')']
    """
    if not _RIGHT_TO_LEFT.search(text):
        return [Piece(cluster) for cluster in _clusters(text.translate(_UNSEEN))]
    return list(_words(_ordered(text)))


def _ordered(text: str) -> list[Piece]:
    from bidi import get_base_level, get_display

    body = text.rstrip(f" {_ISOLATES}")
    tail = [Piece(" ")] * text.count(" ", len(body))
    stray, clusters = _parts(body)
    if not any(clusters):
        return [*stray, *tail]
    backwards = bool(get_base_level("".join(clusters)))
    pieces = _read(str(get_display(_marked(clusters, _END[backwards]))))
    return [*tail, *pieces, *stray] if backwards else [*stray, *pieces, *tail]


def _parts(text: str) -> tuple[list[Piece], list[str]]:
    """Cut a text into clusters and what decides their order; marks go to the letter before them.

    Returns:
        Marks that no letter stands before, and the rest.
    """
    parts: list[str] = []
    stray, ordering = "", ""
    for char in text:
        if char in ORDERING:
            ordering += char
        elif width(char):
            parts += [ordering, char] if ordering else [char]
            ordering = ""
        elif parts:
            parts[-1] += char
        else:
            stray += char
    return [Piece(stray)] if stray else [], [*parts, ordering]


def _marked(clusters: list[str], end: str) -> str:
    """Put a marker behind each cluster; a letter of the line's own direction ends the line.

    A marker at the very end would be laid back to the line's direction (rule L1), as blanks and
    isolates are, which do not come here. An isolate left open would swallow the end, so it is
    closed before; one closing too many does nothing.
    """
    marked = (cluster if cluster[:1] in ORDERING else cluster + _MARKER for cluster in clusters)
    opened = sum(char in _OPENING for cluster in clusters for char in cluster)
    return "".join(marked) + _CLOSING * opened + end


def _read(shown: str) -> Iterator[Piece]:
    """Take the markers out: behind its character one stands as it was put, before it turned."""
    seen = shown.translate(_UNSEEN) + _MARKER
    at = 0
    while at < len(seen) - 1:
        backwards = seen[at] == _MARKER
        end = _turned_end(seen, at + 1) if backwards else seen.index(_MARKER, at)
        yield Piece(seen[end - 1 : at : -1], True) if backwards else Piece(seen[at:end])
        at = end if backwards else end + 1


def _turned_end(seen: str, start: int) -> int:
    """Find the letter that ends a turned cluster: its marks stand before it."""
    return next(at for at in range(start, len(seen)) if width(seen[at])) + 1


def _words(pieces: list[Piece]) -> Iterator[Piece]:
    """Put letters that join back together, into words in the order they are read."""
    for joins, together in groupby(pieces, key=_joins):
        if joins:
            word = "".join(piece.text for piece in reversed(list(together)))
            yield Piece(word, backwards=True, joined=True)
        else:
            yield from together


def _joins(piece: Piece) -> bool:
    """Say so of every script that runs backwards but Hebrew."""
    return (
        piece.backwards and bool(_RIGHT_TO_LEFT.match(piece.text)) and not _HEBREW.match(piece.text)
    )


def _clusters(text: str) -> Iterator[str]:
    """Keep marks with their letter."""
    start = 0
    for index in range(1, len(text) + 1):
        if index == len(text) or width(text[index]):
            yield text[start:index]
            start = index


def _mirrored(cluster: str) -> str:
    from bidi.mirror import MIRRORED

    return "".join(MIRRORED.get(char, char) for char in cluster)
