"""The lines of a receipt as strips of a picture: text, symbols, logos, rules."""

from __future__ import annotations

from PIL import Image, ImageDraw

from agent.core.receipt import document
from agent.core.receipt.layout import LaidLine
from agent.core.receipt.qr import QUIET, qr_matrix
from agent.core.receipt.width import width
from drivers.printers.codecs import code128
from drivers.printers.codecs.dialect import CELL_HEIGHT, CELL_WIDTH
from drivers.printers.lettering import lettering
from drivers.printers.picture import EDGE, HEIGHT_MAX, LINE_HEIGHT, PAPER

BAR, BAR_HEIGHT, QR_MODULE = 2, 72, 5
INK = 30


def strip(line: LaidLine, across: int, language: str) -> Image.Image:
    """Draw one line of the layout.

    Args:
        line: what stands on it.
        across: dots of the paper.
        language: BCP 47 tag of the document.

    Raises:
        InputFault: data no symbol holds.
    """
    match line.kind:
        case "barcode":
            return _barcode(line, across, language)
        case "qr":
            return _centered(_qr(line.data), across)
        case "image" if line.image is not None:
            return _logo(line.image, across)
        case "rule" | "cut":
            return _rule(across, dash=6 if line.kind == "cut" else 3)
        case _:
            return _text(line, across, language)


def _text(line: LaidLine, across: int, language: str) -> Image.Image:
    scale = 2 if line.double else 1
    sheet = _sheet(across, LINE_HEIGHT * scale)
    if not line.text.strip():
        return sheet
    letters = lettering(line.text, bold=line.bold, scale=scale, language=language)
    free = max(0, across - width(line.text) * CELL_WIDTH * scale)
    left = {"center": free // 2, "right": free}.get(line.align, 0)
    sheet.paste(INK, (left, (LINE_HEIGHT - CELL_HEIGHT) * scale // 2), letters)
    return sheet


def _sheet(across: int, height: int) -> Image.Image:
    return Image.new("L", (across, height), PAPER)


def _rule(across: int, *, dash: int) -> Image.Image:
    sheet = _sheet(across, LINE_HEIGHT)
    pen = ImageDraw.Draw(sheet)
    for left in range(0, across, 2 * dash):
        pen.line((left, LINE_HEIGHT // 2, left + dash - 1, LINE_HEIGHT // 2), fill=INK, width=2)
    return sheet


def _logo(logo: document.Image, across: int) -> Image.Image:
    """Put dots on paper as they are; what is wider than the paper is cut off on the right."""
    stride = (logo.width + 7) // 8
    height = min(HEIGHT_MAX, len(logo.data) // stride)
    dots = Image.frombytes("1", (logo.width, height), logo.data[: stride * height])
    sheet = _sheet(across, height)
    sheet.paste(INK, (max(0, (across - logo.width) // 2), 0), dots)
    return sheet


def _barcode(line: LaidLine, across: int, language: str) -> Image.Image:
    modules = code128.modules(line.data)
    bars = _sheet(len(modules) * BAR, BAR_HEIGHT)
    pen = ImageDraw.Draw(bars)
    for index, module in enumerate(modules):
        if module == "1":
            pen.rectangle((index * BAR, 0, (index + 1) * BAR - 1, BAR_HEIGHT), fill=INK)
    below = _text(LaidLine("text", line.text, align="center"), across, language)
    sheet = _sheet(across, BAR_HEIGHT + 2 * EDGE + below.height)
    sheet.paste(bars, ((across - bars.width) // 2, EDGE))
    sheet.paste(below, (0, BAR_HEIGHT + EDGE + 4))
    return sheet


def _qr(data: str) -> Image.Image:
    matrix = qr_matrix(data)
    modules = _sheet(len(matrix), len(matrix))
    modules.putdata([INK if dark else PAPER for row in matrix for dark in row])
    return modules


def _centered(modules: Image.Image, across: int) -> Image.Image:
    """Enlarge a QR code to whole pixels per module, with its quiet zone."""
    scale = max(1, min(QR_MODULE, across // (modules.width + 2 * QUIET)))
    drawn = modules.resize((modules.width * scale,) * 2, Image.Resampling.NEAREST)
    sheet = _sheet(across, drawn.height + 2 * QUIET * scale)
    sheet.paste(drawn, ((across - drawn.width) // 2, QUIET * scale))
    return sheet
