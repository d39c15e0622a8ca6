"""A receipt as a picture (PNG): the same layout as on paper, for the page and for whoever asks.

Every character stands in its own cell, as a print head would put it, so that columns line up
whatever the font thinks of a character's width.
"""

from __future__ import annotations

from io import BytesIO

import segno
from PIL import Image, ImageDraw

from agent.core.faults import InputFault
from agent.core.receipt.document import ReceiptDocument
from agent.core.receipt.layout import LaidLine, lay_out
from agent.core.receipt.width import width
from drivers.printers.codecs import code128
from drivers.printers.fonts import face

CELL_WIDTH, LINE_HEIGHT, BASELINE, POINT = 12, 27, 20, 20
"""Pixels of a narrow character, and where it stands in its line; the font's size to fit."""
MARGIN, EDGE = 30, 8
"""White on each side; height of the teeth that the cutter leaves."""
BAR, BAR_HEIGHT, QR_MODULE = 2, 72, 5
INK, PAPER, CLEAR = 30, 252, 0
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
    strips = [_strip(line, columns) for line in lines]
    height = min(HEIGHT_MAX, sum(strip.height for strip in strips))
    across = columns * CELL_WIDTH
    paper = Image.new("L", (across + 2 * MARGIN, height + 2 * MARGIN + 2 * EDGE), PAPER)
    top = MARGIN + EDGE
    for strip in strips:
        paper.paste(strip, (MARGIN, top))
        top += strip.height
    return _encoded(paper)


def _without_last_cut(lines: tuple[LaidLine, ...]) -> tuple[LaidLine, ...]:
    return lines[:-1] if lines and lines[-1].kind == "cut" else lines


def _strip(line: LaidLine, columns: int) -> Image.Image:
    across = columns * CELL_WIDTH
    match line.kind:
        case "barcode":
            return _barcode(line, across)
        case "qr":
            return _centered(_qr(line.data), across)
        case "rule" | "cut":
            return _rule(across, dash=6 if line.kind == "cut" else 3)
        case _:
            return _text(line, across)


def _text(line: LaidLine, across: int) -> Image.Image:
    scale = 2 if line.double else 1
    strip = Image.new("L", (across, LINE_HEIGHT * scale), PAPER)
    pen = ImageDraw.Draw(strip)
    font = face(POINT * scale, bold=line.bold)
    free = max(0, across - width(line.text) * CELL_WIDTH * scale)
    left = {"center": free // 2, "right": free}.get(line.align, 0)
    for character in line.text:
        if not character.isspace():
            pen.text((left, BASELINE * scale), character, fill=INK, font=font, anchor="ls")
        left += width(character) * CELL_WIDTH * scale
    return strip


def _rule(across: int, *, dash: int) -> Image.Image:
    strip = Image.new("L", (across, LINE_HEIGHT), PAPER)
    pen = ImageDraw.Draw(strip)
    for left in range(0, across, 2 * dash):
        pen.line((left, LINE_HEIGHT // 2, left + dash - 1, LINE_HEIGHT // 2), fill=INK, width=2)
    return strip


def _barcode(line: LaidLine, across: int) -> Image.Image:
    modules = code128.modules(line.data)
    bars = Image.new("L", (len(modules) * BAR, BAR_HEIGHT), PAPER)
    pen = ImageDraw.Draw(bars)
    for index, module in enumerate(modules):
        if module == "1":
            pen.rectangle((index * BAR, 0, (index + 1) * BAR - 1, BAR_HEIGHT), fill=INK)
    below = _text(LaidLine("text", line.text, align="center"), across)
    strip = Image.new("L", (across, BAR_HEIGHT + 2 * EDGE + below.height), PAPER)
    strip.paste(bars, ((across - bars.width) // 2, EDGE))
    strip.paste(below, (0, BAR_HEIGHT + EDGE + 4))
    return strip


def _qr(data: str) -> Image.Image:
    try:
        matrix = segno.make_qr(data, error="m", boost_error=False).matrix
    except ValueError as cause:
        raise InputFault(
            f"a QR code cannot hold {len(data)} characters of this text",
            remedy="print a shorter code, such as the receipt number",
            name="code-too-long",
        ) from cause
    modules = Image.new("L", (len(matrix), len(matrix)), PAPER)
    modules.putdata([INK if dark else PAPER for row in matrix for dark in row])
    return modules


def _centered(modules: Image.Image, across: int) -> Image.Image:
    """Enlarge a QR code to whole pixels per module, with its quiet zone of four (ISO 18004)."""
    scale = max(1, min(QR_MODULE, across // (modules.width + 8)))
    drawn = modules.resize((modules.width * scale,) * 2, Image.Resampling.NEAREST)
    strip = Image.new("L", (across, drawn.height + 8 * scale), PAPER)
    strip.paste(drawn, ((across - drawn.width) // 2, 4 * scale))
    return strip


def _encoded(paper: Image.Image) -> bytes:
    shape = Image.new("L", paper.size, 255)
    pen = ImageDraw.Draw(shape)
    for left in range(0, paper.width, 2 * EDGE):
        middle, right = left + EDGE, left + 2 * EDGE
        bottom = paper.height
        pen.polygon([(left, 0), (middle, EDGE), (right, 0)], fill=CLEAR)
        pen.polygon(
            [(left, bottom), (middle, bottom - EDGE), (right, bottom)],
            fill=CLEAR,
        )
    file = BytesIO()
    Image.merge("LA", (paper, shape)).save(file, "PNG")
    return file.getvalue()
