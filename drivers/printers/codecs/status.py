"""What a printer says: its bytes sorted by kind, and status bytes put into one word.

ESC/POS answers carry no name; fixed bits tell them apart (Epson ESC/POS reference, `DLE EOT`,
`GS r`, `GS a`):

    DLE EOT n   0xx1xx10      one byte, at once, even while the printer is busy or offline
    GS a (ASB)  0xx1xx00      then three bytes 0xx0xxxx, unasked
    GS r n      0xx0xxxx      one byte, in its turn after everything sent before
    XON, XOFF   00010001, 00010011
"""

from __future__ import annotations

from enum import Enum

import msgspec
from escpos import constants as commands

from agent.contracts.devices import PrintOutcome


class Kind(Enum):
    """Which question a byte answers."""

    REAL_TIME = "DLE EOT"
    FENCE = "GS r"
    ASB = "GS a"
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
WAKE = bytes(4096)
"""NUL prints nothing; as many as end any picture a broken job has left half sent."""
ASB_LENGTH = 4


def question(query: Query) -> bytes:
    """Write `DLE EOT n`."""
    return _ASK + bytes((query.value,))


class AnswerReader:
    """Sorts the printer's bytes; the result does not depend on how the stream is cut."""

    def __init__(self) -> None:
        self._asb = b""

    def feed(self, chunk: bytes) -> list[Answer]:
        """Take bytes as they arrive; give the answers they complete, in order."""
        return [answer for byte in chunk for answer in self._feed_byte(byte)]

    def _feed_byte(self, byte: int) -> list[Answer]:
        if byte & 0x93 == 0x12:  # may stand inside an ASB, being sent at once
            return [Answer(Kind.REAL_TIME, bytes((byte,)))]
        if byte & 0x93 == 0x10:
            self._asb = bytes((byte,))
            return []
        if byte & 0x90 == 0 and self._asb:
            return self._continued(byte)
        kind = Kind.FENCE if byte & 0x90 == 0 else Kind.OTHER
        return [Answer(kind, bytes((byte,)))]

    def _continued(self, byte: int) -> list[Answer]:
        self._asb += bytes((byte,))
        if len(self._asb) < ASB_LENGTH:
            return []
        whole, self._asb = self._asb, b""
        return [Answer(Kind.ASB, whole)]


class Condition(msgspec.Struct, frozen=True):
    """The printer's condition as of its last answers."""

    outcome: PrintOutcome
    detail: str


READY = Condition(PrintOutcome.SUCCESS, "")

# Bits of the answers to DLE EOT 1, 2, 4 (Epson ESC/POS reference).
_OFFLINE = 0x08
_COVER_OPEN, _FEEDING, _PAPER_END_STOP, _ERROR = 0x04, 0x08, 0x20, 0x40
_PAPER_END, _NEAR_END = 0x60, 0x0C


def condition(*, printer: int, cause: int, paper: int) -> Condition:
    """Put the answers to `DLE EOT` 1, 2 and 4 into one word: what a person must mend first.

    An open cover comes first: with the cover open the paper sensor sees nothing either.
    """
    if cause & _COVER_OPEN:
        return Condition(PrintOutcome.COVER_OPEN, "the cover is open: close it")
    if paper & _PAPER_END or cause & _PAPER_END_STOP:
        return Condition(PrintOutcome.PAPER_EMPTY, "the paper is out: put in a new roll")
    if cause & _ERROR:
        return Condition(PrintOutcome.ERROR, "the printer reports an error")
    if printer & _OFFLINE or cause & _FEEDING:
        return Condition(PrintOutcome.OFFLINE, "the printer is offline: press its feed button")
    if paper & _NEAR_END:
        return Condition(PrintOutcome.SUCCESS, "the paper is nearly out: have a new roll at hand")
    return READY


def error_detail(cause: int) -> str:
    """Put the answer to `DLE EOT 3` into words a person can act on."""
    if cause & 0x08:
        return "the cutter is jammed: open the cover and take the paper out"
    if cause & 0x20:
        return "the printer reports an error that cannot be cleared: switch it off and on"
    if cause & 0x40:
        return "the print head is too hot or the voltage is wrong: it recovers by itself"
    return "the printer reports an error: open and close its cover, or switch it off and on"
