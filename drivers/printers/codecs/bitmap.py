"""Black dots on paper."""

from __future__ import annotations

import msgspec

_DOUBLED = tuple(
    int("".join(bit * 2 for bit in f"{byte:08b}"), 2).to_bytes(2, "big") for byte in range(256)
)
"""Byte → the two bytes in which each of its bits stands twice."""


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
