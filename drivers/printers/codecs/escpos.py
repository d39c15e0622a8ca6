"""Lines of a receipt to ESC/POS bytes (Epson ESC/POS command reference).

The commands are python-escpos'; what goes between them, above all text, is ours: its own encoder
sends a whole string in one code page.

Each job begins with `ESC @`, which also throws away what an earlier job left half sent, and sends
its code page again from there. Every command is complete in itself: no mode of one line reaches
the next unless both want it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from escpos import constants as commands

from agent.core.receipt.layout import BARCODE_DOTS, LaidLine
from drivers.printers.codecs import code128
from drivers.printers.codecs.bitmap import Bitmap, doubled
from drivers.printers.codecs.dialect import Dialect, Page
from drivers.printers.codecs.graphics import (
    HALF_SPACING,
    TEXT_SPACING,
    coarse,
    fitting,
    inline,
    logo,
    raster,
)
from drivers.printers.codecs.symbols import qr_bitmap, qr_modules
from drivers.printers.codecs.text import Encoded, Run, normal, runs

Draw = Callable[[str, bool], Bitmap]
"""Draws a text (and whether bold) as dots, 24 high; handed in, since drawing needs a font file."""

INITIALISE: bytes = commands.HW_INIT
LINE_FEED: bytes = commands.CTL_LF
_ALIGN = {"left": 0, "center": 1, "right": 2}
_SYMBOL: bytes = commands.GS + b"(k"
_SELECT_PAGE: bytes = commands.CODEPAGE_CHANGE
_SET_ALIGN: bytes = commands.ESC + b"a"
_SET_SIZE: bytes = commands.TXT_SIZE
_SET_BOLD: bytes = commands.ESC + b"E"
_BAR_HEIGHT = 64
_BARCODE_STYLE: bytes = b"".join(
    (
        commands.BARCODE_TXT_BLW,
        commands.BARCODE_FONT_A,
        commands.BARCODE_HEIGHT + bytes((_BAR_HEIGHT,)),
        commands.BARCODE_WIDTH + bytes((BARCODE_DOTS,)),
    )
)
_CODE_128: bytes = commands.BARCODE_TYPES["B"]["CODE128"]
_QR_DOTS, _QR_LIMITS = 6, (1, 16)
"""Dots per module of a QR code, 0.75 mm, where the paper is wide enough; `GS ( k`, fn 167."""
_SWITCH_PULSE = commands.GS + b"(D\x05\x00\x14\x01%c\x02%c"
PULSE_OFF, PULSE_ON = (_SWITCH_PULSE % (state, state) for state in b"01")
"""`GS ( D`: no `DLE DC4` until it is switched on again, by this or by `ESC @`."""


def pulse(pin: int, on_ms: int, off_ms: int) -> bytes:
    """Open the drawer: `ESC p m t1 t2`, times in steps of 2 ms."""
    times = (max(0, min(255, ms // 2)) for ms in (on_ms, off_ms))
    command: bytes = commands.ESC + b"p" + bytes((1 if pin == 5 else 0, *times))
    return command


def encode(lines: Iterable[LaidLine], dialect: Dialect, draw: Draw) -> bytes:
    """Write a whole job.

    Raises:
        InputFault: a symbol's data does not fit any symbol, or a picture is wider than the paper.
    """
    writer = _Writer(dialect, draw)
    body = b"".join(writer.line(line) for line in lines)
    if writer.sent_dots and dialect.guards_pulse:
        body = PULSE_OFF + body + PULSE_ON
    return INITIALISE + dialect.prologue + body


class _Writer:
    """Remembers what modes the printer is in, so that only changes are sent.

    Attributes:
        sent_dots: whether there are dots in the job.
    """

    def __init__(self, dialect: Dialect, draw: Draw) -> None:
        self.sent_dots = False
        self._dialect = dialect
        self._draw = draw
        self._page: Page = dialect.pages[0]
        self._modes: dict[bytes, int] = {}

    def line(self, line: LaidLine) -> bytes:
        """Write one line of the layout."""
        match line.kind:
            case "feed":
                return LINE_FEED
            case "cut":
                return LINE_FEED * self._dialect.feed_before_cut + self._dialect.cut
            case "barcode":
                return self._centered() + self._barcode(line.data)
            case "qr":
                return self._centered() + self._qr(line)
            case "image":
                return self._centered() + self._image(line)
            case _:
                return self._text(line)

    def _text(self, line: LaidLine) -> bytes:
        modes = (
            self._mode(_SET_ALIGN, _ALIGN[line.align])
            + self._mode(_SET_BOLD, int(line.bold))
            + self._mode(_SET_SIZE, 0x11 if line.double else 0x00)
        )
        text = normal(line.text)
        parts = runs(text, self._dialect.pages, self._page)
        if not all(isinstance(part, Encoded) for part in parts):
            if not self._dialect.dot_pictures:
                return modes + self._coarse(parts, line)
            if line.double:
                return modes + self._picture(text, line)
        return modes + b"".join(self._run(part, line) for part in parts) + LINE_FEED

    def _run(self, run: Run, line: LaidLine) -> bytes:
        if not isinstance(run, Encoded):
            self.sent_dots = True
            return inline(self._draw(run.text, line.bold))
        switched = b"" if run.page == self._page else _page_command(run.page)
        self._page = run.page
        return switched + run.data

    def _picture(self, text: str, line: LaidLine) -> bytes:
        # A run of dots in a line is 24 high and would stand at the foot of letters twice as tall,
        # so a double line with such a run is drawn as a whole.
        return self._raster(doubled(self._draw(text, line.bold)))

    def _coarse(self, parts: list[Run], line: LaidLine) -> bytes:
        # Eight needles at a time draw half a letter, so what is drawn takes two lines; what a
        # page holds stands on the lower one.
        above, below = b"", b""
        for part in parts:
            upper, lower = self._halves(part, line)
            above, below = above + upper, below + lower
        small = self._mode(_SET_SIZE, 0x00)
        return small + HALF_SPACING + above + LINE_FEED + TEXT_SPACING + below + LINE_FEED

    def _halves(self, part: Run, line: LaidLine) -> tuple[bytes, bytes]:
        if isinstance(part, Encoded):
            return b" " * len(part.data), self._run(part, line)
        self.sent_dots = True
        return coarse(self._draw(part.text, line.bold))

    def _raster(self, bitmap: Bitmap) -> bytes:
        self.sent_dots = True
        return raster(bitmap, self._dialect.dots)

    def _image(self, line: LaidLine) -> bytes:
        if not self._dialect.dot_pictures:
            return self._plain(line.text)
        bitmap = logo(line, self._dialect.dots)
        return self._raster(bitmap) if bitmap else b""

    def _plain(self, text: str) -> bytes:
        return self._text(LaidLine("text", text, align="center")) if text else b""

    def _mode(self, command: bytes, value: int) -> bytes:
        if self._modes.get(command, 0) == value:
            return b""
        self._modes[command] = value
        return command + bytes((value,))

    def _centered(self) -> bytes:
        return self._mode(_SET_ALIGN, _ALIGN["center"])

    def _barcode(self, data: str) -> bytes:
        """Print Code 128 (`GS k 73`) with its text below; the layout has seen to its width."""
        if not self._dialect.draws_barcodes:
            return self._plain(data)
        body = code128.escpos_data(data)
        return _BARCODE_STYLE + _CODE_128 + bytes((len(body),)) + body

    def _qr(self, line: LaidLine) -> bytes:
        """Print a QR code, model 2, error correction M (`GS ( k`, functions 165-181)."""
        if not self._dialect.dot_pictures:
            return self._plain(line.data)
        size = fitting(qr_modules(line.data), self._dialect.dots, _QR_DOTS, _QR_LIMITS)
        if not self._dialect.draws_qr:
            return self._raster(qr_bitmap(line.data, size)) + LINE_FEED
        return (
            _symbol(b"\x31\x41\x32\x00")
            + _symbol(b"\x31\x43" + bytes((size,)))
            + _symbol(b"\x31\x45\x31")
            + _symbol(b"\x31\x50\x30" + line.data.encode("utf-8"))
            + _symbol(b"\x31\x51\x30")
        )


def _page_command(page: Page) -> bytes:
    return _SELECT_PAGE + bytes((page.number,))


def _symbol(parameters: bytes) -> bytes:
    return _SYMBOL + len(parameters).to_bytes(2, "little") + parameters
