"""How wide text is on paper, and where it breaks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.receipt.width import printable, width, wrap

WIDE = "\N{CJK UNIFIED IDEOGRAPH-8336}"
ACUTE = "\N{COMBINING ACUTE ACCENT}"
NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("Tee", 3),
        (WIDE * 3, 6),
        (f"e{ACUTE}", 1),
        ("\N{FULLWIDTH DIGIT ONE}", 2),
        ("مرحبا", 5),
        ("ש\u05bcלום", 4),
        ("สวัสดี", 4),
        ("हिन्दी", 5),
        ("\u1112\u1161\u11ab", 2),
        ("ｶﾀｶﾅ", 4),
        ("①", 1),
        ("می\u200cخواهم", 7),
        ("\u2068a\u2069", 1),
    ],
)
def test_width_is_what_paper_needs(text, columns):
    """An amount behind Chinese text would be pushed off the paper."""
    assert columns == width(text)


@pytest.mark.parametrize(
    ("text", "columns", "lines"),
    [
        ("", 10, [""]),
        ("one two three", 7, ["one two", "three"]),
        ("one two", 7, ["one two"]),
        ("extraordinarily", 6, ["extrao", "rdinar", "ily"]),
        ("an extraordinarily", 6, ["an", "extrao", "rdinar", "ily"]),
        ("  two words", 6, ["  two", "  word", "  s"]),
        ("          far", 6, ["far"]),
        (f" {WIDE}", 2, [WIDE]),
        (f"12{NBSP}345 EUR", 7, ["12 345", "EUR"]),
        ("a\n\nb", 6, ["a", "", "b"]),
        (WIDE * 5, 6, [WIDE * 3, WIDE * 2]),
        (f"{WIDE}a{WIDE}", 4, [f"{WIDE}a", WIDE]),
        (f"aae{ACUTE}b", 3, [f"aae{ACUTE}", "b"]),
        ("a   b", 6, ["a   b"]),
        ("ab  cdef", 2, ["ab", "cd", "ef"]),
        ("Tea 日本茶", 8, ["Tea 日本", "茶"]),
        ("日本 茶です", 6, ["日本", "茶です"]),
        ("ありがとう。", 10, ["ありがと", "う。"]),
        ("本「茶」", 6, ["本", "「茶」"]),
        ("한국어 영수증", 8, ["한국어", "영수증"]),
        ("茶100%", 5, ["茶", "100%"]),
        ("का का", 2, ["का", "का"]),
        ("ककका", 3, ["कक", "का"]),
        ("काा", 2, ["का", "ा"]),
        ("สวัสดี", 3, ["สวัส", "ดี"]),
    ],
)
def test_wrapping(text, columns, lines):
    """A word would be cut without need, an accent lost, or an indent with it."""
    assert lines == wrap(text, columns)


@given(st.text(), st.integers(2, 60))
def test_nothing_is_wider_than_the_paper_and_nothing_is_lost(text, columns):
    """The printer would break the line itself, or the receipt lack a letter."""
    lines = wrap(printable(text), columns)
    assert all(width(line) <= columns for line in lines)
    visible = "".join(printable(text).split())
    assert visible == "".join("".join(lines).split())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b@b", "a @b"),
        ("a\tb\x00", "a b "),
        ("a\r\nb\rc", "a\nb c"),
        ("\x9b1m", " 1m"),
        ("\u2028", " "),
        ("\ud800", "?"),
        ("Käse", "Käse"),
    ],
)
def test_a_name_cannot_speak_to_the_printer(text, shown):
    """An item's name could open the cash drawer."""
    assert shown == printable(text)
