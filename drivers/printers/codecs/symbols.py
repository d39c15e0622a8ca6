"""QR codes: how large one is, and as dots for printers that make none by themselves."""

from __future__ import annotations

from agent.core.receipt.qr import QUIET, qr_matrix
from drivers.printers.codecs.bitmap import Bitmap


def qr_modules(data: str) -> int:
    """Tell how many modules a QR code is wide, quiet zone included.

    Raises:
        InputFault: no QR code holds the text.
    """
    return len(qr_matrix(data)) + 2 * QUIET


def qr_bitmap(data: str, size: int) -> Bitmap:
    """Draw a QR code without its quiet zone, `size` dots per module.

    Raises:
        InputFault: no QR code holds the text.
    """
    matrix = qr_matrix(data)
    width = len(matrix) * size
    rows = [_row("".join("01"[dark] * size for dark in line), width) for line in matrix]
    return Bitmap(width, tuple(row for row in rows for _ in range(size)))


def _row(bits: str, width: int) -> bytes:
    across = (width + 7) // 8
    return int(bits.ljust(across * 8, "0"), 2).to_bytes(across, "big")
