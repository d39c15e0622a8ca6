"""Digits in a text as people write them: groups, and what stands between them.

Everything here works on positions, so that what was found can be cut out of the text as it was.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

_SPACES = "\t \u00a0\u2000-\u200d\u202f\u205f\u2060\u3000\ufeff\u00ad"
_DASHES = "\u2010-\u2015\u2212\u00b7._-"
_GROUP = re.compile("[0-9]+")
_BETWEEN = re.compile(f"[{_SPACES}{_DASHES}]{{1,3}}")
"""What separates the groups of one number: a few blanks, dashes or dots; a comma, a slash or a new
line begins another number."""


class Group(NamedTuple):
    """Digits without anything between them, and where they stand."""

    start: int
    end: int
    digits: str


def plain_digits(text: str) -> str:
    r"""Write the decimal digits of every script as 0 to 9; no position changes.

    >>> plain_digits("\uff14\u0661 a")
    '41 a'
    """
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.decimal(sign)) if sign.isdecimal() and not sign.isascii() else sign
        for sign in text
    )


def chains(text: str) -> list[list[Group]]:
    """List the groups of digits of a text, those together that could be parts of one number.

    >>> [[group.digits for group in chain] for chain in chains("4111 1111-11, 12/25")]
    [['4111', '1111', '11'], ['12'], ['25']]
    """
    found: list[list[Group]] = []
    for match in _GROUP.finditer(text):
        group = Group(match.start(), match.end(), match[0])
        if found and _BETWEEN.fullmatch(text, found[-1][-1].end, group.start):
            found[-1].append(group)
        else:
            found.append([group])
    return found
