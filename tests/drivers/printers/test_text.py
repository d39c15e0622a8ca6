"""Text to code pages: each character on its page, in its place, and nothing lost."""

from __future__ import annotations

from collections import Counter

import pytest
from bidi.mirror import MIRRORED
from hypothesis import given
from hypothesis import strategies as st

from drivers.printers.codecs.dialect import Page
from drivers.printers.codecs.text import Encoded, Unheld, normal, runs
from drivers.printers.codecs.visual import ORDERING
from drivers.printers.models import MODELS

US, WEST, EAST, CYRILLIC = Page(0, "cp437"), Page(19, "cp858"), Page(18, "cp852"), Page(17, "cp866")
HEBREW, ARABIC, WINDOWS_ARABIC = Page(36, "cp862"), Page(37, "cp864"), Page(50, "cp1256")
PAGES = (US, WEST, EAST, CYRILLIC)
MIXED = st.text(
    st.sampled_from(
        "abzÄéžΩЖ漢한ب‌سשל٣7.,()[]«» -€%\u0301\u05bc\u064e\u2067\u2068\u2069\u200f\u202e"
    )
    | st.characters(),
    max_size=40,
)


def bare(text):
    """Count characters, whichever way brackets open, without what is not seen."""
    return Counter(min(char, MIRRORED.get(char, char)) for char in text if char not in ORDERING)


def test_each_character_finds_its_page():
    """One foreign letter on the line would garble its neighbours."""
    expected = [
        Encoded(US, b"Caf\x82 "),
        Encoded(WEST, b"\xd53 "),
        Encoded(EAST, b"\xa6lu\x9c "),
        Encoded(CYRILLIC, b"\x8f\xe0\xa8"),
    ]
    assert expected == runs("Café €3 Žluť При", PAGES, US)


def test_the_page_in_use_is_kept():
    """Every accent would cost a page switch."""
    assert [Encoded(EAST, b"\x82t\x82")] == runs("été", PAGES, EAST)


def test_what_no_page_holds_is_a_run_of_its_own():
    """A character the printer lacks would come out as another one, or as a question mark."""
    expected = [Encoded(US, b"A"), Unheld("漢字"), Encoded(US, b" B")]
    assert expected == runs("A漢字 B", PAGES, US)


def test_an_accent_stays_with_its_letter():
    """A mark without a composed form would be drawn beside its letter."""
    assert [Unheld("x̌"), Encoded(US, b"y")] == runs("x̌y", PAGES, US)


def test_nothing_is_nothing():
    """An empty line would fail the receipt."""
    assert [] == runs("", PAGES, US)


def test_hebrew_stands_in_its_page_from_right_to_left():
    """Hebrew would be printed backwards, or brackets open to the wrong side."""
    expected = [Encoded(HEBREW, b"7 (\x81\x80) \x82")]
    assert expected == runs("ג (אב) 7", (HEBREW, US), HEBREW)


def test_pointed_hebrew_is_drawn():
    """Vowel points would be printed beside their letters, each in a column of its own."""
    pages = (Page(49, "cp1255"),)
    assert [Encoded(pages[0], b"\xe0"), Unheld("בּ")] == runs("בּא", pages, pages[0])


@pytest.mark.parametrize("page", [ARABIC, WINDOWS_ARABIC])
def test_arabic_is_drawn_even_where_a_page_holds_its_letters(page):
    """Arabic would be printed as single letters that do not join."""
    assert [Encoded(page, b"A "), Unheld("سلام")] == runs("A سلام", (page,), page)


def test_arabic_words_are_drawn_one_by_one_and_amounts_stay_as_they_are():
    """The words would stand in the wrong order, or 12.50 become 05.21."""
    expected = [
        Encoded(US, b"Tea 12.50 "),
        Unheld("قطني"),
        Encoded(US, b" "),
        Unheld("قميص"),
    ]
    assert expected == runs("\u2067قميص قطني Tea 12.50\u2069", PAGES, US)


def test_an_isolated_name_leaves_the_amount_on_its_side():
    """The amount behind an Arabic name would jump to the left edge."""
    line = "\u2068قميص\u2069    12.50"
    assert [Unheld("قميص"), Encoded(US, b"    12.50")] == runs(line, PAGES, US)


def test_drawn_runs_of_both_directions_stay_apart():
    """Chinese behind Arabic would change places with it when both are drawn as one."""
    assert [Unheld("漢"), Unheld("سلام"), Unheld("字")] == runs("漢سلام字", PAGES, US)


def test_drawn_signs_without_a_letter_are_drawn_as_they_stand():
    """A bracket among Hebrew letters would be turned twice, and open to the wrong side."""
    assert [
        Encoded(HEBREW, b"\x81"),
        Unheld("⟩"),
        Encoded(HEBREW, b"\x80"),
    ] == runs("א⟨ב", (HEBREW,), HEBREW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cafe\u0301", "Café"),
        ("\x1bp\x00", " p "),
        ("a\u00a0b\u202fc\u2028d", "a b c d"),
        ("a\u200bb\u00adc\ud800", "abc"),
        ("a\u200d\u200cb", "ab"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\u202eabc\u202c", "abc"),
        ("\u2068אב\u2069 1", "\u2068אב\u2069 1"),
    ],
)
def test_text_cannot_be_a_command(text, expected):
    """An item's name could open the drawer, read backwards, or an invisible character be a box."""
    assert expected == normal(text)


@given(MIXED, st.sampled_from(sorted(MODELS)))
def test_every_run_says_what_the_text_said(text, model):
    """Some character, on some model, would print as another one, or not at all."""
    pages = MODELS[model].dialect.pages
    text = normal(text)
    said = "".join(
        run.text if isinstance(run, Unheld) else run.data.decode(run.page.codec)
        for run in runs(text, pages, pages[0])
    )
    assert bare(text) == bare(said)


@given(MIXED.map(lambda text: f" {text}"), st.sampled_from(sorted(MODELS)))
def test_no_neighbour_changes_what_stands_beside_it(text, model):
    """`Café` would come out garbled because something foreign stands behind it."""
    pages = MODELS[model].dialect.pages
    alone = runs("Café", pages, pages[0])
    both = runs(normal("Café\u2068" + text), pages, pages[0])
    said = b"".join(run.data for run in both if isinstance(run, Encoded))
    assert said.startswith(b"".join(run.data for run in alone))
    assert alone[0].page == both[0].page
