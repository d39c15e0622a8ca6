"""Text as dots: every script within its columns, and fonts read only when a text needs them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.receipt.width import width
from drivers.printers.codecs.text import normal
from drivers.printers.dots import draw
from drivers.printers.lettering import lettering

SAMPLES = {
    "Latin": "Žluť",
    "Greek": "Ωμέγα",
    "Cyrillic": "Привет",
    "Hebrew": "שלום",
    "pointed Hebrew": "שִׁיר",
    "Arabic": "مرحبا",
    "Persian": "می\u200cخواهم",
    "Urdu": "ٹڈے",
    "Thai": "น้ำที่ผู้",
    "Devanagari": "हिन्दी",
    "Armenian": "Հայերեն",
    "Georgian": "ქართული",
    "Kana": "レシート",
    "half-width Kana": "ｶﾀｶﾅ",
    "Han": "漢字",
    "Hangul": "똠양꿍",
    "signs": "★☎✓",
}


def bits(bitmap):
    across = len(bitmap.rows[0]) * 8
    return [f"{int.from_bytes(row, 'big'):0{across}b}"[: bitmap.width] for row in bitmap.rows]


def crop(rows, left, right):
    return [row[left:right] for row in rows]


@pytest.mark.parametrize("text", SAMPLES.values(), ids=SAMPLES)
@pytest.mark.parametrize("bold", [False, True])
def test_every_script_is_drawn_within_its_columns(text, bold):
    """Text would run into the amount beside it, be blank, or lose its upper or lower edge."""
    rows = bits(draw(text, bold))
    assert (24, width(text) * 12) == (len(rows), len(rows[0]))
    inked = sum(row.count("1") for row in rows)
    assert 24 * 12 * width(text) // 40 < inked < 24 * 12 * width(text) // 2
    assert draw(text, True) != draw(text, False)


@pytest.mark.parametrize("text", SAMPLES.values(), ids=SAMPLES)
def test_no_letter_is_an_empty_box(text):
    """A script whose font is shipped would come out as boxes."""
    box = draw("\u1200", False)
    one_by_one = {draw(char, False) for char in text if width(char)}
    assert box not in one_by_one
    assert len(set(text) - set("\u200c")) - 3 <= len({draw(char, False) for char in text})


def test_what_no_font_holds_is_a_box_as_wide_as_the_character():
    """A character nobody can draw would be left out without a trace."""
    narrow, wide = bits(draw("\u1200", False)), bits(draw("😀", False))
    assert (12, 24) == (len(narrow[0]), len(wide[0]))
    assert narrow[4] == "00" + "1" * 8 + "00"


def test_arabic_letters_join():
    """Arabic would stand as single letters, which nobody writes."""
    assert bits(draw("بب", False)) != [row * 2 for row in bits(draw("ب", False))]
    joined = bits(draw("ســـس", False))
    middle = [any(row[x] == "1" for row in joined) for x in range(6, 54)]
    assert all(middle)


def test_a_narrow_script_does_not_move_what_stands_behind_it():
    """The amount right of an Arabic or Thai name would leave its column."""
    for text in SAMPLES.values():
        rows = bits(draw(f"\u2068{text}\u2069 9.50", False))
        assert crop(rows, width(text) * 12, None) == bits(draw(" 9.50", False))


def test_a_line_is_its_words():
    """A double line, which is drawn as a whole, would look unlike a line of runs."""
    rows = bits(draw("Café 漢 \u2068שלום\u2069 7", False))
    for text, left in (("Café", 0), ("漢", 5), ("שלום", 8), ("7", 13)):
        right = (left + width(text)) * 12
        assert bits(draw(text, False)) == crop(rows, left * 12, right)


def test_marks_piled_up_high_stay_on_the_line():
    """Accents would be cut off at the upper edge of the line."""
    low, high = bits(draw("a", False)), bits(draw("a\u0302\u0301\u0303", False))
    assert "1" not in "".join(low[:6])
    assert "1" in "".join(high[:6])


def test_a_mark_sits_on_its_letter():
    """An accent without a composed form would be drawn beside its letter."""
    rows = bits(draw("x\u030c.", False))
    assert "1" in "".join(crop(rows[:8], 0, 12))
    assert "1" not in "".join(crop(rows[:8], 12, 24))


def test_a_wide_sign_in_one_column_is_narrowed():
    """A circled number would be cut off on both sides, or cover its neighbour."""
    rows = bits(draw("①", False))
    assert any(row[1] + row[10] != "00" for row in rows)
    assert "111" not in {"".join(row[x] for row in rows[8:11]) for x in (0, 11)}


def test_twice_as_large_is_twice_as_sharp():
    """Large letters on the page would be enlarged dots."""
    small, large = lettering("Sum 漢", scale=1), lettering("Sum 漢", scale=2)
    assert (small.width * 2, small.height * 2) == large.size
    assert small.resize(large.size, 0) != large


def test_the_language_decides_how_chinese_characters_are_written():
    """A Japanese shop would print the Chinese form of its own name."""
    assert draw("直", False, "ja") != draw("直", False, "zh-CN")
    assert draw("骨", False, "zh-Hant-TW") != draw("骨", False, "zh-Hans")


@given(
    st.text(
        st.sampled_from("a1 (שسกक漢한\u2067\u2069\u061c\u0301\u05b0\u064e") | st.characters(),
        max_size=16,
    ),
    st.booleans(),
)
def test_whatever_a_name_holds_is_drawn(text, bold):
    """A name in some script would fail the receipt."""
    rows = bits(draw(text, bold))
    assert (24, max(1, width(normal(text))) * 12) == (len(rows), len(rows[0]))


def test_nothing_is_loaded_before_a_text_is_drawn():
    """The agent would start slower for scripts that no receipt may ever need."""
    script = """
import sys
from drivers.printers import dots, fonts, picture
loaded = {"PIL", "uharfbuzz", "bidi"} & set(sys.modules)
assert not loaded, loaded
dots.draw("ж", False)
assert fonts.shaper.cache_info().currsize == 1
assert fonts.face.cache_info().currsize == 1
"""
    subprocess.run([sys.executable, "-c", script], check=True)
