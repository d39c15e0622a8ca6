"""The printer's side of ESC/POS: commands turned into what stands on the paper.

Pure: bytes in, answers out, receipts kept. It answers as a real printer does: real-time status at
once, everything else in turn (Epson ESC/POS reference).
"""

from __future__ import annotations

from drivers.virtual.commands import CommandReader, RealTimeReader
from drivers.virtual.cutting import Command
from drivers.virtual.mechanism import Mechanism, PrintedReceipt, Pulse, in_rows
from drivers.virtual.pages import EPSON, Tables

__all__ = ["Paper", "PrintedReceipt"]

_IGNORED = frozenset(
    [f"ESC {letter}" for letter in "aEGMR-!23{V c=D$rUT"]
    + [f"GS {letter}" for letter in "!BLWPHfhwb"]
    + [f"FS {letter}" for letter in ".&C!-"]
    + ["GS ( D", "GS ( L", "DLE EOT", "DLE ENQ", "DLE DC4", "NUL", "CR", "HT", "CAN", "FF"]
)
"""Commands that change looks, not words, and those a reader of its own has seen already."""


class Paper(Mechanism):
    """The mechanism of an ESC/POS printer.

    Attributes:
        maker, model: what it says of itself.
        has_process_id: whether it knows `GS ( H`.
        double_byte: it was switched on in Chinese mode, as many clones are, and eats two bytes for
            each letter above 127 until `FS .` comes.
    """

    def __init__(
        self,
        tables: Tables = EPSON,
        *,
        maker: str = "EPSON",
        model: str = "TM-T20III",
        has_process_id: bool = True,
        double_byte: bool = False,
    ) -> None:
        super().__init__(tables)
        self.maker = maker
        self.model = model
        self.has_process_id = has_process_id
        self._starts_double_byte = double_byte
        self._last_asb = b""
        self.forget()

    def take(self, data: bytes) -> bytes:
        """Take bytes without working on them; give the real-time answers."""
        self.queue(self._reader.feed(data))
        answers = b""
        for name, parameters in self._asked.feed(data):
            if name == "DLE DC4":
                self._pulse(parameters[0], parameters[1] * 50, parameters[1] * 50)
            elif name == "DLE EOT":
                answers += self._condition(parameters[0])
        return answers

    def news(self) -> bytes:
        """Give the four bytes of automatic status (`GS a`), if they are new."""
        status = self._asb()
        if not self._told_asb or status == self._last_asb:
            return b""
        self._last_asb = status
        return status

    def forget(self) -> None:
        """Begin anew as after switching on."""
        self._reader = CommandReader()
        self._asked = RealTimeReader()
        self._told_asb = False
        self._last_asb = b""
        self._double_byte = self._starts_double_byte
        self.initialise()

    def obey(self, command: Command) -> bytes:
        """Do what a command says; give its answer."""
        match command.name:
            case "GS r":
                return bytes((0x0C if self.paper_empty else 0x00,))
            case "GS I":
                return self._identity(command.data[0])
            case "GS a":
                self._told_asb, self._last_asb = command.data[0] != 0, b""
                return self.news()
            case "GS ( H":
                return self._process_id(command.data[2:])
            case _:
                self._print(command)
        return b""

    def _print(self, command: Command) -> None:
        match command.name:
            case "text":
                self.add_text(self._read(command.data))
            case "LF" | "ESC d" | "ESC J":
                self.end_line()
            case "ESC @":
                self.initialise()
            case "ESC t":
                self.select(command.name, command.data[0])
            case "ESC p":
                self._pulse(*command.data)
            case "GS V":
                self.cut()
            case "FS ." | "FS &":
                self._double_byte = command.name == "FS &"
            case _:
                self._draw(command)

    def _draw(self, command: Command) -> None:
        data = command.data
        match command.name:
            case "ESC *":
                self._columns(data)
            case "GS v":
                across = int.from_bytes(data[2:4], "little")
                self.add_image(in_rows(data[6:], across))
            case "GS k":
                self.add_barcode(_barcode(data))
            case "GS ( k":
                self._symbol(data[2:])
            case name:
                self.unknown += [name] if name not in _IGNORED else []

    def _read(self, data: bytes) -> str:
        if self._double_byte and any(byte & 0x80 for byte in data):
            return data.decode("gb18030", errors="replace")
        return data.decode(self._table, errors="replace")

    def _columns(self, data: bytes) -> None:
        number, each = int.from_bytes(data[1:3], "little"), 3 if data[0] >= 32 else 1
        self.add_columns(data[3:], number, each)

    def _symbol(self, parameters: bytes) -> None:
        if parameters[:3] == b"1P0":
            self._stored_qr = parameters[3:].decode("utf-8", errors="replace")
        elif parameters[:2] == b"1Q":
            self.add_qr(self._stored_qr)

    def _pulse(self, connector: int, on: int, off: int) -> None:
        pin = 5 if connector in (1, ord("1")) else 2
        self.drawer.pulse(Pulse(pin, on * 2, off * 2))

    def _identity(self, number: int) -> bytes:
        texts = {66: self.maker, 67: self.model, 65: "1.00 ESC/POS", 68: "X000000001"}
        if number in texts:
            return b"\x5f" + texts[number].encode("ascii") + b"\0"
        return b"\x02"

    def _process_id(self, parameters: bytes) -> bytes:
        if not self.has_process_id:
            self.unknown.append("GS ( H")
            return b""
        return b"\x37\x22" + parameters[2:6] + b"\0" if parameters[:1] == b"0" else b""

    def _condition(self, n: int) -> bytes:
        causes = {
            1: (0x04 if self.drawer.high else 0x00) | (0x08 if self.stopped else 0x00),
            2: (0x04 if self.cover_open else 0x00)
            | (0x20 if self.paper_empty else 0x00)
            | (0x40 if self.cutter_jammed else 0x00),
            3: 0x08 if self.cutter_jammed else 0x00,
            4: (0x60 if self.paper_empty else 0x00) | (0x0C if self.paper_low else 0x00),
        }
        return bytes((0x12 | causes[n],)) if n in causes else b""

    def _asb(self) -> bytes:
        first = 0x10 | (0x04 if self.drawer.high else 0) | (0x08 if self.stopped else 0)
        first |= 0x20 if self.cover_open else 0
        second = 0x08 if self.cutter_jammed else 0
        third = (0x0C if self.paper_empty else 0) | (0x03 if self.paper_low else 0)
        return bytes((first, second, third, 0x0F))


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
