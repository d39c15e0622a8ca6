"""Printer models as data. A new model is a row; what is odd about one stands beside it.

Page numbers are those of each maker's own manual (`ESC t`; Star: `ESC GS t`): only some of them
agree. Where sources disagree about a number, the page is left out: what no page holds is drawn.

Star's TSP100 and TSP143 are not here: they take pictures made on the computer (Star Graphic Mode)
and no text at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from drivers.printers.codecs.dialect import Dialect, Page
from drivers.printers.codecs.star import CUT as STAR_CUT

ESCPOS, STAR = "ESC/POS", "Star Line mode"
"""The languages: keys of `making.LANGUAGES`."""


class PrinterModel(msgspec.Struct, frozen=True):
    """A row of the table."""

    name: str
    """As written in `[[device]] model`."""
    title: str
    dialect: Dialect
    proof: str
    """`emulated`, `captured` or `tested on hardware`: what our claim to support it rests on."""
    reason: str = ""
    """What is odd about it."""
    language: str = ESCPOS
    maker: str = ""
    """Whose page numbers these are; empty of a printer of any maker."""


def _pages(*numbered: tuple[int, str]) -> tuple[Page, ...]:
    return tuple(Page(number, codec) for number, codec in numbered)


# Latin first, then the alphabets; the order decides which page a character is looked for in.
_EPSON_PAGES = _pages(
    *((0, "cp437"), (16, "cp1252"), (19, "cp858"), (18, "cp852"), (17, "cp866"), (14, "cp737")),
    *((13, "cp857"), (2, "cp850"), (3, "cp860"), (4, "cp863"), (5, "cp865"), (33, "cp775")),
    *((34, "cp855"), (35, "cp861"), (36, "cp862"), (38, "cp869"), (39, "iso8859_2")),
    *((40, "iso8859_15"), (45, "cp1250"), (46, "cp1251"), (47, "cp1253"), (48, "cp1254")),
    *((49, "cp1255"), (51, "cp1257")),
)
_COMMON_PAGES = _pages(
    *((0, "cp437"), (16, "cp1252"), (19, "cp858"), (18, "cp852"), (17, "cp866"), (2, "cp850"))
)
"""The pages on which clones agree with Epson."""
_EPSON_OLD_PAGES = _pages(
    *((0, "cp437"), (16, "cp1252"), (19, "cp858"), (17, "cp866"), (2, "cp850"), (3, "cp860")),
    *((4, "cp863"), (5, "cp865")),
)
_EPSON_MIDDLE_PAGES = (*_EPSON_OLD_PAGES, Page(18, "cp852"))
_STAR_PAGES = _pages(
    *((1, "cp437"), (32, "cp1252"), (4, "cp858"), (5, "cp852"), (10, "cp866"), (15, "cp737")),
    *((12, "cp857"), (6, "cp860"), (7, "cp861"), (8, "cp863"), (9, "cp865"), (11, "cp855")),
    *((13, "cp862"), (17, "cp869"), (33, "cp1250"), (34, "cp1251")),
)
_BIXOLON_PAGES = _pages(
    *((0, "cp437"), (16, "cp1252"), (19, "cp858"), (18, "cp852"), (17, "cp866"), (29, "cp737")),
    *((37, "cp857"), (2, "cp850"), (3, "cp860"), (4, "cp863"), (5, "cp865"), (30, "cp775")),
    *((21, "cp862"), (47, "cp1250"), (28, "cp1251"), (24, "cp1253"), (25, "cp1254")),
    *((33, "cp1255"), (26, "cp1257")),
)
_CITIZEN_PAGES = _pages(
    *((0, "cp437"), (16, "cp1252"), (6, "cp852"), (7, "cp866"), (8, "cp857"), (3, "cp860")),
    *((4, "cp863"), (5, "cp865")),
)
_XPRINTER_PAGES = _pages(
    *((0, "cp437"), (16, "cp1252"), (19, "cp858"), (18, "cp852"), (17, "cp866"), (24, "cp737")),
    *((2, "cp850"), (3, "cp860"), (4, "cp863"), (5, "cp865"), (23, "cp1251"), (7, "cp1253")),
    *((25, "cp1257"),),
)
_POS5890_PAGES = _pages(
    *((0, "cp437"), (16, "cp1252"), (19, "cp858"), (18, "cp852"), (17, "cp866"), (24, "cp737")),
    *((2, "cp850"), (3, "cp860"), (4, "cp863"), (5, "cp865"), (23, "cp1251"), (25, "cp1257")),
)
_FUJITSU_PAGES = _pages(
    *((0, "cp437"), (16, "cp1252"), (19, "cp858"), (18, "cp852"), (17, "cp866"), (8, "cp857")),
    *((2, "cp850"), (3, "cp860"), (4, "cp863"), (5, "cp865")),
)
_HP_PAGES = _pages(
    *((0, "cp437"), (8, "cp1252"), (6, "cp858"), (2, "cp852"), (7, "cp866"), (10, "cp737")),
    *((12, "cp857"), (1, "cp850"), (3, "cp860"), (4, "cp863"), (5, "cp865"), (9, "cp862")),
    *((13, "cp1251"), (14, "cp1255")),
)
_SINGLE_BYTE = b"\x1c."
"""`FS .`: leave the double-byte mode many clones start in, which eats two bytes per letter."""
_STAR_START = b"\x1bM\x1b\x1dt\x01"
"""`ESC M`, `ESC GS t 1`: letters of 12 dots; page 0 of a Star is its own, not 437."""
_DOUBLE_BYTE_REASON = "starts in Chinese double-byte mode, so it is switched off"

_EPSON_80 = Dialect(columns=48, dots=576, pages=_EPSON_PAGES, answers_by_id=True, guards_pulse=True)
_EPSON_180 = msgspec.structs.replace(_EPSON_80, columns=42, dots=512)
_STAR_80 = Dialect(columns=48, dots=576, pages=_STAR_PAGES, prologue=_STAR_START, cut=STAR_CUT)
_STAR_58 = msgspec.structs.replace(_STAR_80, columns=32, dots=384)
_HEAD_180 = "its head has 180 dots an inch: 512 across"


def _epson(name: str, title: str, dialect: Dialect, reason: str = "") -> PrinterModel:
    return PrinterModel(name, f"Epson {title}", dialect, "emulated", reason, maker="epson")


def _star(name: str, title: str, dialect: Dialect, reason: str = "") -> PrinterModel:
    odd = "; ".join(filter(None, ("its page 0 is Star's own, so 437 is chosen", reason)))
    return PrinterModel(name, f"Star {title}", dialect, "emulated", odd, STAR, "star")


def _clone(name: str, title: str, dialect: Dialect, maker: str, reason: str = "") -> PrinterModel:
    return PrinterModel(name, title, dialect, "emulated", reason, maker=maker)


_ROWS = (
    _clone(
        "generic-80mm",
        "Any ESC/POS printer with 80 mm paper (576 dots)",
        Dialect(columns=48, dots=576, pages=_COMMON_PAGES, prologue=_SINGLE_BYTE),
        "",
        f"many {_DOUBLE_BYTE_REASON}",
    ),
    _clone(
        "generic-58mm",
        "Any ESC/POS printer with 58 mm paper (384 dots)",
        Dialect(
            columns=32, dots=384, pages=_COMMON_PAGES, prologue=_SINGLE_BYTE, feed_before_cut=3
        ),
        "",
        "mostly without a cutter: the end is fed past the tear bar, the cut is ignored",
    ),
    _epson("epson-tm-t20ii", "TM-T20II, 80 mm paper", _EPSON_80),
    _epson("epson-tm-t20iii", "TM-T20III, 80 mm paper", _EPSON_80),
    _epson("epson-tm-t82", "TM-T82 series, 80 mm paper", _EPSON_80),
    _epson("epson-tm-m30", "TM-m30 series, 80 mm paper", _EPSON_80),
    _epson(
        "epson-tm-t88iii",
        "TM-T88III, 80 mm paper",
        Dialect(columns=42, dots=512, pages=_EPSON_OLD_PAGES),
        f"{_HEAD_180}; knows neither `GS ( H` nor `GS ( D`; sources disagree about its page 18",
    ),
    _epson(
        "epson-tm-t88iv",
        "TM-T88IV, 80 mm paper",
        Dialect(columns=42, dots=512, pages=_EPSON_MIDDLE_PAGES, guards_pulse=True),
        _HEAD_180,
    ),
    _epson("epson-tm-t88v", "TM-T88V, 80 mm paper", _EPSON_180, _HEAD_180),
    _epson("epson-tm-t88vi", "TM-T88VI, 80 mm paper", _EPSON_180, _HEAD_180),
    _epson(
        "epson-tm-u220",
        "TM-U220, 76 mm paper, needles",
        Dialect(
            columns=40,
            dots=400,
            pages=_EPSON_MIDDLE_PAGES,
            dot_pictures=False,
            draws_qr=False,
            draws_barcodes=False,
        ),
        "nine needles draw neither logo nor codes: their text stands instead; it has no `GS ( H`",
    ),
    _star("star-tsp650ii", "TSP650II, 80 mm paper", _STAR_80),
    _star("star-tsp700ii", "TSP700II, 80 mm paper", _STAR_80),
    _star(
        "star-mc-print3", "mC-Print3, 80 mm paper", _STAR_80, "set its emulation to Star Line mode"
    ),
    _star(
        "star-mc-print2", "mC-Print2, 58 mm paper", _STAR_58, "set its emulation to Star Line mode"
    ),
    _star("star-mpop", "mPOP, 58 mm paper", _STAR_58, "its drawer is built in, on the first coil"),
    _clone(
        "bixolon-srp-350iii",
        "Bixolon SRP-350III, 80 mm paper",
        Dialect(columns=42, dots=512, pages=_BIXOLON_PAGES),
        "bixolon",
        _HEAD_180,
    ),
    _clone(
        "citizen-ct-s310ii",
        "Citizen CT-S310II, 80 mm paper",
        Dialect(columns=48, dots=576, pages=_CITIZEN_PAGES),
        "citizen",
        "numbers its pages its own way; sources disagree about 2 and 19",
    ),
    _clone(
        "xprinter-80mm",
        "Xprinter XP-N160II, XP-T80 and what is sold like them (Munbyn …), 80 mm paper",
        Dialect(columns=48, dots=576, pages=_XPRINTER_PAGES, prologue=_SINGLE_BYTE),
        "xprinter",
        _DOUBLE_BYTE_REASON,
    ),
    _clone(
        "pos-5890",
        "POS-5890, ZJ-5890 and what is sold like them, 58 mm paper",
        Dialect(
            columns=32,
            dots=384,
            pages=_POS5890_PAGES,
            prologue=_SINGLE_BYTE,
            feed_before_cut=3,
            draws_qr=False,
        ),
        "pos-5890",
        f"{_DOUBLE_BYTE_REASON}; no cutter; some print no QR codes, so they are sent as dots",
    ),
    _clone(
        "fujitsu-fp1000",
        "Fujitsu FP-1000, 80 mm paper",
        Dialect(columns=48, dots=576, pages=_FUJITSU_PAGES),
        "fujitsu",
    ),
    _clone(
        "hp-a779",
        "HP A779, 80 mm paper",
        Dialect(columns=42, dots=512, pages=_HP_PAGES, draws_qr=False),
        "hp",
        f"{_HEAD_180}; numbers its pages its own way; QR codes are sent as dots",
    ),
    _clone(
        "metapace-t1",
        "Metapace T-1, 80 mm paper",
        Dialect(columns=42, dots=504, pages=_pages((0, "cp437"), (19, "cp858"), (2, "cp850"))),
        "metapace",
        "its head has 180 dots an inch: 504 across; it has few pages, the rest is drawn",
    ),
)
MODELS: Mapping[str, PrinterModel] = MappingProxyType({row.name: row for row in _ROWS})
"""Name → model."""
DEFAULT_MODEL = "generic-80mm"
