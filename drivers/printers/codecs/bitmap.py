"""Black dots on paper, and the two ways ESC/POS sends them."""

from __future__ import annotations

import msgspec
from escpos import constants as commands

from drivers.printers.codecs.dialect import CELL_HEIGHT

_DOUBLED = tuple(
    int("".join(bit * 2 for bit in f"{byte:08b}"), 2).to_bytes(2, "big") for byte in range(256)
)
"""Byte → the two bytes in which each of its bits stands twice."""


_COLUMNS_24: bytes = commands.ESC + b"*\x21"
"""`ESC * 33`: columns of 24 dots, in the line."""
_RASTER: bytes = commands.S_RASTER_N
"""`GS v 0`: rows of dots, on their own."""


class Bitmap(msgspec.Struct, frozen=True):
    """Rows of dots from top to bottom; in each row the first dot is the top bit of its byte."""

    width: int
    rows: tuple[bytes, ...]
    """Each of (width + 7) // 8 bytes."""


def doubled(bitmap: Bitmap) -> Bitmap:
    """Make each dot two by two."""
    rows = (b"".join(_DOUBLED[byte] for byte in row) for row in bitmap.rows)
    trimmed = [row[: (bitmap.width * 2 + 7) // 8] for row in rows]
    return Bitmap(bitmap.width * 2, tuple(row for row in trimmed for _ in range(2)))


def inline(bitmap: Bitmap) -> bytes:
    """Send dots as part of a line of text: `ESC * 33`, 24 dots high, column by column."""
    whole = [int.from_bytes(row, "big") for row in bitmap.rows[:CELL_HEIGHT]]
    whole += [0] * (CELL_HEIGHT - len(whole))
    width = (bitmap.width + 7) // 8 * 8
    columns = b"".join(_column(whole, width - 1 - x) for x in range(bitmap.width))
    return _COLUMNS_24 + bitmap.width.to_bytes(2, "little") + columns


def raster(bitmap: Bitmap) -> bytes:
    """Send dots as a picture of its own: `GS v 0`, row by row, normal density."""
    across = (bitmap.width + 7) // 8
    head = _RASTER + across.to_bytes(2, "little") + len(bitmap.rows).to_bytes(2, "little")
    return head + b"".join(bitmap.rows)


def _column(rows: list[int], shift: int) -> bytes:
    bits = 0
    for row in rows:
        bits = bits << 1 | (row >> shift & 1)
    return bits.to_bytes(CELL_HEIGHT // 8, "big")
