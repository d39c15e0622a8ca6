"""The order on paper, held against the levels that python-bidi itself gives."""

from __future__ import annotations

import re

import pytest
from bidi import get_display
from bidi.mirror import MIRRORED
from hypothesis import given
from hypothesis import strategies as st

from agent.core.receipt.width import width
from drivers.printers.codecs.text import normal
from drivers.printers.codecs.visual import ORDERING, visual

LETTERS = "ab1 2.,+-/%$()[]<>«»אבגדسلام٣٤٫\u2066\u2067\u2068\u2069\u200e\u200f\u061c漢"


def by_levels(text):
    """Lay a line out by its levels (rules L1, L2, L4), character by character."""
    told = get_display(text, debug=True)
    told = told[told.index("levels: [") : told.index("paragraphs: [")]
    per_byte = [int(level) for level in re.findall(r"Level\(\s*(\d+)", told)]
    levels, at = [], 0
    for char in text:
        levels.append(per_byte[at])
        at += len(char.encode())
    told = get_display(text, debug=True)
    base = int(re.search(r"level: Level\(\s*(\d+)", told)[1])
    for index in range(len(text) - 1, -1, -1):
        if text[index] not in f" {ORDERING[3:]}":
            break
        levels[index] = base
    shown = list(range(len(text)))
    for level in range(max(levels), 0, -1):
        start = 0
        while start < len(shown):
            end = start
            while end < len(shown) and levels[shown[end]] >= level:
                end += 1
            shown[start:end] = reversed(shown[start:end])
            start = max(end, start + 1)
    return "".join(
        MIRRORED.get(text[i], text[i]) if levels[i] % 2 else text[i]
        for i in shown
        if text[i] not in ORDERING
    )


@given(st.text(st.sampled_from(LETTERS), min_size=1, max_size=30))
def test_characters_stand_where_the_standard_puts_them(text):
    """Somebody's receipt in Hebrew or Arabic would be in an order nobody reads."""
    letter_by_letter = "".join(
        piece.text[::-1] if piece.joined else piece.shown for piece in visual(text)
    )
    assert by_levels(text) == letter_by_letter


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("abc", "abc"),
        ("שלום", "םולש"),
        ("שלום 123", "123 םולש"),
        ("a (אב) b", "a (בא) b"),
        ("א (a) ב", "ב (a) א"),
        ("א  ", "  א"),
        ("  ", "  "),
        ("a\u2068", "a"),
        ("\u2067", ""),
        ("\u2067a\u2069  א", "א  a"),
        ("e\u0301א", "e\u0301א"),
        ("שִׁיר", "ריש\u05b4\u05c1"),
        ("\u05b0א", "א\u05b0"),
        ("a\u061c\u05b0b", "a\u05b0b"),
        ("\u2067\u05b0b\u2069c", "\u05b0bc"),
        ("\u2067\u05b0 ", "\u05b0 "),
    ],
)
def test_order(text, shown):
    """Words, figures or brackets would stand on the wrong side."""
    assert shown == "".join(piece.shown for piece in visual(text))


def test_letters_that_join_come_as_words():
    """Each letter would be shaped as if it stood alone."""
    assert [("مرحبا", True), (" ", False), ("a", False)] == [
        (piece.text, piece.joined) for piece in visual("a \u2067مرحبا\u2069")
    ][::-1]


@given(
    st.text(st.sampled_from(f"{LETTERS}\u0301\u05b0\u064e\u200c") | st.characters(), max_size=30)
)
def test_no_text_is_lost_or_refused(text):
    """A name in some script would fail the receipt, or lack a letter."""
    text = normal(text)
    pieces = visual(text)
    assert sorted(char for char in text if char not in ORDERING) == sorted(
        "".join(piece.text for piece in pieces)
    )
    assert width(text) == sum(width(piece.text) for piece in pieces)
    assert all(piece.text for piece in pieces)
