"""Display models as data: a new one is a row; what is odd about it stands beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from drivers.displays.codecs.cd5220 import Cd5220
from drivers.displays.codecs.dialect import DisplayCodec
from drivers.displays.codecs.escpos_display import EscPosDisplay
from drivers.displays.codecs.text import Page

COLUMNS, ROWS = 20, 2
"""Of every pole display in the trade so far."""


class DisplayModel(msgspec.Struct, frozen=True):
    """A row of the table."""

    name: str
    """As written in `[[device]] model`."""
    title: str
    codec: Callable[[], DisplayCodec]
    proof: str
    """`emulated`, `captured` or `tested on hardware`: what our claim to support it rests on."""
    pages: tuple[Page, ...]
    columns: int = COLUMNS
    rows: int = ROWS
    reason: str = ""
    """What is odd about it."""


# Epson DM-D110 specification, `ESC t` and section 4.3.
_EPSON_PAGES = tuple(
    Page(number, codec)
    for number, codec in (
        (19, "cp858"),
        (16, "cp1252"),
        (18, "cp852"),
        (17, "cp866"),
        (0, "cp437"),
        (2, "cp850"),
        (3, "cp860"),
        (4, "cp863"),
        (5, "cp865"),
    )
)
# The pages on which displays in Epson's mode agree; none of them has a euro sign.
_COMMON_PAGES = tuple(
    Page(number, codec)
    for number, codec in ((0, "cp437"), (2, "cp850"), (3, "cp860"), (4, "cp863"), (5, "cp865"))
)
_FIXED_PAGE = (Page(None, "cp437"),)

_ROWS = (
    DisplayModel(
        name="epson-dm-d110",
        title="Epson DM-D110, DM-D120, DM-D210, DM-D30, 2 lines of 20",
        codec=lambda: EscPosDisplay(COLUMNS, ROWS, _EPSON_PAGES),
        proof="emulated",
        pages=_EPSON_PAGES,
        reason="no Greek page: Greek is written in Latin letters",
    ),
    DisplayModel(
        name="generic-escpos",
        title="Any line display set to Epson's commands, 2 lines of 20",
        codec=lambda: EscPosDisplay(COLUMNS, ROWS, _COMMON_PAGES),
        proof="emulated",
        pages=_COMMON_PAGES,
        reason="pages 0 and 2 to 5 alone: the euro sign becomes EUR, Cyrillic Latin letters",
    ),
    DisplayModel(
        name="generic-cd5220",
        title="Partner CD5220 and what emulates it (Bixolon BCD, Logic Controls), 2 lines of 20",
        codec=lambda: Cd5220(COLUMNS, _FIXED_PAGE),
        proof="emulated",
        pages=_FIXED_PAGE,
        reason="pages cannot be switched between two lines: PC437, as it is switched on with",
    ),
)
MODELS: Mapping[str, DisplayModel] = MappingProxyType({row.name: row for row in _ROWS})
"""Name → model."""
DEFAULT_MODEL = "generic-escpos"
