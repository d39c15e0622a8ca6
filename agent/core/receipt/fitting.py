"""A picture of dots made to fit the paper: a logo for wide paper must not stop a narrow printer."""

from __future__ import annotations

from functools import lru_cache

from agent.core.faults import InputFault
from agent.core.receipt.document import Image

ROWS_MAX = 2400
"""30 cm of paper; a document must not be able to empty the roll."""


def checked(image: Image) -> Image:
    """Insist on rows of dots.

    Raises:
        InputFault: `bad-image`.
    """
    stride = (image.width + 7) // 8
    rows, rest = divmod(len(image.data), stride) if image.width > 0 else (0, 0)
    if rest or not 0 < rows <= ROWS_MAX:
        raise InputFault(
            f"{len(image.data)} bytes are no picture of {image.width} dots a row",
            remedy=f"send (width + 7) // 8 bytes for each of 1 to {ROWS_MAX} rows",
            name="bad-image",
        )
    return image


@lru_cache(maxsize=8)
def fitted(image: Image, dots: int) -> Image:
    """Make a picture that is wider than the paper as wide as it; others stay as they are.

    A dot stands for the dots of a small field, and is black where at least half of them are.

    Args:
        image: as `checked` lets it pass.
        dots: of the paper, at least 1.
    """
    if image.width <= dots:
        return image
    rows = _rows(image)
    height = max(1, len(rows) * dots // image.width)
    columns = [_span(x, image.width, dots) for x in range(dots)]
    made = (_row(rows[slice(*_span(y, len(rows), height))], columns) for y in range(height))
    return Image(dots, b"".join(made), image.alt)


def _span(place: int, whole: int, parts: int) -> tuple[int, int]:
    """Give the field of one dot along one side; it is never empty."""
    begin = place * whole // parts
    return begin, max(begin + 1, (place + 1) * whole // parts)


def _rows(image: Image) -> list[str]:
    stride = (image.width + 7) // 8
    rows = (image.data[at : at + stride] for at in range(0, len(image.data), stride))
    return [f"{int.from_bytes(row, 'big'):0{stride * 8}b}" for row in rows]


def _row(rows: list[str], columns: list[tuple[int, int]]) -> bytes:
    bits = "".join(
        "1" if 2 * sum(row.count("1", *span) for row in rows) >= _area(rows, span) else "0"
        for span in columns
    )
    stride = (len(bits) + 7) // 8
    return int(bits.ljust(stride * 8, "0"), 2).to_bytes(stride, "big")


def _area(rows: list[str], span: tuple[int, int]) -> int:
    return len(rows) * (span[1] - span[0])
