"""Lines of a receipt to Star Line mode bytes (Star Line Mode Command Specifications, chapter 3).

Each job begins with `ESC @`; every mode is sent anew from there. Dots are sent as fine bit images:
in a line `ESC X` (columns of 24 dots), of their own `ESC k` (24 rows) with lines of 24 dots
(`ESC 0`), so that bands join without a gap.
"""

from __future__ import annotations

from collections.abc import Iterable

from agent.core.receipt.layout import LaidLine
from drivers.printers.codecs.bitmap import Bitmap, doubled
from drivers.printers.codecs.dialect import CELL_HEIGHT, Dialect, Page
from drivers.printers.codecs.escpos import Draw
from drivers.printers.codecs.graphics import columns, fitting, logo
from drivers.printers.codecs.symbols import qr_modules
from drivers.printers.codecs.text import Encoded, Run, normal, runs

_ESC, _GS = b"\x1b", b"\x1d"
INITIALISE = _ESC + b"@"
LINE_FEED = b"\n"
CUT = _ESC + b"d\x03"
"""`ESC d 3`: feed to the cutter and cut partially."""
_ALIGN = {"left": 0, "center": 1, "right": 2}
_SET_ALIGN, _SET_SIZE = _ESC + _GS + b"a", _ESC + b"i"
_BOLD = (_ESC + b"F", _ESC + b"E")
_BAND_SPACING, _TEXT_SPACING = _ESC + b"0", _ESC + b"z1"
"""Lines of 3 mm, which is 24 dots, and of 4 mm, which is the rule."""
_BAR_HEIGHT = 64
_QR_CELL_MAX = 6
_QR_CELL_LIMITS = (1, 8)


def star_pulse(pin: int, on_ms: int, off_ms: int) -> bytes:
    """Open the drawer: `ESC BEL n1 n2` and `BEL`; the second coil (`EM`) has times of its own."""
    if pin == 5:
        return b"\x19"
    return _ESC + b"\x07" + bytes((_tens(on_ms), _tens(off_ms))) + b"\x07"


def _tens(milliseconds: int) -> int:
    return max(1, min(127, milliseconds // 10))


def encode_star(lines: Iterable[LaidLine], dialect: Dialect, draw: Draw) -> bytes:
    """Write a whole job.

    Raises:
        InputFault: a symbol's data does not fit any symbol, or a picture is wider than the paper.
    """
    writer = _Writer(dialect, draw)
    body = b"".join(writer.line(line) for line in lines)
    return INITIALISE + dialect.prologue + body


class _Writer:
    """Remembers what modes the printer is in, so that only changes are sent."""

    def __init__(self, dialect: Dialect, draw: Draw) -> None:
        self._dialect = dialect
        self._draw = draw
        self._page: Page = dialect.pages[0]
        self._align, self._bold, self._double = 0, False, False

    def line(self, line: LaidLine) -> bytes:
        """Write one line of the layout."""
        match line.kind:
            case "feed":
                return LINE_FEED
            case "cut":
                return LINE_FEED * self._dialect.feed_before_cut + self._dialect.cut
            case "barcode":
                return self._aligned("center") + _barcode(line.data)
            case "qr":
                return self._aligned("center") + _qr(line.data, self._dialect.dots)
            case "image":
                return self._aligned("center") + self._image(line)
            case _:
                return self._text(line)

    def _text(self, line: LaidLine) -> bytes:
        modes = self._aligned(line.align) + self._emphasised(line.bold) + self._sized(line.double)
        text = normal(line.text)
        parts = runs(text, self._dialect.pages, self._page)
        if line.double and not all(isinstance(part, Encoded) for part in parts):
            return modes + _bands(doubled(self._draw(text, line.bold)))
        return modes + b"".join(self._run(part, line) for part in parts) + LINE_FEED

    def _run(self, run: Run, line: LaidLine) -> bytes:
        if not isinstance(run, Encoded):
            bitmap = self._draw(run.text, line.bold)
            return _ESC + b"X" + bitmap.width.to_bytes(2, "little") + columns(bitmap)
        switched = b"" if run.page == self._page else _page_command(run.page)
        self._page = run.page
        return switched + run.data

    def _image(self, line: LaidLine) -> bytes:
        bitmap = logo(line, self._dialect.dots)
        return _bands(bitmap) if bitmap else b""

    def _aligned(self, word: str) -> bytes:
        value = _ALIGN[word]
        if value == self._align:
            return b""
        self._align = value
        return _SET_ALIGN + bytes((value,))

    def _emphasised(self, bold: bool) -> bytes:
        if bold == self._bold:
            return b""
        self._bold = bold
        return _BOLD[bold]

    def _sized(self, double: bool) -> bytes:
        if double == self._double:
            return b""
        self._double = double
        return _SET_SIZE + bytes((double, double))


def _page_command(page: Page) -> bytes:
    return _ESC + _GS + b"t" + bytes((page.number,))


def _bands(bitmap: Bitmap) -> bytes:
    across = (bitmap.width + 7) // 8
    head = _ESC + b"k" + bytes((across, 0))
    rows = [bitmap.rows[at : at + CELL_HEIGHT] for at in range(0, len(bitmap.rows), CELL_HEIGHT)]
    bands = (head + b"".join(band).ljust(across * CELL_HEIGHT, b"\0") + LINE_FEED for band in rows)
    return _BAND_SPACING + b"".join(bands) + _TEXT_SPACING


def _barcode(data: str) -> bytes:
    """Print Code 128 (`ESC b 6`) with its text below; bars of 2 dots (chapter 5, Code 128)."""
    escaped = data.replace("%", "%0").encode("ascii")
    return _ESC + b"b621" + bytes((_BAR_HEIGHT,)) + escaped + b"\x1e"


def _qr(data: str, dots: int) -> bytes:
    """Print a QR code, model 2, error correction M (`ESC GS y`)."""
    cell = fitting(qr_modules(data), dots, _QR_CELL_MAX, _QR_CELL_LIMITS)
    body = data.encode("utf-8")
    head = _ESC + _GS + b"y"
    return (
        head
        + b"S0\x02"
        + head
        + b"S1\x01"
        + head
        + b"S2"
        + bytes((cell,))
        + head
        + b"D1\x00"
        + len(body).to_bytes(2, "little")
        + body
        + head
        + b"P"
    )
