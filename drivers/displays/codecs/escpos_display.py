"""Epson's ESC/POS commands for displays (DM-D series), which most others can be set to.

Source: Epson, DM-D110 specification, section 5.4, and DM Application Programming Guide.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from drivers.displays.codecs.text import Cell, Page, cells

SELECT_DISPLAY = b"\x1b=\x02"
"""`ESC = 2`: a display in the printer's cable would pass everything on to the printer."""
INITIALIZE = b"\x1b@"
OVERWRITE = b"\x1f\x01"
"""`US MD1`: a full line goes on in the next one, and nothing scrolls."""
CURSOR_OFF = b"\x1fC\x00"
ASCII_SET = b"\x1bR\x00"
"""`ESC R 0`: no national letters in place of `[`, `{`, `#` …"""


class EscPosDisplay:
    """Writes each line at its place, switching pages where a character wants another one."""

    def __init__(self, columns: int, rows: int, pages: Sequence[Page]) -> None:
        """Speak to a display of this size with these pages."""
        self._columns = columns
        self._rows = rows
        self._pages = tuple(pages)

    def hello(self) -> bytes:
        """Select, reset and clear the display."""
        return SELECT_DISPLAY + INITIALIZE + OVERWRITE + CURSOR_OFF + ASCII_SET + b"\x0c"

    def lines(self, lines: Sequence[str]) -> bytes:
        """Write all lines; `ESC @` of another program may have come between, so pages are sent."""
        shown = [*lines[: self._rows], *[""] * (self._rows - len(lines))]
        return b"".join(
            b"\x1f$\x01" + bytes((row,)) + self._line(line)
            for row, line in enumerate(shown, start=1)
        )

    def _line(self, line: str) -> bytes:
        placed = cells(line, self._columns, self._pages)
        return b"".join(
            _page(page) + b"".join(cell.byte for cell in run)
            for page, run in groupby(placed, key=_page_of)
        )


def _page_of(cell: Cell) -> Page | None:
    return cell.page


def _page(page: Page | None) -> bytes:
    return b"" if page is None or page.number is None else b"\x1bt" + bytes((page.number,))
