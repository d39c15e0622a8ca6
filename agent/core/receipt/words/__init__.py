"""Every word a receipt can carry, in each of its languages: one row per language.

A language is added as a row in one of the files of this room; the figures come with it
(`agent.core.receipt.formats`).
"""

from __future__ import annotations

from agent.core.receipt.words.germanic import GERMANIC
from agent.core.receipt.words.greek_cyrillic import GREEK_CYRILLIC
from agent.core.receipt.words.model import Words
from agent.core.receipt.words.other_latin import OTHER_LATIN
from agent.core.receipt.words.right_to_left import RIGHT_TO_LEFT
from agent.core.receipt.words.romance import ROMANCE

__all__ = ["WORDS", "Words", "words_of"]

WORDS: dict[str, Words] = {
    **GERMANIC,
    **ROMANCE,
    **OTHER_LATIN,
    **GREEK_CYRILLIC,
    **RIGHT_TO_LEFT,
}
"""BCP 47 primary subtag → words."""


def words_of(language: str) -> Words:
    """Find the words of a BCP 47 tag; English where the language is not in the table.

    >>> words_of("de-CH").total, words_of("ga").total
    ('Summe', 'Total')
    """
    return WORDS.get(language.partition("-")[0].lower(), WORDS["en"])
