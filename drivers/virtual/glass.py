"""The inside of a line display: what a customer reads on it, decoded from the host's bytes.

It knows nothing of the drivers' codecs: commands are read here by the makers' manuals, both
families at once, since no command of one means something else in the other.
"""

from __future__ import annotations

# Epson DM-D110 specification, `ESC t`; page 1 (Katakana) is not one the host may rely on here.
_PAGES = {
    0: "cp437",
    2: "cp850",
    3: "cp860",
    4: "cp863",
    5: "cp865",
    16: "cp1252",
    17: "cp866",
    18: "cp852",
    19: "cp858",
}
_ARGUMENTS = {
    b"\x1b@": 0,
    b"\x1bt": 1,
    b"\x1bR": 1,
    b"\x1b=": 1,
    b"\x1b_": 1,
    b"\x1b*": 1,
    b"\x1f\x01": 0,
    b"\x1f\x02": 0,
    b"\x1f\x03": 0,
    b"\x1fC": 1,
    b"\x1f$": 2,
    b"\x1fX": 1,
}
"""Two-byte commands of both families and how many bytes follow them."""
_LINES = {b"A": 0, b"B": 1}
ESC, US, CLR, CR, HOM = 0x1B, 0x1F, 0x0C, 0x0D, 0x0B


class Glass:
    """Hand it bytes; read its lines.

    Attributes:
        unknown: commands that no display of these families has; a driver should cause none.
        clears: how often the whole glass was wiped.
    """

    def __init__(self, columns: int = 20, rows: int = 2) -> None:
        """Begin blank."""
        self.columns = columns
        self.rows = rows
        self.unknown: list[str] = []
        self.clears = 0
        self._cells = [[" "] * columns for _ in range(rows)]
        self._at = 0
        self._page = "cp437"
        self._pending = b""

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands on it, from the top, without blanks at the ends."""
        return tuple("".join(row).rstrip() for row in self._cells)

    def __call__(self, data: bytes) -> bytes:
        """Take bytes of the host; a display answers nothing."""
        self._pending += data
        while self._pending and (taken := self._take(self._pending)):
            self._pending = self._pending[taken:]
        return b""

    def _take(self, data: bytes) -> int:
        """Obey what stands first; 0 where it is not complete yet."""
        if data[0] in (ESC, US):
            return self._command(data)
        if data[0] == CLR:
            self._wipe()
        elif data[0] == HOM:
            self._at = 0
        elif data[0] == CR:
            self._at -= self._at % self.columns
        elif data[0] < 0x20:
            self.unknown.append(f"{data[0]:02x}")
        else:
            self._put(data[:1])
        return 1

    def _command(self, data: bytes) -> int:
        if len(data) < 2:
            return 0
        if data[:2] == b"\x1bQ":
            return self._whole_line(data)
        arguments = _ARGUMENTS.get(data[:2])
        if arguments is None:
            self.unknown.append(data[:2].hex())
            return 2
        if len(data) < 2 + arguments:
            return 0
        self._obey(data[:2], data[2 : 2 + arguments])
        return 2 + arguments

    def _obey(self, command: bytes, arguments: bytes) -> None:
        if command == b"\x1b@":
            self._wipe()
            self._page = "cp437"
        elif command == b"\x1bt" and arguments[0] in _PAGES:
            self._page = _PAGES[arguments[0]]
        elif command == b"\x1bt":
            self.unknown.append(f"page {arguments[0]}")
        elif command == b"\x1f$":
            column, row = arguments
            if 1 <= column <= self.columns and 1 <= row <= self.rows:
                self._at = (row - 1) * self.columns + column - 1
            else:
                self.unknown.append(f"position {column} {row}")

    def _whole_line(self, data: bytes) -> int:
        end = data.find(b"\r")
        if end < 0:
            return 0
        row = _LINES.get(data[2:3])
        if row is None or end - 3 > self.columns:
            self.unknown.append(data[:end].hex())
        else:
            text = data[3:end].decode(self._page, errors="replace")
            self._cells[row] = list(text.ljust(self.columns))
        return end + 1

    def _put(self, byte: bytes) -> None:
        row, column = divmod(self._at, self.columns)
        self._cells[row][column] = byte.decode(self._page, errors="replace")
        self._at = (self._at + 1) % (self.columns * self.rows)

    def _wipe(self) -> None:
        self._cells = [[" "] * self.columns for _ in range(self.rows)]
        self._at = 0
        self.clears += 1
