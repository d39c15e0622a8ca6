"""Languages written from right to left, and text of both directions in one line.

A line of paper has fixed places: an amount stays in its column whatever letters stand beside it.
So each side of a row is put into isolates (Unicode Standard Annex #9, 3.1), and whoever puts the
line into visual order, printer, picture or browser, keeps the sides apart by the plain algorithm.
"""

from __future__ import annotations

import unicodedata

RIGHT_TO_LEFT = frozenset(("ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"))
"""BCP 47 primary subtags."""

LTR_MARK = "\N{LEFT-TO-RIGHT MARK}"
RTL_MARK = "\N{RIGHT-TO-LEFT MARK}"
RTL_ISOLATE = "\N{RIGHT-TO-LEFT ISOLATE}"
FIRST_STRONG_ISOLATE = "\N{FIRST STRONG ISOLATE}"
POP_ISOLATE = "\N{POP DIRECTIONAL ISOLATE}"

# What would reach beyond its own text: embeddings, overrides and isolates of a hostile name.
_CONTROLS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_RTL = frozenset(("R", "AL", "AN"))
_MIRRORED = {"left": "right", "right": "left"}


def is_rtl(language: str) -> bool:
    """Tell whether a BCP 47 tag is of a language written from right to left.

    >>> is_rtl("he-IL"), is_rtl("de")
    (True, False)
    """
    return language.lower().partition("-")[0] in RIGHT_TO_LEFT


def has_rtl(text: str) -> bool:
    """Tell whether any character of a text is written from right to left."""
    return not text.isascii() and any(unicodedata.bidirectional(each) in _RTL for each in text)


def without_controls(text: str) -> str:
    """Drop the characters by which a text could turn what stands around it."""
    return text.translate(_CONTROLS)


def isolated(text: str, *, rtl: bool) -> str:
    """Keep the direction of a text to itself; one without letters from right to left is as it is.

    Args:
        text: one side of a row, or one line of a paragraph.
        rtl: whether it reads from right to left whatever it begins with; else its first letter
            decides.
    """
    if not has_rtl(text):
        return text
    return f"{RTL_ISOLATE if rtl else FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}"


def placed(align: str, *, rtl: bool) -> str:
    """Give the side of the paper that `left`, `center` or `right` means in a direction."""
    return _MIRRORED.get(align, align) if rtl else align
