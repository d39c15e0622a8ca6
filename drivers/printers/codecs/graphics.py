"""Dots as ESC/POS sends them, and never a real-time command among them.

A printer looks for real-time commands in everything it receives, dots included: `DLE DC4` in a
logo would open the drawer, `DLE ENQ` throw the rest of the job away, `DLE EOT` answer a question
nobody asked (Epson ESC/POS reference, "real-time commands"). Where the dots of a picture happen to
spell one, the picture is split between two commands or moved by up to seven dots, which changes
none of them; only where nothing else helps, one white dot beside a black one is made black.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from escpos import constants as commands

from agent.core.faults import InputFault
from agent.core.receipt.layout import LaidLine
from drivers.printers.codecs.bitmap import Bitmap
from drivers.printers.codecs.dialect import CELL_HEIGHT

STRIP_ROWS = 128
STRIP_BYTES = 4096
"""Limits of one strip: what a small receive buffer takes at once, and less than `WAKE` flushes."""
_RASTER: bytes = commands.S_RASTER_N
"""`GS v 0`, normal density."""
_COLUMNS_24: bytes = commands.ESC + b"*\x21"
"""`ESC * 33`: columns of 24 dots, in the line."""
_COLUMNS_8: bytes = commands.ESC + b"*\x01"
"""`ESC * 1`: columns of 8 dots, the finest an impact head of nine needles has."""
HALF_SPACING: bytes = commands.ESC + b"3\x10"
TEXT_SPACING: bytes = commands.ESC + b"2"
"""`ESC 3 16`: lines of 16/144 inch, the height of 8 needles; `ESC 2`: as before."""
_SPELT = re.compile(rb"\x10(?:\x04[\x00-\x08]|\x05[\x00-\x03]|\x14[\x00-\x08])", re.DOTALL)
"""`DLE EOT`, `DLE ENQ` and `DLE DC4` with any number they may have."""
_DLE, _DLE_WIDENED = 0x10, 0x18
_COARSE_WIDTH, _FINE_WIDTH = 10, 12
"""Dots of a character across on an impact head, and in the font."""


def spells_command(data: bytes) -> bool:
    """Whether a printer would find a real-time command in these bytes."""
    return _SPELT.search(data) is not None


def logo(line: LaidLine, dots: int) -> Bitmap | None:
    """Give the dots of an `image` line; None where there are none.

    Raises:
        InputFault: wider than the paper, or the data is not so many rows.
    """
    image = line.image
    if image is None or not image.data:
        return None
    if image.width > dots:
        raise InputFault(
            f"a picture of {image.width} dots is wider than this printer's {dots}",
            remedy=f"make the logo at most {dots} dots wide: it is neither scaled nor cut off",
            name="picture-too-wide",
        )
    across = (image.width + 7) // 8
    if image.width < 1 or len(image.data) % across:
        raise InputFault(
            f"{len(image.data)} bytes are no rows of {image.width} dots",
            remedy="send rows of (width + 7) // 8 bytes each",
            name="bad-picture",
        )
    data = image.data
    return Bitmap(image.width, tuple(data[at : at + across] for at in range(0, len(data), across)))


def fitting(modules: int, dots: int, wanted: int, limits: tuple[int, int]) -> int:
    """Choose how many dots a module of a symbol gets.

    Args:
        modules: how many there are across, quiet zone included.
        dots: how wide the paper is.
        wanted: where there is room.
        limits: what the printer can do.

    Raises:
        InputFault: it does not fit however small.
    """
    least, most = limits
    size = min(wanted, most, dots // modules)
    if size < least:
        raise InputFault(
            f"a QR code of {modules} modules does not fit on {dots} dots",
            remedy="print a shorter code, such as the receipt number",
            name="code-too-long",
        )
    return size


def columns(bitmap: Bitmap) -> bytes:
    """Turn rows into columns of 24 dots, three bytes each from the top."""
    return b"".join(_columns(bitmap))


def inline(bitmap: Bitmap) -> bytes:
    """Send dots as part of a line of text: `ESC * 33`, column by column."""
    runs: list[list[bytes]] = [[]]
    tail = b""
    for column in map(_harmless, _columns(bitmap)):
        if spells_command(tail + column):
            runs.append([])
        runs[-1].append(column)
        tail = column[-2:]
    return b"".join(
        _COLUMNS_24 + len(run).to_bytes(2, "little") + b"".join(run) for run in runs if run
    )


def raster(bitmap: Bitmap, dots: int) -> bytes:
    """Send dots as a picture of its own: `GS v 0` in strips.

    Args:
        bitmap: at most `dots` wide.
        dots: how wide the paper is.
    """
    rows = _quiet_rows(bitmap, dots)
    across = len(rows[0]) if rows else 0
    return b"".join(
        _RASTER + across.to_bytes(2, "little") + len(strip).to_bytes(2, "little") + b"".join(strip)
        for strip in _strips(rows, across)
    )


def coarse(bitmap: Bitmap) -> tuple[bytes, bytes]:
    """Send a run of text as an impact head can, in two halves of 8 dots.

    Each column of 12 by 24 dots becomes 10 by 16. The lower half stands on a line of text, the
    upper one on the line above it, `HALF_SPACING` apart.
    """
    across = bitmap.width * _COARSE_WIDTH // _FINE_WIDTH
    fine = _whole_rows(bitmap)
    lines = [_squeezed(fine, row, bitmap.width, across) for row in range(16)]
    return _band(lines[:8], across), _band(lines[8:], across)


def _whole_rows(bitmap: Bitmap) -> list[str]:
    width = (bitmap.width + 7) // 8 * 8
    bits = [f"{int.from_bytes(row, 'big'):0{width}b}" for row in bitmap.rows[:CELL_HEIGHT]]
    return bits + ["0" * width] * (CELL_HEIGHT - len(bits))


def _squeezed(fine: list[str], row: int, width: int, across: int) -> str:
    """Make one row of two or one: a dot stays black if any of those it stands for is."""
    above, below = fine[row * 3 // 2], fine[(row * 3 + 2) // 2]
    both = [a == "1" or b == "1" for a, b in zip(above, below, strict=True)]
    return "".join(
        "1"
        if any(both[x * width // across : max(x * width // across + 1, (x + 1) * width // across)])
        else "0"
        for x in range(across)
    )


def _band(lines: list[str], across: int) -> bytes:
    data = bytes(int("".join(line[x] for line in lines), 2) for x in range(across))
    return _COLUMNS_8 + across.to_bytes(2, "little") + _harmless(data)


def _columns(bitmap: Bitmap) -> Iterator[bytes]:
    whole = [int.from_bytes(row, "big") for row in bitmap.rows[:CELL_HEIGHT]]
    whole += [0] * (CELL_HEIGHT - len(whole))
    width = (bitmap.width + 7) // 8 * 8
    return (_column(whole, width - 1 - x) for x in range(bitmap.width))


def _column(rows: list[int], shift: int) -> bytes:
    bits = 0
    for row in rows:
        bits = bits << 1 | (row >> shift & 1)
    return bits.to_bytes(CELL_HEIGHT // 8, "big")


def _quiet_rows(bitmap: Bitmap, dots: int) -> list[bytes]:
    """Move the picture until no row spells a command; where none will do, widen a dot."""
    for offset in range(min(7, max(0, dots - bitmap.width)) + 1):
        rows = [_moved(row, bitmap.width, offset) for row in bitmap.rows]
        if not any(map(spells_command, rows)):
            return rows
    return [_harmless(row) for row in bitmap.rows]


def _moved(row: bytes, width: int, offset: int) -> bytes:
    across = (width + offset + 7) // 8
    return (int.from_bytes(row, "big") << across * 8 - len(row) * 8 >> offset).to_bytes(
        across, "big"
    )


def _harmless(data: bytes) -> bytes:
    while (found := _SPELT.search(data)) is not None:
        data = data[: found.start()] + bytes((_DLE_WIDENED,)) + data[found.start() + 1 :]
    return data


def _strips(rows: Iterable[bytes], across: int) -> list[list[bytes]]:
    most = min(STRIP_ROWS, STRIP_BYTES // max(1, across))
    strips: list[list[bytes]] = []
    tail = b""
    for row in rows:
        if not strips or len(strips[-1]) >= most or spells_command(tail + row[:2]):
            strips.append([])
            tail = b""
        strips[-1].append(row)
        tail = (tail + row)[-2:]
    return strips
