"""Reads what a printer is sent, without a line of the program that wrote it.

It knows the commands of ESC/POS and of Star Line mode that a receipt needs, and stops at any other
one; page numbers come from python-escpos' capability tables, and for the makers it lacks from the
tables below, copied from the makers' manuals. What it reads are characters and dots at their
places, and a picture of them as they stand on paper.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

import escpos
from PIL import Image, ImageDraw, ImageFont

CELL, LINE, NEEDLES = 12, 30, 8
DRAWN = "▒"
_FONTS = Path(__file__).parents[3] / "drivers/printers/fonts"
_CAPABILITIES = json.loads(
    (Path(escpos.__file__).parent / "capabilities.json").read_text(encoding="utf-8")
)
_PROFILES = {
    "": "default",
    "epson": "TM-T20II",
    "metapace": "T-1",
    "star": "TSP600",
    "pos-5890": "POS-5890",
}
"""Maker → whose page numbers python-escpos knows."""
_COMMON = {0: "cp437", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 16: "cp1252"}
_LATER = {17: "cp866", 18: "cp852", 19: "cp858"}
_BLACK_BOXES = {23: "cp1251", 24: "cp737", 25: "cp1257", 7: "cp1253"}
_MANUALS = {
    "bixolon": _COMMON
    | _LATER
    | dict(zip(range(24, 27), ("cp1253", "cp1254", "cp1257"), strict=True))
    | {
        21: "cp862",
        28: "cp1251",
        29: "cp737",
        30: "cp775",
        33: "cp1255",
        37: "cp857",
        47: "cp1250",
    },
    "citizen": {0: "cp437", 3: "cp860", 4: "cp863", 5: "cp865", 6: "cp852", 7: "cp866"}
    | {8: "cp857", 16: "cp1252"},
    "xprinter": _COMMON | _LATER | _BLACK_BOXES,
    "pos-5890": {23: "cp1251", 24: "cp737"},
    "fujitsu": _COMMON | _LATER | {8: "cp857"},
    "hp": dict(enumerate(("cp437", "cp850", "cp852", "cp860", "cp863", "cp865", "cp858", "cp866")))
    | {8: "cp1252", 9: "cp862", 10: "cp737", 12: "cp857", 13: "cp1251", 14: "cp1255"},
}


def pages_of(maker):
    """Give a maker's page numbers: number → Python's name of the table."""
    manual = _MANUALS.get(maker, {})
    if maker not in _PROFILES:
        return manual
    known = _CAPABILITIES["profiles"][_PROFILES[maker]]["codePages"]
    named = {
        int(number): _CAPABILITIES["encodings"][name].get("python_encode")
        for number, name in known.items()
    }
    return {number: codec for number, codec in named.items() if codec} | manual


@dataclass
class Dots:
    """Dots from the left edge of the line on."""

    left: int
    width: int
    rows: list[int]
    """From top to bottom, the leftmost dot being the highest of `width` bits."""


@dataclass
class Line:
    """One line of paper."""

    text: str = ""
    """What was sent as characters; a drawn column stands as `▒`."""
    raw: bytes = b""
    """The characters' bytes alone."""
    dots: list[Dots] = field(default_factory=list)
    picture: Dots | None = None
    """Dots that have no line of text."""
    upper: bool = False
    """The upper halves of what an impact printer draws on the line below."""
    align: int = 0
    bold: bool = False
    scale: int = 1


class PaperReader:
    """Reads one job.

    Attributes:
        lines: what came out, from top to bottom.
        selected: the numbers of the pages that were asked for.
    """

    def __init__(self, maker, *, cell=CELL):
        self.pages = pages_of(maker)
        self.cell = cell
        self.star = maker == "star"
        self.lines = []
        self.selected = []
        self._page = self.pages[0]
        self._line = Line()

    def read(self, data):
        """Take a whole job."""
        at = 0
        while at < len(data):
            at += self._step(data, at)
        return self

    def _step(self, data, at):
        lead = data[at]
        if lead >= 0x20:
            end = next((i for i in range(at, len(data)) if data[i] < 0x20), len(data))
            self._text(data[at:end])
            return end - at
        if lead == 0x0A:
            self._end()
            return 1
        length, obey = self._command(data[at : at + 5])
        return length + obey(self, data[at + length :])

    def _command(self, start):
        table = STAR if self.star else ESCPOS
        for length in (4, 3, 2):
            if start[:length] in table:
                return length, table[start[:length]]
        raise AssertionError(f"unknown command {start.hex(' ')}")

    def _text(self, raw):
        self._line.text += raw.decode(self._page)
        self._line.raw += raw

    def _end(self):
        self.lines.append(self._line)
        line = self._line
        self._line = Line(align=line.align, bold=line.bold, scale=line.scale)

    def _inline(self, width, columns, high):
        rows = [0] * high
        for x in range(width):
            column = int.from_bytes(columns[x * high // 8 : (x + 1) * high // 8], "big")
            for y in range(high):
                rows[y] |= (column >> (high - 1 - y) & 1) << (width - 1 - x)
        self._line.dots.append(Dots(len(self._line.text) * self.cell, width, rows))
        self._line.text += DRAWN * (width // self.cell)

    def _own(self, across, data):
        rows = [
            int.from_bytes(data[y : y + across], "big") for y in range(0, len(data), max(1, across))
        ]
        picture = Dots(0, across * 8, rows)
        self.lines.append(Line(picture=picture, align=self._line.align))

    def _select(self, number):
        assert number in self.pages, f"page {number} is not one of this printer"
        self.selected.append(number)
        self._page = self.pages[number]

    def _reset(self, _):
        self._page = self.pages[0]
        return 0

    def _half(self, after):
        assert after[0] == 16  # of 144 to the inch: eight needles
        self._line.upper = True
        return 1

    def _whole(self, _):
        self._line.upper = False
        return 0

    def _align(self, after):
        self._line.align = after[0]
        return 1

    def _bold(self, after):
        self._line.bold = bool(after[0])
        return 1

    def _size(self, after):
        assert after[0] in (0x00, 0x11)
        self._line.scale = 1 + after[0] % 2
        return 1

    def _page_number(self, after):
        self._select(after[0])
        return 1

    def _bit_image(self, after):
        width = int.from_bytes(after[1:3], "little")
        high = {33: 24, 1: 8}[after[0]]
        self._inline(width, after[3 : 3 + width * high // 8], high)
        return 3 + width * high // 8

    def _raster(self, after):
        across, height = (int.from_bytes(after[i : i + 2], "little") for i in (1, 3))
        self._own(across, after[5 : 5 + across * height])
        return 5 + across * height

    def _star_bold(self, _):
        self._line.bold = True
        return 0

    def _star_plain(self, _):
        self._line.bold = False
        return 0

    def _star_size(self, after):
        assert after[0] == after[1]
        self._line.scale = 1 + after[0]
        return 2

    def _star_inline(self, after):
        width = int.from_bytes(after[:2], "little")
        self._inline(width, after[2 : 2 + width * 3], 24)
        return 2 + width * 3

    def _star_band(self, after):
        across = after[0]
        self._own(across, after[2 : 2 + across * 24])
        return 3 + across * 24  # the line feed that ends the band is no empty line

    def picture(self, dots):
        """Draw what came out on paper of so many dots."""
        strips = [self._strip(line, dots) for line in self.lines]
        paper = Image.new("L", (dots, sum(strip.height for strip in strips) or LINE), 255)
        top = 0
        for strip in strips:
            paper.paste(strip, (0, top))
            top += strip.height
        return paper

    def _strip(self, line, dots):
        if line.picture:
            return _inked(line.picture, dots, line.align)
        high = NEEDLES * 2 if line.upper else LINE * line.scale
        strip = Image.new("L", (dots, high), 255)
        size = self.cell * 5 // 3 * line.scale
        taken = len(line.text) * self.cell * line.scale
        left = start = (0, (dots - taken) // 2, dots - taken)[line.align]
        pen = ImageDraw.Draw(strip)
        for char in line.text:
            if char != DRAWN:
                font = ImageFont.truetype(str(_font_of(char)), size)
                pen.text((left, size * 19 // 20), char, fill=0, font=font, anchor="ls")
            left += self.cell * line.scale
        for run in line.dots:
            mask = _mask(run)
            if len(run.rows) == NEEDLES:  # a needle is two dots high
                mask = mask.resize((mask.width, NEEDLES * 2))
            strip.paste(0, (start + run.left, 0), mask)
        return strip


def _skip(count):
    return lambda _reader, _after: count


def _sized(_, after):
    return 2 + int.from_bytes(after[:2], "little")


ESCPOS = {
    b"\x1b@": PaperReader._reset,
    b"\x1c.": _skip(0),
    b"\x1b2": PaperReader._whole,
    b"\x1b3": PaperReader._half,
    b"\x1ba": PaperReader._align,
    b"\x1bE": PaperReader._bold,
    b"\x1d!": PaperReader._size,
    b"\x1bt": PaperReader._page_number,
    b"\x1b*": PaperReader._bit_image,
    b"\x1dv0": PaperReader._raster,
    b"\x1d(D": _sized,
    b"\x1d(k": _sized,
    b"\x1dV": lambda _, after: 2 if after[0] >= 65 else 1,
    **dict.fromkeys((b"\x1dh", b"\x1dw", b"\x1dH", b"\x1df"), _skip(1)),
    b"\x1dkI": lambda _, after: 1 + after[0],
}
STAR = {
    b"\x1b@": PaperReader._reset,
    b"\x1bM": _skip(0),
    b"\x1b0": _skip(0),
    b"\x1bz": _skip(1),
    b"\x1bd": _skip(1),
    b"\x1bE": PaperReader._star_bold,
    b"\x1bF": PaperReader._star_plain,
    b"\x1bi": PaperReader._star_size,
    b"\x1b\x1dt": PaperReader._page_number,
    b"\x1b\x1da": PaperReader._align,
    b"\x1b\x1dyS": _skip(2),
    b"\x1b\x1dyD": lambda _, after: 4 + int.from_bytes(after[2:4], "little"),
    b"\x1b\x1dyP": _skip(0),
    b"\x1bX": PaperReader._star_inline,
    b"\x1bk": PaperReader._star_band,
    b"\x1bb": lambda _, after: after.index(b"\x1e", 4) + 1,
}
"""A command's name → what to do with what follows it, which tells how long that is."""


def _font_of(char):
    hebrew = unicodedata.name(char, "").startswith("HEBREW")
    return _FONTS / f"NotoSans{'Hebrew' if hebrew else 'Mono'}-Regular.ttf"


def _mask(dots):
    across = (dots.width + 7) // 8
    shift = across * 8 - dots.width
    data = b"".join((row << shift).to_bytes(across, "big") for row in dots.rows)
    return Image.frombytes("1", (dots.width, len(dots.rows)), data)


def _inked(dots, across, align):
    strip = Image.new("L", (across, len(dots.rows)), 255)
    strip.paste(0, ((0, (across - dots.width) // 2, across - dots.width)[align], 0), _mask(dots))
    return strip


def read(data, model):
    """Read a job of a model."""
    cell = model.dialect.dots // model.dialect.columns
    return PaperReader(model.maker, cell=cell).read(data)
