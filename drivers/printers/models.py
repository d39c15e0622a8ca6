"""Printer models as data. A new model is a row; what is odd about one stands beside it.

Page numbers are those of `ESC t n` in each maker's own manual: only some of them agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from drivers.printers.codecs.dialect import Dialect, Page


class PrinterModel(msgspec.Struct, frozen=True):
    """A row of the table."""

    name: str
    """As written in `[[device]] model`."""
    title: str
    dialect: Dialect
    proof: str
    """`emulated`, `captured` or `tested on hardware`: what our claim to support it rests on."""
    reason: str = ""
    """What is odd about it."""


# Epson ESC/POS reference, `ESC t`, for TM models of the Western regions.
_EPSON_PAGES = tuple(
    Page(number, codec)
    for number, codec in (
        (0, "cp437"),
        (16, "cp1252"),
        (19, "cp858"),
        (18, "cp852"),
        (17, "cp866"),
        (14, "cp737"),
        (13, "cp857"),
        (2, "cp850"),
        (3, "cp860"),
        (4, "cp863"),
        (5, "cp865"),
        (33, "cp775"),
        (34, "cp855"),
        (35, "cp861"),
        (36, "cp862"),
        (38, "cp869"),
        (39, "iso8859_2"),
        (40, "iso8859_15"),
        (45, "cp1250"),
        (46, "cp1251"),
        (47, "cp1253"),
        (48, "cp1254"),
        (51, "cp1257"),
    )
)
# The pages on which clones agree with Epson; everything else is drawn.
_COMMON_PAGES = tuple(
    Page(number, codec)
    for number, codec in (
        (0, "cp437"),
        (16, "cp1252"),
        (19, "cp858"),
        (18, "cp852"),
        (17, "cp866"),
        (2, "cp850"),
    )
)
_SINGLE_BYTE = b"\x1c."
"""`FS .`: leave the double-byte mode many clones start in, which eats two bytes per letter."""

_ROWS = (
    PrinterModel(
        name="generic-80mm",
        title="Any ESC/POS printer with 80 mm paper (576 dots)",
        dialect=Dialect(columns=48, dots=576, pages=_COMMON_PAGES, prologue=_SINGLE_BYTE),
        proof="emulated",
        reason="clones start in Chinese double-byte mode, so it is switched off",
    ),
    PrinterModel(
        name="generic-58mm",
        title="Any ESC/POS printer with 58 mm paper (384 dots)",
        dialect=Dialect(
            columns=32, dots=384, pages=_COMMON_PAGES, prologue=_SINGLE_BYTE, feed_before_cut=3
        ),
        proof="emulated",
        reason="mostly without a cutter: the end is fed past the tear bar, the cut is ignored",
    ),
    PrinterModel(
        name="epson-tm-t20iii",
        title="Epson TM-T20III, 80 mm paper",
        dialect=Dialect(columns=48, dots=576, pages=_EPSON_PAGES),
        proof="emulated",
    ),
)
MODELS: Mapping[str, PrinterModel] = MappingProxyType({row.name: row for row in _ROWS})
"""Name → model."""
DEFAULT_MODEL = "generic-80mm"
