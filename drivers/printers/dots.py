"""Text as dots, for characters that no code page of a printer holds."""

from __future__ import annotations

from PIL import Image, ImageDraw

from agent.core.receipt.width import width
from drivers.printers.codecs.bitmap import Bitmap
from drivers.printers.codecs.dialect import CELL_HEIGHT, CELL_WIDTH
from drivers.printers.fonts import face

POINT = 20
"""The size at which the font's letters are `CELL_WIDTH` dots wide."""
BASELINE = 19
"""Where font A's letters stand in their cell of 24 dots."""
_BLACK_FROM = 110
"""Grey above this becomes a dot; thermal heads show thin strokes rather than lose them."""


def draw(text: str, bold: bool) -> Bitmap:
    """Draw one line of text as the printer's own font A would stand: 24 dots high."""
    across = max(1, width(text)) * CELL_WIDTH
    grey = Image.new("L", (across, CELL_HEIGHT))
    pen = ImageDraw.Draw(grey)
    place = 0
    for char in text:
        pen.text((place, BASELINE), char, fill=255, font=face(POINT, bold=bold), anchor="ls")
        place += width(char) * CELL_WIDTH
    return pack(grey.point(lambda level: 255 if level > _BLACK_FROM else 0).convert("1"))


def pack(picture: Image.Image) -> Bitmap:
    """Take the dots out of a black-and-white picture (white is a dot)."""
    across = (picture.width + 7) // 8
    data = picture.tobytes()
    rows = (data[start : start + across] for start in range(0, len(data), across))
    return Bitmap(picture.width, tuple(rows))
