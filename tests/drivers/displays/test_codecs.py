from __future__ import annotations

import pytest

from drivers.displays.codecs.text import Page, cells
from drivers.displays.models import MODELS
from drivers.virtual.glass import Glass


def shown(model, *lines):
    """Decode by the display's own reading what a model makes of lines."""
    glass = Glass()
    codec = MODELS[model].codec()
    glass(codec.hello())
    glass(codec.lines(lines))
    assert [] == glass.unknown
    return glass.lines


@pytest.mark.parametrize("model", MODELS)
def test_lines_stand_where_they_belong(model):
    """A customer would read the total in the place of the item, or both run into each other."""
    assert ("Tea             2.50", "Total           2.50") == shown(
        model, "Tea             2.50", "Total           2.50"
    )
    assert ("Tea", "") == shown(model, "Tea")
    assert ("", "") == shown(model)
    assert ("A" * 20, "B") == shown(model, "A" * 25, "B", "a third line")


@pytest.mark.parametrize("model", MODELS)
def test_new_lines_replace_old_ones_without_wiping_the_glass(model):
    """The display would flicker with each scan, or keep letters of the line before."""
    glass = Glass()
    codec = MODELS[model].codec()
    glass(codec.hello())
    clears = glass.clears
    glass(codec.lines(["A long name of something", "Total 10.00"]))
    glass(codec.lines(["Tea", "2.50"]))
    assert ("Tea", "2.50") == glass.lines
    assert clears == glass.clears


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("cut", [1, 2, 3, 7])
def test_how_the_bytes_are_cut_does_not_matter(model, cut):
    """A slow line would show something else than a quick one."""
    codec = MODELS[model].codec()
    data = codec.hello() + codec.lines(["Café 2,50 €", "Žluť Привет"])
    whole, parts = Glass(), Glass()
    whole(data)
    for start in range(0, len(data), cut):
        parts(data[start : start + cut])
    assert whole.lines == parts.lines


@pytest.mark.parametrize(
    ("model", "text", "expected"),
    [
        ("epson-dm-d110", "Café €3 Žluť Привет", "Café €3 Žluť Привет"),
        ("epson-dm-d110", "Ωμέγα", "Omega"),
        ("generic-escpos", "Café €3 Žluť", "Café EUR3 Zlut"),
        ("generic-escpos", "Привет Щука", "Privet Shchuka"),
        ("generic-escpos", "Ёж Їжак", "Yozh Yizhak"),
        ("generic-cd5220", "Straße in Łódź", "Straße in Lódz"),
        ("generic-cd5220", "한글 カナ かな", "hangeul kana kana"),
        ("generic-cd5220", "漢字 2.50", ".... 2.50"),
        ("generic-cd5220", "שלום 2.50", ".... 2.50"),
        ("generic-cd5220", "ﬁne ½ ™", "fine ½ TM"),
        ("generic-cd5220", "Cafe\u0301 e\u200bx x\u0302", "Café ex x"),
        ("generic-cd5220", "a\x1b@b\x0cc\rd", "a @b c d"),
    ],
)
def test_what_a_display_cannot_write_is_written_in_letters_it_has(model, text, expected):
    """A customer would read question marks or garbage, or a name would command the display."""
    assert expected == shown(model, text)[0]


@pytest.mark.parametrize("model", MODELS)
def test_no_model_shows_a_question_mark(model):
    """What no page holds would look like an error of the till."""
    for text in ("Café €3 Žluť", "Привет Ωμέγα", "漢 한글", "مرحبا שלום", "ẞ ŋ ﬀ 🍌"):
        line = shown(model, text)[0]
        assert "?" not in line
        assert "\N{REPLACEMENT CHARACTER}" not in line


def test_an_amount_stays_though_a_name_grows():
    """The price would be pushed off the display by a name that had to be spelt out."""
    assert ("Bananen     1,23 EUR", "") == shown("generic-cd5220", "Bananen      1,23 €")
    assert ("Shchuka yo      1.50", "") == shown("generic-cd5220", "Щука ё          1.50")
    assert ("Shchuka bolshay 1.50", "") == shown("generic-cd5220", "Щука большая    1.50")
    assert ("Shchuka  1234,50 EUR", "") == shown("generic-cd5220", "Щука       1234,50 €")
    assert ("ShchShchShchShchShch", "") == shown("generic-cd5220", "ЩЩЩЩЩЩЩЩ")


def test_a_line_without_pages_is_ascii():
    """A display whose pages are unknown would show whatever its bytes mean there."""
    assert b"Cafe EUR  " == b"".join(cell.byte for cell in cells("Café €", 10, ()))


def test_every_cell_knows_its_page():
    """A page would be switched in the middle of a character."""
    pages = (Page(0, "cp437"), Page(17, "cp866"))
    placed = cells("éЖ1", 3, pages)
    assert [pages[0], pages[1], None] == [cell.page for cell in placed]
