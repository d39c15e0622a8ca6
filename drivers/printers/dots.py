"""Text as dots, for characters that no code page of a printer holds."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from drivers.printers.codecs.bitmap import Bitmap
from drivers.printers.codecs.text import normal
from drivers.printers.lettering import lettering

if TYPE_CHECKING:
    from PIL import Image

_BLACK_FROM = 110
"""Grey above this becomes a dot; thermal heads show thin strokes rather than lose them."""


@lru_cache(maxsize=256)
def draw(text: str, bold: bool, language: str = "") -> Bitmap:
    """Draw one line of text as the printer's own font A would stand.

    Args:
        text: in the order it is read.
        bold: thicker strokes.
        language: BCP 47 tag; it decides how Chinese characters are written.

    Returns:
        24 dots high, 12 dots wide for each column of the text.
    """
    grey = lettering(normal(text), bold=bold, language=language)
    return pack(grey.point(lambda level: 255 if level > _BLACK_FROM else 0).convert("1"))


def pack(picture: Image.Image) -> Bitmap:
    """Take the dots out of a black-and-white picture (white is a dot)."""
    across = (picture.width + 7) // 8
    data = picture.tobytes()
    rows = (data[start : start + across] for start in range(0, len(data), across))
    return Bitmap(picture.width, tuple(rows))
