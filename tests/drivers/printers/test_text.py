from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.printers.codecs.dialect import Page
from drivers.printers.codecs.text import Encoded, Unheld, normal, runs
from drivers.printers.models import MODELS

US, WEST, EAST, CYRILLIC = Page(0, "cp437"), Page(19, "cp858"), Page(18, "cp852"), Page(17, "cp866")
PAGES = (US, WEST, EAST, CYRILLIC)


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cafe\u0301", "Café"),
        ("\x1bp\x00", " p "),
        ("a\u00a0b\u202fc\u2028d", "a b c d"),
        ("a\u200bb\u00adc\ud800", "abc"),
    ],
)
def test_text_cannot_be_a_command(text, expected):
    """An item's name could open the drawer, or an invisible character print as a box."""
    assert expected == normal(text)


@given(st.text(max_size=40), st.sampled_from(sorted(MODELS)))
def test_every_run_says_what_the_text_said(text, model):
    """Some character, on some model, would print as another one."""
    pages = MODELS[model].dialect.pages
    text = normal(text)
    said = "".join(
        run.text if isinstance(run, Unheld) else run.data.decode(run.page.codec)
        for run in runs(text, pages, pages[0])
    )
    assert text == said
