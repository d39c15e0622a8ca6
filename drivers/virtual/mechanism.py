"""What every receipt printer has, whatever its language: a roll, a cover, a cutter and a drawer.

Pure: bytes in, answers out, receipts kept. The languages (`paper`, `star_paper`) say what the
bytes mean; here is what comes of it, and what a real mechanism does about a fault: work waits and
goes on when all is well again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable

import msgspec

from drivers.virtual.cutting import Command
from drivers.virtual.pages import Tables

_FIRST_TABLE = "cp437"
"""Page 0 where the tables have none: Star's is its own, and 437 as far as it goes."""


class Dots(msgspec.Struct, frozen=True):
    """A picture as it stands on the paper."""

    width: int
    """Dots across, padding of the last byte included."""
    rows: tuple[bytes, ...]
    """From top to bottom; the first dot is the top bit."""


class PrintedReceipt(msgspec.Struct, frozen=True):
    """What came out between two cuts."""

    lines: tuple[str, ...]
    """As read from the paper, trailing blanks removed; drawn runs stand as `▒`, one per column."""
    qr: tuple[str, ...] = ()
    barcodes: tuple[str, ...] = ()
    images: tuple[Dots, ...] = ()
    """Pictures of their own; strips that follow each other without a gap are one picture."""
    drawn: tuple[Dots, ...] = ()
    """Runs of dots within lines of text."""

    @property
    def text(self) -> str:
        """All lines as one text."""
        return "\n".join(self.lines)


class Pulse(msgspec.Struct, frozen=True):
    """One pulse at the drawer's connector."""

    pin: int
    on_ms: int
    off_ms: int


class Drawer:
    """A cash drawer on the printer's connector: a pulse opens it, a hand closes it.

    Attributes:
        pin: the one its coil is wired to; a pulse at the other does nothing.
        open_is_high: the level of pin 3 while it is open; drawers differ.
        pulses: all that came, at whichever pin.
        on_pulse: called with each as it comes.
    """

    def __init__(self, *, pin: int = 2, open_is_high: bool = True) -> None:
        self.pin = pin
        self.open_is_high = open_is_high
        self.is_open = False
        self.pulses: list[Pulse] = []
        self.on_pulse: Callable[[Pulse], None] | None = None

    @property
    def high(self) -> bool:
        """The level of pin 3."""
        return self.is_open == self.open_is_high

    def pulse(self, pulse: Pulse) -> None:
        """Take a pulse; one of no length moves nothing."""
        self.pulses.append(pulse)
        if self.on_pulse is not None:
            self.on_pulse(pulse)
        self.is_open = self.is_open or (pulse.pin == self.pin and pulse.on_ms > 0)


class Mechanism(ABC):
    """The mechanism of a printer.

    Attributes:
        tables: its code pages by number.
        receipts: what has been cut off, oldest first.
        unknown: commands and code pages it does not understand; a right driver sends none.
        paper_empty, paper_low, cover_open, offline, cutter_jammed: its condition; may be set at
            any time.
        lines_left: paper for this many lines, after which it is empty; None for a full roll.
        drawer: what is plugged into its drawer connector.
        on_stop: called when the roll ends by `lines_left`, for faults that come just then.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.receipts: list[PrintedReceipt] = []
        self.unknown: list[str] = []
        self.paper_empty = False
        self.paper_low = False
        self.cover_open = False
        self.offline = False
        self.cutter_jammed = False
        self.lines_left: int | None = None
        self.drawer = Drawer()
        self.on_stop: Callable[[], None] | None = None
        self._waiting: deque[Command] = deque()
        self._waiting_bytes = 0
        self._printed = 0
        self._table = _FIRST_TABLE
        self._line = ""
        self._stored_qr = ""
        self._joins = False
        self._clear_paper()

    @property
    def drawer_kicks(self) -> int:
        """How many pulses the drawer got."""
        return len(self.drawer.pulses)

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Lines on paper that were not cut off yet."""
        return tuple(self._lines)

    @property
    def stopped(self) -> bool:
        """Whether work waits for a person."""
        return self.paper_empty or self.cover_open or self.offline or self.cutter_jammed

    @property
    def busy(self) -> bool:
        """Whether there is work it could go on with."""
        return bool(self._waiting) and not self.stopped

    @property
    def waiting_bytes(self) -> int:
        """About how much of its receive buffer is taken."""
        return self._waiting_bytes

    def feed(self, data: bytes) -> bytes:
        """Take bytes of the driver and work them off; give the answers to them."""
        return self.take(data) + self.work()

    @abstractmethod
    def take(self, data: bytes) -> bytes:
        """Take bytes without working on them; give the real-time answers."""

    @abstractmethod
    def news(self) -> bytes:
        """Give the status the printer tells unasked, where that is switched on and has changed."""

    @abstractmethod
    def obey(self, command: Command) -> bytes:
        """Do what a command says; give its answer."""

    @abstractmethod
    def forget(self) -> None:
        """Lose all that power keeps: modes, settings and half a command."""

    def work(self, lines: int | None = None) -> bytes:
        """Go on with what waits, as far as paper and cover allow; give the answers.

        Args:
            lines: stop after so many lines; None for all.
        """
        answers = b""
        until = None if lines is None else self._printed + lines
        while self.busy and (until is None or self._printed < until):
            command = self._waiting.popleft()
            self._waiting_bytes -= _size(command)
            answers += self.obey(command)
        return answers + self.news()

    def switch_off(self) -> None:
        """Lose what waits and the line begun, as a power cut does; paper stays as it is."""
        self._waiting.clear()
        self._waiting_bytes = 0
        self._line = ""
        self.forget()

    def queue(self, commands: list[Command]) -> None:
        """Put commands into the receive buffer."""
        self._waiting.extend(commands)
        self._waiting_bytes += sum(_size(command) for command in commands)

    def initialise(self) -> None:
        """Take back what its initialising command does: code page, line begun, stored symbol."""
        self._table = self.tables.get(0, _FIRST_TABLE)
        self._line = ""
        self._stored_qr = ""

    def select(self, command: str, number: int) -> None:
        """Take a code page; `command` is what asked for it."""
        if number in self.tables:
            self._table = self.tables[number]
        else:
            self.unknown.append(f"{command} {number}")

    def add_text(self, text: str) -> None:
        """Write into the line begun."""
        self._line += text

    def add_columns(self, data: bytes, number: int, each: int) -> None:
        """Draw into the line begun: so many columns of dots, each of `each` bytes from the top."""
        self._drawn.append(_in_columns(data, number, each))
        self._line += "▒" * max(1, number // 12)

    def add_image(self, dots: Dots) -> None:
        """Put a picture of its own onto the paper, under the line before it."""
        if self._line:
            self.end_line()
        last = self._images[-1] if self._images else None
        if last is not None and self._joins and last.width == dots.width:
            self._images[-1] = Dots(dots.width, last.rows + dots.rows)
        else:
            self._images.append(dots)
            self._line = "▒" * max(1, dots.width // 24)
            self.end_line()
        self._joins = True

    def add_qr(self, text: str) -> None:
        """Put a QR code onto the paper."""
        self._qr.append(text)
        self.end_line()

    def add_barcode(self, text: str) -> None:
        """Put a barcode onto the paper."""
        self._barcodes.append(text)
        self.end_line()

    def end_line(self) -> None:
        """Feed: the line begun is on paper."""
        self._joins = False
        self._lines.append(self._line.rstrip())
        self._printed += 1
        self._line = ""
        if self.lines_left is not None:
            self.lines_left -= 1
            if self.lines_left <= 0:
                self.lines_left, self.paper_empty = None, True
                if self.on_stop is not None:
                    self.on_stop()

    def cut(self) -> None:
        """Cut off what is on the paper."""
        if self._line:
            self.end_line()
        self.receipts.append(
            PrintedReceipt(
                tuple(self._lines),
                tuple(self._qr),
                tuple(self._barcodes),
                tuple(self._images),
                tuple(self._drawn),
            )
        )
        self._clear_paper()

    def _clear_paper(self) -> None:
        self._lines: list[str] = []
        self._qr: list[str] = []
        self._barcodes: list[str] = []
        self._images: list[Dots] = []
        self._drawn: list[Dots] = []
        self._joins = False


def in_rows(data: bytes, across: int) -> Dots:
    """Cut raster data into rows of `across` bytes."""
    rows = (data[at : at + across] for at in range(0, len(data), across or 1))
    return Dots(across * 8, tuple(rows))


def _in_columns(data: bytes, number: int, each: int) -> Dots:
    """Turn columns, each of `each` bytes from the top, into rows."""
    columns = [int.from_bytes(data[at : at + each], "big") for at in range(0, len(data), each)]
    width = (number + 7) // 8 * 8
    rows = []
    for shift in range(each * 8 - 1, -1, -1):
        row = 0
        for column in columns:
            row = row << 1 | (column >> shift & 1)
        rows.append((row << (width - number)).to_bytes(width // 8, "big"))
    return Dots(number, tuple(rows))


def _size(command: Command) -> int:
    return len(command.data) + 2
