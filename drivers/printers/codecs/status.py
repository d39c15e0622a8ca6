"""What an ESC/POS printer says: its bytes sorted by kind, and status bytes put into sensors.

ESC/POS answers carry no name; fixed bits tell them apart (Epson ESC/POS reference, `DLE EOT`,
`GS r`, `GS a`, `GS ( H`, `GS I`):

    DLE EOT n   0xx1xx10      one byte, at once, even while the printer is busy or offline
    GS a (ASB)  0xx1xx00      then three bytes 0xx0xxxx, unasked
    GS r n      0xx0xxxx      one byte, in its turn after everything sent before
    GS ( H      37 22 d d d d 00   in its turn, when everything before has been printed
    GS I 66…    5F text 00    in its turn
    XON, XOFF   00010001, 00010011

A Star printer says 0x10xxx1 first (its automatic status, Star Line Mode Command Specifications,
chapter 5), which is none of these: `GS r` never sets bit 5.
"""

from __future__ import annotations

from enum import Enum

import msgspec
from escpos import constants as commands

from drivers.printers.codecs.condition import CUTTER, FATAL, HOT, UNNAMED, Sensors


class Kind(Enum):
    """Which question a byte answers."""

    REAL_TIME = "DLE EOT"
    FENCE = "GS r"
    ASB = "GS a"
    ID = "GS ( H"
    NAME = "GS I"
    STAR = "Star"
    OTHER = "other"


class Answer(msgspec.Struct, frozen=True):
    """One answer of the printer, whole."""

    kind: Kind
    data: bytes


class Query(Enum):
    """The real-time questions (`DLE EOT n`); the value is n."""

    PRINTER = 1
    OFFLINE_CAUSE = 2
    ERROR_CAUSE = 3
    PAPER = 4


FENCE: bytes = commands.GS + b"r\x01"
"""`GS r 1`: answered when everything sent before it has been worked off."""
_ASK: bytes = commands.RT_STATUS
WAKE = bytes(8192)
"""NUL prints nothing; as many as end any picture a broken job has left half sent."""
ASB_LENGTH = 4
ID_LENGTH = 7
NAME_LENGTH_MAX = 80
"""A name is shorter than that, or it is none."""
_ID_HEADER, _ID_IDENTIFIER, _NAME_HEADER = 0x37, 0x22, 0x5F
_FLOW = (0x11, 0x13)
"""XON and XOFF, which some printers send whatever the flow control is."""


def question(query: Query) -> bytes:
    """Write `DLE EOT n`."""
    return _ASK + bytes((query.value,))


class AnswerReader:
    """Sorts the printer's bytes; the result does not depend on how the stream is cut.

    Attributes:
        expects_names: `GS I` was asked. Otherwise its header is noise: the text after it would
            hide every answer up to its end.
    """

    def __init__(self) -> None:
        self._open = b""
        self.expects_names = False

    def feed(self, chunk: bytes) -> list[Answer]:
        """Take bytes as they arrive; give the answers they complete, in order."""
        return [answer for byte in chunk for answer in self._feed_byte(byte)]

    def _feed_byte(self, byte: int) -> list[Answer]:
        head = self._open[:1]
        if head == bytes((_NAME_HEADER,)):
            return self._named(byte)
        if byte & 0x93 == 0x12:  # may stand inside the others, being sent at once
            return [Answer(Kind.REAL_TIME, bytes((byte,)))]
        if head == bytes((_ID_HEADER,)):
            return self._identified(byte)
        return self._plain(byte)

    def _plain(self, byte: int) -> list[Answer]:
        if byte & 0x93 == 0x10 or byte == _ID_HEADER:
            return self._begin(byte)
        if byte == _NAME_HEADER and self.expects_names:
            return self._begin(byte)
        if byte & 0x90 == 0 and self._open:
            return self._continued(byte)
        if byte & 0xF1 == 0x21:
            return [Answer(Kind.STAR, bytes((byte,)))]
        kind = Kind.FENCE if byte & 0x90 == 0 else Kind.OTHER
        return [] if byte in _FLOW else [Answer(kind, bytes((byte,)))]

    def _begin(self, byte: int) -> list[Answer]:
        broken = [Answer(Kind.OTHER, self._open)] if self._open else []
        self._open = bytes((byte,))
        return broken

    def _continued(self, byte: int) -> list[Answer]:
        return self._grown(byte, ASB_LENGTH, Kind.ASB)

    def _identified(self, byte: int) -> list[Answer]:
        if len(self._open) == 1 and byte != _ID_IDENTIFIER:
            self._open = b""
            return [Answer(Kind.OTHER, bytes((_ID_HEADER,))), *self._plain(byte)]
        return self._grown(byte, ID_LENGTH, Kind.ID)

    def _grown(self, byte: int, length: int, kind: Kind) -> list[Answer]:
        self._open += bytes((byte,))
        if len(self._open) < length:
            return []
        whole, self._open = self._open, b""
        return [Answer(kind, whole)]

    def _named(self, byte: int) -> list[Answer]:
        if byte and len(self._open) < NAME_LENGTH_MAX:
            self._open += bytes((byte,))
            return []
        whole, self._open = self._open, b""
        return [Answer(Kind.OTHER if byte else Kind.NAME, whole[1:])]


# Bits of the answers to DLE EOT 1 to 4 (Epson ESC/POS reference).
_DRAWER_HIGH, _OFFLINE = 0x04, 0x08
_COVER_OPEN, _FEEDING, _PAPER_END_STOP, _ERROR = 0x04, 0x08, 0x20, 0x40
_PAPER_END, _NEAR_END = 0x60, 0x0C
# Bits of DLE EOT 3 and of the second byte of ASB.
_CUTTER_JAMMED, _FATAL, _RECOVERS = 0x08, 0x20, 0x40
# Bits of the first and third byte of ASB.
_ASB_COVER_OPEN, _ASB_FEEDING, _ASB_PAPER_END, _ASB_NEAR_END = 0x20, 0x40, 0x0C, 0x03


def has_error(cause: int) -> bool:
    """Whether the answer to `DLE EOT 2` tells to ask `DLE EOT 3`."""
    return bool(cause & _ERROR)


def sensors(*, printer: int, cause: int, paper: int, error: int | None = None) -> Sensors:
    """Read the answers to `DLE EOT` 1, 2, 4 and, where there is an error, 3."""
    return Sensors(
        cover_open=bool(cause & _COVER_OPEN),
        paper_out=bool(paper & _PAPER_END or cause & _PAPER_END_STOP),
        paper_low=bool(paper & _NEAR_END),
        error="" if error is None else error_detail(error) or UNNAMED,
        offline=bool(printer & _OFFLINE),
        feeding=bool(cause & _FEEDING),
        drawer_high=bool(printer & _DRAWER_HIGH),
    )


def asb_sensors(status: bytes) -> Sensors:
    """Read the four bytes of automatic status (`GS a`)."""
    first, second, third, _ = status
    return Sensors(
        cover_open=bool(first & _ASB_COVER_OPEN),
        paper_out=bool(third & _ASB_PAPER_END),
        paper_low=bool(third & _ASB_NEAR_END),
        error=error_detail(second),
        offline=bool(first & _OFFLINE),
        feeding=bool(first & _ASB_FEEDING),
        drawer_high=bool(first & _DRAWER_HIGH),
    )


def error_detail(cause: int) -> str:
    """Put error bits into words a person can act on; empty where none is set."""
    if cause & _CUTTER_JAMMED:
        return CUTTER
    if cause & _FATAL:
        return FATAL
    return HOT if cause & _RECOVERS else ""
