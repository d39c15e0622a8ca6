"""The shipped fonts: what they hold, whose they are, and that they are in the wheel."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from drivers.printers.fonts import (
    FONTS,
    HERE,
    JAPANESE,
    KOREAN,
    MONO,
    SIMPLIFIED,
    TRADITIONAL,
    holder,
    missing,
    named,
    tongue,
)
from tests.tidy.fonts import COPIED, CUTS, LICENCE, shipped, sources_text

ROOT = Path(__file__).parents[3]
MEGABYTE = 1_000_000


def double_byte(codec, first, last):
    for lead in range(first >> 8, (last >> 8) + 1):
        for trail in (*range(0x40, 0x7F), *range(0xA1, 0xFF)):
            char = bytes((lead, trail)).decode(codec, errors="ignore")
            if len(char) == 1 and first <= lead << 8 | trail <= last:
                yield char


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.name)
def test_each_font_may_be_passed_on(path):
    """The wheel would hold a font that nobody may pass on."""
    names = TTFont(path)["name"]
    assert "SIL Open Font License, Version 1.1" in names.getDebugName(13)
    said = (HERE / "SOURCES.txt").read_text(encoding="utf-8")
    assert f"{path.name}\n" in said
    assert LICENCE in said
    assert "SIL OPEN FONT LICENSE" in (HERE / "OFL.txt").read_text(encoding="utf-8")


def test_the_list_of_fonts_is_true():
    """Somebody would look for the source of a font, and find another version named."""
    assert sources_text() == (HERE / "SOURCES.txt").read_text(encoding="utf-8")


def test_what_is_shipped_is_used_and_can_be_cut_again():
    """A font would lie in the wheel for nothing, or nobody know how it was made."""
    names = {path.name for path in shipped()}
    assert names == {file for font in FONTS for file in (font.regular, font.bold) if file}
    assert names == {*CUTS, *COPIED}


def test_the_fonts_are_in_the_wheel_and_not_too_heavy():
    """An installed agent would have no fonts, or a till download tens of megabytes."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = settings["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert "drivers" in wheel["packages"]
    assert not {"exclude", "only-include", "include"} & set(wheel)
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert [] == [path.name for path in shipped() for sign in ignored if path.match(sign)]
    assert sum(path.stat().st_size for path in shipped()) < 9 * MEGABYTE


@pytest.mark.parametrize(
    "characters",
    [
        "".join(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x250)])),
        "".join(double_byte("gb2312", 0xB0A1, 0xF7FE)),
        "".join(double_byte("big5", 0xA440, 0xC67E)),
        "".join(double_byte("euc_jp", 0xA1A1, 0xF4A6)).replace("≒", "") + "髙﨑㈱Ⅳ①㍻",
        "".join(double_byte("euc_kr", 0xB0A1, 0xC8FE)),
        "".join(map(chr, range(0xAC00, 0xD7A4))),
        "".join(map(chr, [*range(0x3041, 0x3097), *range(0x30A1, 0x30FB)])),
        "".join(map(chr, [*range(0x391, 0x3A2), *range(0x3A3, 0x3CF), *range(0x400, 0x460)])),
        "".join(map(chr, [*range(0x5D0, 0x5EB), *range(0x5B0, 0x5BE)])),
        "".join(map(chr, [*range(0x621, 0x63B), *range(0x640, 0x653), *range(0x660, 0x66A)])),
        "پچژگکیٹڈڑےہھں۰۱۲۳٪،؛؟",
        "".join(map(chr, [*range(0xE01, 0xE3B), *range(0xE3F, 0xE5C)])),
        "".join(map(chr, [*range(0x904, 0x93A), *range(0x93C, 0x94E), *range(0x966, 0x970)])),
        "".join(map(chr, [*range(0x531, 0x557), *range(0x561, 0x587), *range(0x10D0, 0x10F1)])),
        "€£¥₹₺₽₩₪₫₴₸₦₱₿™©®†‡•…‰←→↑↓★☆☎✓✗♥■□▲▼◆",
    ],
    ids=[
        *("Latin", "GB 2312", "Big5 level 1", "JIS X 0208", "KS X 1001 Hangul", "all Hangul"),
        *("Kana", "Greek and Cyrillic", "Hebrew", "Arabic", "Persian and Urdu", "Thai"),
        *("Devanagari", "Armenian and Georgian", "signs"),
    ],
)
def test_what_the_fonts_hold(characters):
    """Receipts of a country whose script is said to be there would be full of boxes."""
    assert "" == missing(characters)


@pytest.mark.parametrize(
    ("text", "boxes"),
    [
        ("Tea 漢 שלום", ""),
        ("ሂሃ ሂ", "ሂሃ"),
        ("😀 ok 👍🏽", "😀👍🏽"),
        ("★\ufe0f\u200d\u2068\u2069 ", ""),
        ("a\u0301\u030c", ""),
        ("a\x00\x7f\n", ""),
    ],
)
def test_what_is_missing_is_told_once_and_only_what_would_be_seen(text, boxes):
    """Whoever reads the print job would not know what the boxes on the receipt were."""
    assert boxes == missing(text)


def test_boxes_are_told_by_name():
    """The message would show the same boxes as the paper."""
    assert "😀 (grinning face), \ue000 (U+E000)" == named("😀\ue000")
    assert named("ሂ" * 8) == ", ".join(["ሂ (ethiopic syllable hi)"] * 8)
    assert named("ሂ" * 10).endswith("hi), and 2 more")


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("漢字のレシート", "", "ja"),
        ("한글 漢字", "zh", "ko"),
        ("汉字", "", "zh"),
        ("漢字藥品", "", "zh-hant"),
        ("薬局", "", "ja"),
        ("直", "ja-JP", "ja"),
        ("直", "zh-TW", "zh-hant"),
        ("直", "zh_Hant", "zh-hant"),
        ("直", "zh-Hans-CN", "zh"),
        ("直", "ko", "ko"),
        ("直", "de", "zh"),
        ("abc", "", "zh"),
        ("汉漢薬", "", "zh"),
    ],
)
def test_whose_chinese_characters_they_are(text, language, expected):
    """A Japanese or Taiwanese receipt would be written in the forms of another country."""
    assert expected == tongue(text, language)


def test_fonts_are_asked_in_the_order_of_the_language():
    """Chinese characters of one word would come from different fonts without need."""
    chosen = [holder("骨", tongue("骨", tag)) for tag in ("ja", "zh", "zh-TW", "ko")]
    assert [JAPANESE, SIMPLIFIED, TRADITIONAL, TRADITIONAL] == chosen
    assert [KOREAN, MONO, None] == [holder(char, "zh") for char in "한aሂ"]


def test_a_letter_whose_mark_no_font_holds_is_drawn_without_it():
    """A name would have boxes for letters that could be read."""
    assert MONO == holder("a\U0001e947", "zh")
