"""A document as plain text: for logs of the demo, tests, and whoever has no printer."""

from __future__ import annotations

import msgspec

from agent.core.receipt.document import Block, ReceiptDocument, Row, Text
from agent.core.receipt.layout import LaidLine, lay_out
from agent.core.receipt.width import width


def plain_text(document: ReceiptDocument, columns: int) -> str:
    """Write a document as lines of text, each at most so many columns wide.

    Text has one size only: what is double on paper stands in single size here, so that amounts
    keep to the right edge. A symbol is shown by its text in brackets.

    Raises:
        InputFault: a number of columns no receipt can be laid out in.
    """
    single = msgspec.structs.replace(
        document, blocks=tuple(_single(block) for block in document.blocks)
    )
    lines = [_line(line, columns) for line in lay_out(single, columns)]
    return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"


def _single(block: Block) -> Block:
    if isinstance(block, Text | Row) and block.double:
        return msgspec.structs.replace(block, double=False)
    return block


def _line(line: LaidLine, columns: int) -> str:
    match line.kind:
        case "barcode":
            return _aligned(f"[|| {line.data} ||]", "center", columns)
        case "qr":
            return _aligned("[QR]", "center", columns)
        case _:
            return _aligned(line.text, line.align, columns)


def _aligned(text: str, align: str, columns: int) -> str:
    free = max(0, columns - width(text))
    before = {"center": free // 2, "right": free}.get(align, 0)
    return " " * before + text
