"""A receipt as a picture (PNG): the same layout as on paper, for the page and for whoever asks.

One pixel is one dot of a print head, so columns line up, a logo is the logo, and a reader reads
the symbols.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.core.receipt.document import ReceiptDocument
from agent.core.receipt.layout import LaidLine, lay_out
from drivers.printers.codecs.dialect import CELL_WIDTH

if TYPE_CHECKING:
    from PIL import Image

LINE_HEIGHT = 27
"""Pixels from line to line: a cell, and a little air."""
MARGIN, EDGE = 30, 8
"""White on each side; height of the teeth that the cutter leaves."""
PAPER, CLEAR = 252, 0
HEIGHT_MAX = 30_000
"""A picture of a roll and more; what is longer is cut off, since a till has little memory."""


def png(document: ReceiptDocument, columns: int = 42) -> bytes:
    """Draw a document.

    Args:
        document: what is to be seen.
        columns: narrow characters per line, 42 or 48 as on 80 mm paper, 32 as on 58 mm.

    Raises:
        InputFault: a number of columns no receipt can be laid out in, or data no symbol holds.
    """
    lines = _without_last_cut(lay_out(document, columns))
    return _encoded(_on_paper(_strips(lines, columns, document.language), columns))


def _without_last_cut(lines: tuple[LaidLine, ...]) -> tuple[LaidLine, ...]:
    return lines[:-1] if lines and lines[-1].kind == "cut" else lines


def _strips(lines: tuple[LaidLine, ...], columns: int, language: str) -> list[Image.Image]:
    """Draw line by line, until the picture is as high as it may be."""
    from drivers.printers.strips import strip  # Pillow is loaded when the first receipt is drawn

    strips: list[Image.Image] = []
    height = 0
    for line in lines:
        if height >= HEIGHT_MAX:
            break
        strips.append(strip(line, columns * CELL_WIDTH, language))
        height += strips[-1].height
    return strips


def _on_paper(strips: list[Image.Image], columns: int) -> Image.Image:
    from PIL import Image

    height = min(HEIGHT_MAX, sum(strip.height for strip in strips))
    size = (columns * CELL_WIDTH + 2 * MARGIN, height + 2 * MARGIN + 2 * EDGE)
    paper = Image.new("L", size, PAPER)
    top = MARGIN + EDGE
    for strip in strips:
        paper.paste(strip, (MARGIN, top))
        top += strip.height
    return paper


def _encoded(paper: Image.Image) -> bytes:
    from io import BytesIO

    from PIL import Image, ImageDraw

    shape = Image.new("L", paper.size, 255)
    pen = ImageDraw.Draw(shape)
    bottom = paper.height
    for left in range(0, paper.width, 2 * EDGE):
        middle, right = left + EDGE, left + 2 * EDGE
        pen.polygon([(left, 0), (middle, EDGE), (right, 0)], fill=CLEAR)
        pen.polygon([(left, bottom), (middle, bottom - EDGE), (right, bottom)], fill=CLEAR)
    file = BytesIO()
    Image.merge("LA", (paper, shape)).save(file, "PNG")
    return file.getvalue()
