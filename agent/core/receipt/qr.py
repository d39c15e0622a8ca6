"""QR codes as modules, for whoever draws them: a page, a picture, a printer that makes none."""

from __future__ import annotations

from functools import lru_cache

import segno

from agent.core.faults import InputFault

QUIET = 4
"""Light modules around a QR code (ISO/IEC 18004, 6.3.8)."""


@lru_cache(maxsize=16)
def qr_matrix(data: str) -> tuple[tuple[bool, ...], ...]:
    """Give the dark modules of a QR code, error correction M, without its quiet zone.

    Raises:
        InputFault: `code-too-long`.
    """
    try:
        matrix = segno.make_qr(data, error="m", boost_error=False).matrix
    except ValueError as cause:
        raise InputFault(
            f"a QR code cannot hold {len(data)} characters of this text",
            remedy="print a shorter code, such as the receipt number",
            name="code-too-long",
        ) from cause
    return tuple(tuple(bool(module) for module in row) for row in matrix)
