"""A document to lines of a given number of columns: the one layout of every device.

The ESC/POS codec, the picture and plain text all start from these lines, so that what the page
shows is what the printer prints.
"""

from __future__ import annotations

import msgspec

from agent.core.faults import InputFault
from agent.core.receipt.document import (
    Barcode,
    Block,
    Cut,
    Feed,
    Image,
    Qr,
    ReceiptDocument,
    Row,
    Rule,
    Text,
)
from agent.core.receipt.width import printable, width, wrap

COLUMNS_MIN = 16
"""Below this, no amount fits beside a word in double size."""
COLUMNS_MAX = 256
FEED_MAX = 20
"""Empty lines of one feed: a hand's breadth; a document must not be able to empty the roll."""
DOTS_PER_COLUMN = 12
"""Width of a character in font A of 203 dpi receipt printers."""
BARCODE_DOTS = 2
"""Narrowest bar that every hand scanner reads off thermal paper: 0.25 mm."""


class LaidLine(msgspec.Struct, frozen=True):
    """One line of paper, or one symbol."""

    kind: str
    """`text`, `rule`, `feed` (an empty line), `barcode`, `qr`, `image` or `cut`."""
    text: str = ""
    """Without control characters. A row comes padded to the full width; other text as it is, for
    the device to align. Of a barcode: the text below it."""
    bold: bool = False
    double: bool = False
    """Twice as wide and high: `text` then has at most half the columns."""
    align: str = "left"
    """`left`, `center` or `right`."""
    data: str = ""
    """What the symbol encodes."""
    image: Image | None = None
    """The dots of an `image`; `text` is then what stands for it where there are no dots."""


def lay_out(document: ReceiptDocument, columns: int) -> tuple[LaidLine, ...]:
    """Break a document into lines.

    Args:
        document: what is to be seen.
        columns: narrow characters of a line, for example 42 or 48 on 80 mm paper, 32 on 58 mm.

    Raises:
        InputFault: fewer than `COLUMNS_MIN` columns, or more than `COLUMNS_MAX`.
    """
    if not COLUMNS_MIN <= columns <= COLUMNS_MAX:
        raise InputFault(
            f"a receipt cannot be laid out in {columns} columns",
            remedy=f"use {COLUMNS_MIN} to {COLUMNS_MAX}; 80 mm paper has 42 or 48, 58 mm has 32",
        )
    return tuple(line for block in document.blocks for line in _block(block, columns))


def barcode_columns(data: str) -> int:
    """Tell how many columns a Code 128 symbol needs, quiet zones included (ISO/IEC 15417).

    Start, check and each character take 11 modules, stop 13, the quiet zones 10 on each side.
    Digits in pairs would take less; how a printer packs them is its own affair.
    """
    modules = 11 * (len(data) + 2) + 13 + 20
    return -(-modules * BARCODE_DOTS // DOTS_PER_COLUMN)


def _block(block: Block, columns: int) -> list[LaidLine]:
    match block:
        case Text():
            return _text(block, columns)
        case Row():
            return _row(block, columns)
        case Barcode():
            return _barcode(printable(block.data), columns)
        case Feed():
            return [LaidLine("feed")] * min(FEED_MAX, block.lines)
        case Image():
            return [LaidLine("image", printable(block.alt), align="center", image=block)]
        case _:
            return [_single(block, columns)]


def _single(block: Rule | Qr | Cut, columns: int) -> LaidLine:
    if isinstance(block, Rule):
        return LaidLine("rule", "-" * columns)
    if isinstance(block, Qr):
        return LaidLine("qr", align="center", data=block.data)
    return LaidLine("cut")


def _text(block: Text, columns: int) -> list[LaidLine]:
    room = _room(columns, double=block.double)
    return [
        LaidLine("text", line, block.bold, block.double, block.align)
        for line in wrap(printable(block.text), room)
    ]


def _row(row: Row, columns: int) -> list[LaidLine]:
    room = _room(columns, double=row.double)
    right = " ".join(printable(row.right).split())
    return [
        LaidLine("text", line, row.bold, row.double) for line in _row_lines(row.left, right, room)
    ]


def _row_lines(left: str, right: str, room: int) -> list[str]:
    """Put the right side on the last line of the left one, or on its own where it has no place."""
    left = printable(left)
    beside = room - width(right) - 1
    if not right:
        return wrap(left, room)
    if beside < min(room // 4, width(left)):
        own = [_padded_left(line, room) for line in wrap(right, room)]
        return [*wrap(left, room), *own] if left.strip() else own
    *above, last = wrap(left, beside)
    return [*above, f"{last}{' ' * (room - width(last) - width(right))}{right}"]


def _barcode(data: str, columns: int) -> list[LaidLine]:
    """Fall back to a QR code where bars do not fit: printers drop too wide a symbol silently.

    Nor does Code 128 know more than ASCII.
    """
    if data.isascii() and barcode_columns(data) <= columns:
        return [LaidLine("barcode", data, align="center", data=data)]
    below = [LaidLine("text", line, align="center") for line in wrap(data, columns)]
    return [LaidLine("qr", align="center", data=data), *below]


def _room(columns: int, *, double: bool) -> int:
    return columns // 2 if double else columns


def _padded_left(text: str, columns: int) -> str:
    return " " * (columns - width(text)) + text
