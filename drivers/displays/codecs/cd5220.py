"""The CD5220 command set (Partner, and as an emulation Bixolon BCD, Logic Controls, Posiflex …).

Each line is one command, `ESC Q A text CR` and `ESC Q B text CR`, which overwrites it whole. While
a display is in that mode it takes no other command but `CLR`, so code pages cannot be switched:
text keeps to the page it is switched on with.
Source: Partner, CD5220 user's manual, command list of the standard mode.
"""

from __future__ import annotations

from collections.abc import Sequence

from drivers.displays.codecs.text import Page, cells

SELECT_DISPLAY = b"\x1b=\x02"
INITIALIZE = b"\x1b@"
CURSOR_OFF = b"\x1b_\x00"
CLEAR = b"\x0c"
ROW_NAMES = (b"A", b"B")


class Cd5220:
    """Writes two lines whole."""

    def __init__(self, columns: int, pages: Sequence[Page]) -> None:
        """Speak to a display of two lines with the one page it has."""
        self._columns = columns
        self._pages = tuple(pages)

    def hello(self) -> bytes:
        """Select, reset and clear the display."""
        return SELECT_DISPLAY + INITIALIZE + CURSOR_OFF + CLEAR

    def lines(self, lines: Sequence[str]) -> bytes:
        """Write both lines."""
        shown = [*lines, "", ""]
        return b"".join(
            b"\x1bQ" + name + self._line(line) + b"\r"
            for name, line in zip(ROW_NAMES, shown, strict=False)
        )

    def _line(self, line: str) -> bytes:
        return b"".join(cell.byte for cell in cells(line, self._columns, self._pages))
