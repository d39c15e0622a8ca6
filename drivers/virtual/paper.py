"""The printer's side of ESC/POS: commands turned into what stands on the paper.

Pure: bytes in, answers out, receipts kept. It has a paper roll, a cover, a drawer and the faults
a real printer has, and answers as one does: real-time status at once, everything else in turn.
"""

from __future__ import annotations

from collections import deque

import msgspec

from drivers.virtual.commands import Command, CommandReader, RealTimeReader

# Epson's numbering of `ESC t`, as far as Python has the table.
_TABLES = {
    **dict(enumerate(("cp437", "", "cp850", "cp860", "cp863", "cp865"))),
    **dict(enumerate(("cp857", "cp737"), 13)),
    **dict(enumerate(("cp1252", "cp866", "cp852", "cp858"), 16)),
    **dict(enumerate(("cp775", "cp855", "cp861", "cp862", "", "cp869"), 33)),
    **dict(enumerate(("iso8859_2", "iso8859_15"), 39)),
    **dict(enumerate(("cp1250", "cp1251", "cp1253", "cp1254", "", "", "cp1257"), 45)),
}
_IGNORED = frozenset(
    [f"ESC {letter}" for letter in "aEGMR-!23{V c=D$rUT"]
    + [f"GS {letter}" for letter in "!BLWPHfhwab"]
    + [f"FS {letter}" for letter in ".&C!-"]
    + ["GS ( D", "GS ( L", "DLE EOT", "DLE ENQ", "NUL", "CR", "HT", "CAN", "FF"]
)
"""Commands that change looks, not words."""


class PrintedReceipt(msgspec.Struct, frozen=True):
    """What came out between two cuts."""

    lines: tuple[str, ...]
    """As read from the paper, trailing blanks removed; drawn runs stand as `▒`, one per column."""
    qr: tuple[str, ...] = ()
    barcodes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All lines as one text."""
        return "\n".join(self.lines)


class Paper:
    """The mechanism of a printer.

    Attributes:
        receipts: what has been cut off, oldest first.
        drawer_kicks: how many pulses the drawer got.
        unknown: commands it does not understand; a right driver sends none.
        paper_empty, cover_open, offline: its condition; may be set at any time. Work waits
            meanwhile and goes on when all is well, as with a real printer.
        lines_left: paper for this many lines, after which it is empty; None for a full roll.
    """

    def __init__(self) -> None:
        self.receipts: list[PrintedReceipt] = []
        self.drawer_kicks = 0
        self.unknown: list[str] = []
        self.paper_empty = False
        self.cover_open = False
        self.offline = False
        self.lines_left: int | None = None
        self._reader = CommandReader()
        self._asked = RealTimeReader()
        self._waiting: deque[Command] = deque()
        self._reset()
        self._printed = 0
        self._lines: list[str] = []
        self._qr: list[str] = []
        self._barcodes: list[str] = []

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Lines on paper that were not cut off yet."""
        return tuple(self._lines)

    @property
    def stopped(self) -> bool:
        """Whether work waits for a person."""
        return self.paper_empty or self.cover_open or self.offline

    @property
    def busy(self) -> bool:
        """Whether there is work it could go on with."""
        return bool(self._waiting) and not self.stopped

    def feed(self, data: bytes) -> bytes:
        """Take bytes of the driver and work them off; give the answers to them."""
        return self.take(data) + self.work()

    def take(self, data: bytes) -> bytes:
        """Take bytes without working on them; give the real-time answers."""
        self._waiting += self._reader.feed(data)
        return b"".join(self._condition(n) for n in self._asked.feed(data))

    def work(self, lines: int | None = None) -> bytes:
        """Go on with what waits, as far as paper and cover allow; give the answers.

        Args:
            lines: stop after so many lines; None for all.
        """
        answers = b""
        until = None if lines is None else self._printed + lines
        while self.busy and (until is None or self._printed < until):
            answers += self._obey(self._waiting.popleft())
        return answers

    def switch_off(self) -> None:
        """Lose what waits and the line begun, as a power cut does; paper stays as it is."""
        self._waiting.clear()
        self._reader = CommandReader()
        self._reset()

    def _reset(self) -> None:
        self._table = _TABLES[0]
        self._line = ""
        self._stored_qr = ""

    def _obey(self, command: Command) -> bytes:
        match command.name:
            case "text":
                self._line += command.data.decode(self._table, errors="replace")
            case "LF":
                self._end_line()
            case "ESC @":
                self._reset()
            case "ESC t":
                self._select(command.data[0])
            case "ESC d" | "ESC J":
                self._end_line()
            case "ESC p" | "DLE DC4":
                self.drawer_kicks += 1
            case "GS V":
                self._cut()
            case "GS r":
                return bytes((0x60 if self.paper_empty else 0x00,))
            case "GS I":
                return b"\x02"
            case _:
                self._draw(command)
        return b""

    def _draw(self, command: Command) -> None:
        data = command.data
        match command.name:
            case "ESC *":
                self._line += "▒" * max(1, int.from_bytes(data[1:3], "little") // 12)
            case "GS v":
                self._line = "▒" * max(1, int.from_bytes(data[2:4], "little") * 8 // 24)
                self._end_line()
            case "GS k":
                self._barcodes.append(_barcode(data))
                self._end_line()
            case "GS ( k":
                self._symbol(data[2:])
            case name:
                self.unknown += [name] if name not in _IGNORED else []

    def _symbol(self, parameters: bytes) -> None:
        if parameters[:3] == b"1P0":
            self._stored_qr = parameters[3:].decode("utf-8", errors="replace")
        elif parameters[:2] == b"1Q":
            self._qr.append(self._stored_qr)
            self._end_line()

    def _select(self, number: int) -> None:
        if _TABLES.get(number):
            self._table = _TABLES[number]
        else:
            self.unknown.append(f"ESC t {number}")

    def _end_line(self) -> None:
        self._lines.append(self._line.rstrip())
        self._printed += 1
        self._line = ""
        if self.lines_left is not None:
            self.lines_left -= 1
            if self.lines_left <= 0:
                self.lines_left, self.paper_empty = None, True

    def _cut(self) -> None:
        if self._line:
            self._end_line()
        self.receipts.append(
            PrintedReceipt(tuple(self._lines), tuple(self._qr), tuple(self._barcodes))
        )
        self._lines, self._qr, self._barcodes = [], [], []

    def _condition(self, n: int) -> bytes:
        causes = {
            1: 0x08 if self.stopped else 0x00,
            2: (0x04 if self.cover_open else 0x00) | (0x20 if self.paper_empty else 0x00),
            3: 0x00,
            4: 0x60 if self.paper_empty else 0x00,
        }
        return bytes((0x12 | causes[n],)) if n in causes else b""


def _barcode(data: bytes) -> str:
    return _code128(data[2:]) if data[0] == 73 else data[1:-1].decode("latin-1")


def _code128(data: bytes) -> str:
    text, in_c, position = "", False, 0
    while position < len(data):
        if data[position : position + 1] == b"{":
            chosen = data[position + 1 : position + 2]
            text += "{" if chosen == b"{" else ""
            in_c = in_c if chosen == b"{" else chosen == b"C"
            position += 2
            continue
        text += f"{data[position]:02d}" if in_c else chr(data[position])
        position += 1
    return text
