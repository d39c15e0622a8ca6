"""A document to lines of a given number of columns: the one layout of every device.

The ESC/POS codec, the picture and plain text all start from these lines, so that what the page
shows is what the printer prints. In a language written from right to left the paper is mirrored:
labels stand right, amounts left, and a paragraph that is not centred begins on the right.
"""

from __future__ import annotations

import msgspec

from agent.core.faults import InputFault
from agent.core.receipt.direction import is_rtl, isolated, placed, without_controls
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
from agent.core.receipt.fitting import checked, fitted
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
    the device to align. Of a barcode: the text below it.

    Places are those of the paper, from its left edge. Text with letters written from right to left
    stands in isolates (U+2067 or U+2068 … U+2069), each with its letters in the order of speech:
    a device brings them into visual order on a line that itself runs from left to right (UAX #9),
    and prints no isolate."""
    bold: bool = False
    double: bool = False
    """Twice as wide and high: `text` then has at most half the columns."""
    align: str = "left"
    """`left`, `center` or `right`."""
    data: str = ""
    """What the symbol encodes."""
    image: Image | None = None
    """The dots of an `image`; `text` is then what stands for it where there are no dots."""
    label: str = ""
    amount: str = ""
    """Of a row: its two sides on this line, not padded, for devices that have no columns."""


def lay_out(document: ReceiptDocument, columns: int) -> tuple[LaidLine, ...]:
    """Break a document into lines.

    Args:
        document: what is to be seen.
        columns: narrow characters of a line, for example 42 or 48 on 80 mm paper, 32 on 58 mm.

    Raises:
        InputFault: fewer than `COLUMNS_MIN` columns, or more than `COLUMNS_MAX`; a picture that
            is none (`bad-image`).
    """
    if not COLUMNS_MIN <= columns <= COLUMNS_MAX:
        raise InputFault(
            f"a receipt cannot be laid out in {columns} columns",
            remedy=f"use {COLUMNS_MIN} to {COLUMNS_MAX}; 80 mm paper has 42 or 48, 58 mm has 32",
        )
    sheet = _Sheet(columns, is_rtl(document.language))
    return tuple(line for block in document.blocks for line in sheet.block(block))


def barcode_columns(data: str) -> int:
    """Tell how many columns a Code 128 symbol needs, quiet zones included (ISO/IEC 15417).

    Start, check and each character take 11 modules, stop 13, the quiet zones 10 on each side.
    Digits in pairs would take less; how a printer packs them is its own affair.
    """
    modules = 11 * (len(data) + 2) + 13 + 20
    return -(-modules * BARCODE_DOTS // DOTS_PER_COLUMN)


class _Sheet(msgspec.Struct, frozen=True):
    """The paper: how many columns it has, and from which side its language begins."""

    columns: int
    rtl: bool

    def block(self, block: Block) -> list[LaidLine]:
        match block:
            case Text():
                return self._text(block)
            case Row():
                return self._row(block)
            case Barcode():
                return self._barcode(_plain(block.data))
            case Feed():
                return [LaidLine("feed")] * min(FEED_MAX, block.lines)
            case _:
                return [self._single(block)] if _seen(block) else []

    def _single(self, block: Image | Rule | Qr | Cut) -> LaidLine:
        match block:
            case Image():
                image = fitted(checked(block), self.columns * DOTS_PER_COLUMN)
                return LaidLine("image", _plain(block.alt), align="center", image=image)
            case Rule():
                return LaidLine("rule", "-" * self.columns)
            case Qr():
                return LaidLine("qr", align="center", data=block.data)
            case _:
                return LaidLine("cut")

    def _text(self, block: Text) -> list[LaidLine]:
        align = placed(block.align, rtl=self.rtl)
        lines = wrap(_plain(block.text), _room(self.columns, double=block.double))
        return [
            LaidLine("text", self._line(line), block.bold, block.double, align) for line in lines
        ]

    def _line(self, line: str) -> str:
        """Isolate a line; what it is indented by stands on the side where it begins."""
        body = line.lstrip(" ")
        indent = line[: len(line) - len(body)]
        shown = isolated(body, rtl=self.rtl)
        return f"{shown}{indent}" if self.rtl else f"{indent}{shown}"

    def _row(self, row: Row) -> list[LaidLine]:
        room = _room(self.columns, double=row.double)
        right = " ".join(_plain(row.right).split())
        return [
            self._sides(label, amount, room, row)
            for label, amount in _row_lines(_plain(row.left), right, room)
        ]

    def _sides(self, label: str, amount: str, room: int, row: Row) -> LaidLine:
        begin, end = self._line(label), isolated(amount, rtl=False)
        gap = " " * (room - width(label) - width(amount)) if amount or self.rtl else ""
        text = f"{end}{gap}{begin}" if self.rtl else f"{begin}{gap}{end}"
        return LaidLine("text", text, row.bold, row.double, label=label, amount=amount)

    def _barcode(self, data: str) -> list[LaidLine]:
        """Fall back to a QR code where bars do not fit: printers drop too wide a symbol silently.

        Nor does Code 128 know more than ASCII.
        """
        if not data.strip():
            return []
        if data.isascii() and barcode_columns(data) <= self.columns:
            return [LaidLine("barcode", data, align="center", data=data)]
        below = [
            LaidLine("text", self._line(line), align="center") for line in wrap(data, self.columns)
        ]
        return [LaidLine("qr", align="center", data=data), *below]


def _row_lines(left: str, right: str, room: int) -> list[tuple[str, str]]:
    """Put the right side on the last line of the left one, or on its own where it has no place."""
    beside = room - width(right) - 1
    if not right:
        return [(line, "") for line in wrap(left, room)]
    if beside < min(room // 4, width(left)):
        own = [("", line) for line in wrap(right, room)]
        return [*((line, "") for line in wrap(left, room)), *own] if left.strip() else own
    *above, last = wrap(left, beside)
    return [*((line, "") for line in above), (last, right)]


def _seen(block: Image | Rule | Qr | Cut) -> bool:
    """Tell a symbol of nothing, which no printer could print."""
    return not isinstance(block, Qr) or bool(block.data)


def _plain(text: str) -> str:
    return without_controls(printable(text))


def _room(columns: int, *, double: bool) -> int:
    return columns // 2 if double else columns
