"""The printer's side of Star Line mode: commands turned into what stands on the paper.

Pure: bytes in, answers out, receipts kept (Star Line Mode Command Specifications, chapters 3, 5).
"""

from __future__ import annotations

from drivers.virtual.cutting import Command
from drivers.virtual.mechanism import Mechanism, Pulse, in_rows
from drivers.virtual.pages import STAR, Tables
from drivers.virtual.star_commands import StarCommandReader

_IGNORED = frozenset(
    [f"ESC {letter}" for letter in "EF45MP:g0267-_/R Whzi"]
    + [f"ESC GS {letter}" for letter in ("a", "A", "R", "ETX", "y S 0", "y S 1", "y S 2")]
    + ["ESC RS F", "ESC RS d", "ESC RS r", "ESC RS C", "ESC RS A"]
    + ["NUL", "CR", "HT", "SO", "SI", "DC2", "DC4", "ENQ", "EOT", "FS", "SUB", "ESC ACK"]
)
"""Commands that change looks, not words, and the real-time ones, which were answered on arrival."""
_COUNTER_BITS = 0x1F


class StarPaper(Mechanism):
    """The mechanism of a printer in Star Line mode.

    Attributes:
        version: what it says of itself.
        network: it has a network interface: its status is then always on, with a length after it.
    """

    def __init__(
        self,
        tables: Tables = STAR,
        *,
        version: str = "TSP650II Ver2.0",
        network: bool = False,
    ) -> None:
        super().__init__(tables)
        self.version = version
        self.network = network
        self._last_status = b""
        self.forget()

    def take(self, data: bytes) -> bytes:
        """Take bytes without working on them; give the real-time answers."""
        commands = self._reader.feed(data)
        self.queue(commands)
        return b"".join(self._at_once(command) for command in commands)

    def news(self) -> bytes:
        """Give the automatic status (`ESC RS a`), if it is new."""
        status = self._status()
        if not self._told or status == self._last_status:
            return b""
        return self._send_status()

    def forget(self) -> None:
        """Begin anew as after switching on."""
        self._reader = StarCommandReader()
        self._told = self.network
        self._counter = 0
        self._executed = False
        self._last_status = self._status()
        self._on_ms, self._off_ms = 200, 200
        self.initialise()

    def initialise(self) -> None:
        """Take back what `ESC @` does."""
        super().initialise()
        self._band = False

    def obey(self, command: Command) -> bytes:
        """Do what a command says; give its answer."""
        match command.name:
            case "ETB":
                self._counter = (self._counter + 1) & _COUNTER_BITS
                self._executed = True
                return self.news()
            case "ESC RS a":
                self._told = self.network or command.data in (b"\1", b"1", b"\3", b"3")
                return self._send_status() if self._told else b""
            case "ESC #":
                return self._memory(command.data)
            case _:
                self._print(command)
        return b""

    def _print(self, command: Command) -> None:
        match command.name:
            case "text":
                self.add_text(command.data.decode(self._table, errors="replace"))
            case "LF" | "ESC a" | "ESC J" | "ESC I":
                self._feed()
            case "ESC @":
                self.initialise()
            case "CAN":
                self.initialise()
                self._counter = 0
            case "ESC RS E":
                self._counter, self._executed = 0, False
            case "ESC GS t":
                self.select(command.name, command.data[0])
            case "ESC d" | "FF":
                self.cut()
            case _:
                self._drive(command)

    def _feed(self) -> None:
        """End a line; a band of dots is printed by the feed after it, and is no line of text."""
        if not self._band:
            self.end_line()
        self._band = False

    def _drive(self, command: Command) -> None:
        match command.name:
            case "ESC BEL":
                self._on_ms, self._off_ms = command.data[0] * 10, command.data[1] * 10
            case "BEL":
                self.drawer.pulse(Pulse(2, self._on_ms, self._off_ms))
            case "EM":
                self.drawer.pulse(Pulse(5, 200, 200))
            case _:
                self._draw(command)

    def _draw(self, command: Command) -> None:
        data = command.data
        match command.name:
            case "ESC X":
                self.add_columns(data[2:], int.from_bytes(data[:2], "little"), 3)
            case "ESC k":
                self.add_image(in_rows(data[2:], data[0]))
                self._band = True
            case "ESC GS S":
                self.add_image(in_rows(data[6:], int.from_bytes(data[1:3], "little")))
            case "ESC b":
                self.add_barcode(_barcode(data[4:-1]))
            case "ESC GS y D":
                self._stored_qr = data[4:].decode("utf-8", errors="replace")
            case "ESC GS y P":
                self.add_qr(self._stored_qr)
            case name:
                self.unknown += [name] if name not in _IGNORED else []

    def _at_once(self, command: Command) -> bytes:
        match command.name:
            case "ESC ACK":
                return self._send_status()
            case "ENQ" | "EOT":
                return self._short_status(command.name)
            case "FS":
                self.drawer.pulse(Pulse(2, self._on_ms, self._off_ms))
            case "SUB":
                self.drawer.pulse(Pulse(5, 200, 200))
            case _:
                pass
        return b""

    def _short_status(self, name: str) -> bytes:
        """Give ENQ's or EOT's one byte; over the network it is wrapped into the whole status."""
        short = bytes((0x10 if name == "EOT" else 0x00,))
        if not self.network:
            return short
        wrapped = (b"02" if name == "EOT" else b"01") + b":B\x00\x01" + short + b";"
        return self._send_status()[:-2] + len(wrapped).to_bytes(2, "big") + wrapped

    def _memory(self, data: bytes) -> bytes:
        if data[:1] != b"*":
            return b""
        return b"\x1b#*," + self.version.encode("ascii") + b"\n\0"

    def _send_status(self) -> bytes:
        status = self._status()
        self._executed = False
        self._last_status = self._status()
        return status

    def _status(self) -> bytes:
        """Nine bytes: two headers and printer status 1 to 7 (chapter 5, automatic status)."""
        first = (0x20 if self.cover_open else 0) | (0x08 if self.stopped else 0)
        first |= (0x04 if self.drawer.high else 0) | (0x02 if self._executed else 0)
        errors = 0x08 if self.cutter_jammed else 0
        paper = (0x08 if self.paper_empty else 0) | (0x04 if self.paper_low else 0)
        counter = (self._counter & 0x18) << 2 | (self._counter & 0x07) << 1
        status = bytes((0x23, 0x06, first, errors, 0, paper, 0, counter, 0))
        if self.network:
            status = bytes((status[0], status[1] | 0x80)) + status[2:] + b"\0\0"
        return status


def _barcode(data: bytes) -> str:
    """Read Code 128 data: `%0` is a per cent sign, other pairs with `%` are codes, not text."""
    text, position = "", 0
    while position < len(data):
        if data[position : position + 1] == b"%":
            text += "%" if data[position + 1 : position + 2] == b"0" else ""
            position += 2
            continue
        text += chr(data[position])
        position += 1
    return text
