"""QR codes: how large one is, and as dots for printers that make none by themselves."""

from __future__ import annotations

from functools import lru_cache

import segno

from agent.core.faults import InputFault
from drivers.printers.codecs.bitmap import Bitmap

QUIET = 4
"""Modules of white around a symbol (ISO/IEC 18004)."""


def qr_modules(data: str) -> int:
    """Tell how many modules a QR code is wide, quiet zone included.

    Raises:
        InputFault: no QR code holds the text.
    """
    return len(_matrix(data)) + 2 * QUIET


def qr_bitmap(data: str, size: int) -> Bitmap:
    """Draw a QR code without its quiet zone, `size` dots per module.

    Raises:
        InputFault: no QR code holds the text.
    """
    matrix = _matrix(data)
    width = len(matrix) * size
    rows = [_row("".join(str(bit) * size for bit in line), width) for line in matrix]
    return Bitmap(width, tuple(row for row in rows for _ in range(size)))


def _row(bits: str, width: int) -> bytes:
    across = (width + 7) // 8
    return int(bits.ljust(across * 8, "0"), 2).to_bytes(across, "big")


@lru_cache(maxsize=16)
def _matrix(data: str) -> tuple[tuple[int, ...], ...]:
    try:
        code = segno.make_qr(data, error="m", boost_error=False)
    except ValueError as cause:
        raise InputFault(
            f"a QR code cannot hold {len(data)} characters of this text",
            remedy="print a shorter code, such as the receipt number",
            name="code-too-long",
        ) from cause
    return tuple(tuple(int(bit) for bit in line) for line in code.matrix)
