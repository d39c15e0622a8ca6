"""Cuts the shipped fonts out of Debian's Noto packages: `make fonts`.

    apt-get install fonts-noto-core fonts-noto-mono fonts-noto-cjk
    python -m tests.tidy.fonts [--from /usr/share/fonts]

The same packages give the same bytes, so that anybody can check what is in the wheel.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

ROOM = Path(__file__).parents[2] / "drivers/printers/fonts"
SHAPED = ("ccmp", "locl", "mark", "mkmk", "kern", "curs", "rlig", "liga", "calt", "rclt")
ARABIC = ("init", "medi", "fina", "isol", "rlig")
INDIC = ("nukt", "akhn", "rphf", "rkrf", "blwf", "half", "pstf", "vatu", "cjct", "pres", "abvs")
INDIC += ("blws", "psts", "haln", "abvm", "blwm", "dist")
WHOLE = range(0x110000)
SYMBOLS = [*range(0x2600, 0x27C0), *range(0x2B00, 0x2C00)]
"""Signs such as a tick, a telephone or a star."""
NAMES = (0, 1, 2, 3, 4, 5, 6, 13, 14)
"""Copyright, names, version, licence and its address stay in each file."""
TIMELESS = 3_900_000_000
"""`head.modified`, in seconds since 1904: a moment of our own would make each cut another file."""


def _double_byte(codec, first=0, last=0xFFFF):
    """List what a double-byte character set holds between two of its codes."""
    for code in range(0x80, 0x10000):
        try:
            data = chr(code).encode(codec)
        except UnicodeEncodeError:
            continue
        if len(data) == 2 and first <= int.from_bytes(data, "big") <= last:
            yield code


def _japanese():
    """JIS X 0208, what Microsoft added to it for names and companies, and all Kana."""
    kana = (*range(0x3041, 0x3100), *range(0x31F0, 0x3200), *range(0xFF61, 0xFFA0))
    return {*_double_byte("cp932"), *kana}


def _hangul():
    """All of KS X 1001 but its Chinese characters, and the syllables that it left out."""
    others = (code for code in _double_byte("euc_kr") if not 0x4E00 <= code < 0xA000)
    return {*others, *range(0xAC00, 0xD7A4), *range(0x3131, 0x318F)}


def _twins(name):
    """Regular and bold of a font under `truetype/noto`."""
    return [(f"{name}-{weight}.ttf", 0) for weight in ("Regular", "Bold")]


_CJK = "NotoSansCJK-Regular.ttc"
_JAPANESE, _KOREAN, _SIMPLIFIED, _TRADITIONAL = range(4)
"""Places of the languages in the collection."""
CUTS = {
    "NotoSansCJKjp-Regular.otf": (_CJK, _JAPANESE, _japanese(), ()),
    "NotoSansCJKsc-Regular.otf": (_CJK, _SIMPLIFIED, _double_byte("gb2312"), ()),
    "NotoSansCJKtc-Regular.otf": (_CJK, _TRADITIONAL, _double_byte("big5", 0xA440, 0xC67E), ()),
    "NotoSansCJKkr-Regular.otf": (_CJK, _KOREAN, _hangul(), ()),
    "NotoSansSymbols2-Regular.ttf": ("NotoSansSymbols2-Regular.ttf", 0, SYMBOLS, ()),
    **{
        name: (name, number, WHOLE, features)
        for family, features in (
            ("NotoSansHebrew", SHAPED),
            ("NotoSansArabic", SHAPED + ARABIC),
            ("NotoSansThai", SHAPED),
            ("NotoSansDevanagari", SHAPED + INDIC),
            ("NotoSansArmenian", ()),
            ("NotoSansGeorgian", ()),
        )
        for name, number in _twins(family)
    },
}
"""Shipped file → source file, place in its collection, code points, layout features."""
LICENCE = "SIL Open Font License 1.1, OFL.txt"
HEAD = """\
What the font files here are, written by `make fonts`. Sources: the Debian packages fonts-noto-core,
fonts-noto-mono and fonts-noto-cjk. The cut ones hold fewer characters and tables than their
sources, and are otherwise unchanged.

"""
COPIED = ("NotoSansMono-Regular.ttf", "NotoSansMono-Bold.ttf")


def _options(features, *, hinting):
    options = subset.Options()
    options.hinting = hinting
    options.layout_features = list(features)
    options.name_IDs = list(NAMES)
    options.notdef_outline = True
    options.drop_tables += ["BASE", "VORG", "vhea", "vmtx", "DSIG", "MATH"]
    return options


def cut(source, number, codes, features):
    """Take the glyphs of some characters out of a font.

    The stem hints of the Chinese, Japanese and Korean fonts stay: without them strokes vanish at
    24 dots. The instructions of the others do not, since they are drawn by their outlines.
    """
    font = TTFont(source, fontNumber=number, recalcTimestamp=False)
    options = _options(features, hinting=source.name == _CJK)
    if not features:
        options.drop_tables += ["GSUB", "GPOS", "GDEF"]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=codes)
    cutter.subset(font)
    font["head"].modified = TIMELESS
    return font


def write(sources, room=ROOM):
    """Write all shipped fonts into a folder."""
    found = {path.name: path for path in sources.rglob("Noto*.tt[cf]")}
    for name, (source, number, codes, features) in CUTS.items():
        cut(found[source], number, codes, features).save(room / name)
    for name in COPIED:
        (room / name).write_bytes(found[name].read_bytes())
    (room / "SOURCES.txt").write_text(sources_text(room), encoding="utf-8")


def shipped(room=ROOM):
    """List the font files of a folder."""
    return sorted(path for path in room.iterdir() if path.suffix in (".ttf", ".otf"))


def sources_text(room=ROOM):
    """Say of each file what it is, whose it is, and under which licence it may be passed on."""
    return HEAD + "".join(_source(path) for path in shipped(room))


def _source(path):
    names = TTFont(path)["name"]
    source = CUTS[path.name][0] if path.name in CUTS else path.name
    how = "unchanged" if path.name in COPIED else f"cut from {source}"
    said = [
        f"{names.getDebugName(4)}, {names.getDebugName(5).split(';')[0]}, {how}",
        names.getDebugName(0).strip(),
        f"{LICENCE} ({names.getDebugName(14)})",
    ]
    return "\n".join([path.name, *(f"    {line}" for line in said), ""])


def main():
    """Write the fonts from the folder named on the command line, or Debian's."""
    write(Path(sys.argv[2] if sys.argv[1:2] == ["--from"] else "/usr/share/fonts"))


if __name__ == "__main__":
    main()
