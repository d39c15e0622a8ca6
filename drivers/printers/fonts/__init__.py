"""The fonts that pictures and drawn text are made from, and which of them holds a character.

All are cut from Noto (SIL Open Font License 1.1, `OFL.txt`; what came from where is listed in
`SOURCES.txt`). Nothing is read before a text needs it: a Latin receipt opens Noto Sans Mono alone.

A character that no font holds is drawn as an empty box, and `missing` says so.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import uharfbuzz
    from PIL import ImageFont

HERE = Path(__file__).parent
NAMED_MAX = 8
"""Of more, a message would say too much to be read."""


class Font(msgspec.Struct, frozen=True):
    """A shipped font, and how its letters stand in a cell of 24 dots."""

    regular: str
    """The file's name."""
    bold: str = ""
    """Where there is none, strokes are made thicker."""
    holds: str = ""
    """What it is asked for first, as a class of a regular expression; empty: anything."""
    size: int = 20
    """Dots per em."""
    baseline: int = 19
    """Rows above the line the letters stand on."""
    fitted: bool = True
    """Its letters are as wide as they are: a word is shaped and fitted into its columns as a
    whole. Else each stands in a cell of its own."""

    def file(self, *, bold: bool) -> str:
        """Name the file for a weight."""
        return self.bold if bold and self.bold else self.regular


def _both(family: str, holds: str, *, size: int = 20, baseline: int = 19) -> Font:
    return Font(f"{family}-Regular.ttf", f"{family}-Bold.ttf", holds, size, baseline)


def _cjk(name: str) -> Font:
    """Chinese, Japanese, Korean: square letters that fill their two columns."""
    return Font(f"NotoSansCJK{name}-Regular.otf", "", _CJK_BLOCKS, 24, 21, fitted=False)


_CJK_BLOCKS = (
    "[\u1100-\u11ff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
    "\U0001f200-\U0001f2ff\U00020000-\U0003ffff]"
)
MONO = Font("NotoSansMono-Regular.ttf", "NotoSansMono-Bold.ttf", fitted=False)
JAPANESE, SIMPLIFIED, TRADITIONAL, KOREAN = _cjk("jp"), _cjk("sc"), _cjk("tc"), _cjk("kr")
SCRIPTS = (
    _both("NotoSansHebrew", "[\u0590-\u05ff\ufb1d-\ufb4f]", size=21),
    _both(
        "NotoSansArabic",
        "[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc]",
        size=21,
        baseline=17,
    ),
    _both("NotoSansThai", "[\u0e01-\u0e7f]"),
    _both("NotoSansDevanagari", "[\u0900-\u097f\ua8e0-\ua8ff]"),
    _both("NotoSansArmenian", "[\u0530-\u058f\ufb13-\ufb17]"),
    _both("NotoSansGeorgian", "[\u10a0-\u10ff\u1c90-\u1cbf\u2d00-\u2d2f]"),
    Font("NotoSansSymbols2-Regular.ttf", "", "[\u2600-\u27bf\u2b00-\u2bff]"),
)
FONTS = (MONO, *SCRIPTS, JAPANESE, SIMPLIFIED, TRADITIONAL, KOREAN)
_IS_CJK = re.compile(_CJK_BLOCKS)
_KANA = re.compile("[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_ORDERS = {
    "ja": (JAPANESE, SIMPLIFIED, TRADITIONAL, KOREAN),
    "ko": (KOREAN, TRADITIONAL, JAPANESE, SIMPLIFIED),
    "zh-hant": (TRADITIONAL, SIMPLIFIED, JAPANESE, KOREAN),
    "zh": (SIMPLIFIED, TRADITIONAL, JAPANESE, KOREAN),
}
_SETS = (("zh", "gb2312"), ("zh-hant", "big5"), ("ja", "cp932"))
_TRADITIONAL_PLACES = ("hant", "tw", "hk", "mo")


def holder(cluster: str, language: str) -> Font | None:
    """Choose the font for a letter with its marks; None if no font holds the letter.

    Args:
        cluster: one letter and what sits on it.
        language: as `tongue` gives it: it decides how a Chinese character is written.
    """
    asked = _asked(cluster[0], language)
    whole = (font for font in asked if all(_holds(font, char) for char in cluster))
    letter = (font for font in asked if _holds(font, cluster[0]))
    return next(whole, None) or next(letter, None)


def tongue(text: str, language: str = "") -> str:
    """Tell whose Chinese characters a text has: `ja`, `ko`, `zh-hant` or `zh`.

    Kana and Hangul say it by themselves, then the language asked for, then the smallest of the
    countries' character sets that holds them all.
    """
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    first, *others = language.lower().replace("_", "-").split("-")
    if first == "zh":
        return "zh-hant" if set(others) & set(_TRADITIONAL_PLACES) else "zh"
    return first if first in _ORDERS else _of_han("".join(_HAN.findall(text)))


def missing(text: str, language: str = "") -> str:
    """List the characters of a text that no font holds, and that leave a box or nothing."""
    chosen = tongue(text, language)
    return "".join(
        char for char in dict.fromkeys(text) if _visible(char) and holder(char, chosen) is None
    )


def named(characters: str) -> str:
    """Say which characters these are, to somebody whose screen may not show them either."""
    said = [f"{char} ({_name(char)})" for char in characters[:NAMED_MAX]]
    more = len(characters) - NAMED_MAX
    return ", ".join([*said, f"and {more} more"] if more > 0 else said)


@lru_cache(maxsize=32)
def face(size: int, *, bold: bool = False, font: Font = MONO) -> ImageFont.FreeTypeFont:
    """Open a font at a size in pixels, for letters that stand in cells."""
    from PIL import ImageFont

    path = str(HERE / font.file(bold=bold))
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=32)
def shaper(font: Font, *, bold: bool = False) -> uharfbuzz.Font:
    """Open a font for shaping, in its own units."""
    import uharfbuzz

    return uharfbuzz.Font(
        uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(HERE / font.file(bold=bold))))
    )


def _asked(char: str, language: str) -> tuple[Font, ...]:
    order = _ORDERS[language]
    if own := tuple(font for font in SCRIPTS if re.match(font.holds, char)):
        return (*own, MONO, *order)
    return (*order, MONO) if _IS_CJK.match(char) else (MONO, *order)


@lru_cache(maxsize=4096)
def _holds(font: Font, char: str) -> bool:
    return not _visible(char) or bool(shaper(font).get_nominal_glyph(ord(char)))


def _name(char: str) -> str:
    return unicodedata.name(char, "").lower() or f"U+{ord(char):04X}"


def _visible(char: str) -> bool:
    """Tell whether anything of a character is to be seen; variation selectors choose, no more."""
    return not (
        char.isspace()
        or unicodedata.category(char) in ("Cc", "Cf", "Cs")
        or "\ufe00" <= char <= "\ufe0f"
    )


def _of_han(han: str) -> str:
    return next((language for language, codec in _SETS if _encodes(codec, han)), "zh")


def _encodes(codec: str, text: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
