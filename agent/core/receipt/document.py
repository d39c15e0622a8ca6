"""The receipt as device-neutral blocks; every printer, picture and page is made from these.

A document says what is to be seen, never how a device does it. It is also the payload of a print
job (as JSON), so it carries ids only where a person could be meant.
"""

from __future__ import annotations

import msgspec


class Text(msgspec.Struct, frozen=True, omit_defaults=True, tag="text"):
    """One paragraph; wrapped at words to the paper's columns."""

    text: str
    align: str = "left"
    """`left`, `center` or `right`."""
    bold: bool = False
    double: bool = False
    """Double width and height."""


class Row(msgspec.Struct, frozen=True, omit_defaults=True, tag="row"):
    """Text on the left, an amount on the right edge; the left side wraps, the right never."""

    left: str
    right: str = ""
    bold: bool = False
    double: bool = False


class Rule(msgspec.Struct, frozen=True, tag="rule"):
    """A line across the paper."""


class Feed(msgspec.Struct, frozen=True, tag="feed"):
    """Empty lines."""

    lines: int = 1


class Barcode(msgspec.Struct, frozen=True, tag="barcode"):
    """A Code 128 symbol with its text below."""

    data: str


class Qr(msgspec.Struct, frozen=True, tag="qr"):
    """A QR code, error correction M."""

    data: str


class Image(msgspec.Struct, frozen=True, tag="image"):
    """A picture of black dots, such as the shop's logo, centred; one dot is one dot of the head."""

    width: int
    """Dots per row, at least 1."""
    data: bytes
    """Rows from top to bottom, each of (width + 7) // 8 bytes; the first dot is the top bit."""
    alt: str = ""
    """What plain text and HTML say instead."""


class Cut(msgspec.Struct, frozen=True, tag="cut"):
    """The end of the paper."""


Block = Text | Row | Rule | Feed | Barcode | Qr | Image | Cut


class ReceiptDocument(msgspec.Struct, frozen=True):
    """What is to be printed, from top to bottom."""

    language: str
    """BCP 47 tag, for example `de`."""
    blocks: tuple[Block, ...]
