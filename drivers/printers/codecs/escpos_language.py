"""ESC/POS as the language of a conversation (Epson ESC/POS reference).

The fence is `GS ( H` (function 48) on models that know it: the printer sends back our own id when
everything before it is on paper, so no answer to an earlier job can be taken for it. On the others
it is `GS r 1`, whose answers are only counted.
"""

from __future__ import annotations

from escpos import constants as commands

from drivers.printers.codecs.condition import judge
from drivers.printers.codecs.language import (
    Answer,
    Fenced,
    Foreign,
    Hearing,
    Inquiry,
    Named,
    Noise,
    Told,
)
from drivers.printers.codecs.status import (
    FENCE,
    WAKE,
    AnswerReader,
    Kind,
    Query,
    asb_sensors,
    has_error,
    question,
    sensors,
)
from drivers.printers.codecs.status import Answer as Sorted

_GS: bytes = commands.GS
_ASK_ID = _GS + b"(H\x06\x00\x30\x30"
"""`GS ( H`, fn 48, m 48: then four characters that come back."""
_ASK_NAMES = (_GS + b"I\x42", _GS + b"I\x43")
"""`GS I` 66 and 67: maker and model."""
_DIGITS = b"abcdefghijklmno"
"""All with bit 4 clear: none looks like a real-time answer that comes in between."""
TICKETS = len(_DIGITS) ** 4
"""How many ids there are."""


class EscPosLanguage:
    """The words of one conversation with an ESC/POS printer."""

    name = "ESC/POS"
    opening = b""
    rouse = WAKE
    deaf_in_pictures = False

    def __init__(self, *, by_id: bool = False, ticket: int = 0) -> None:
        """Begin.

        Args:
            by_id: the model knows `GS ( H`.
            ticket: where ids begin, below `TICKETS`; another one for each conversation.
        """
        self._reader = AnswerReader()
        self._by_id = by_id
        self._ticket = ticket
        self._awaited = b""
        self._missing = 0

    @property
    def fence_name(self) -> str:
        """The command whose answer means "printed"."""
        return "GS ( H" if self._by_id else "GS r"

    def hear(self, chunk: bytes) -> list[Hearing]:
        """Sort what the printer says."""
        return [self._heard(each) for each in self._reader.feed(chunk)]

    def condition(self) -> Inquiry:
        """Ask `DLE EOT` 4, 2, 1, and where there is an error, 3."""
        paper = (yield question(Query.PAPER))[0]
        cause = (yield question(Query.OFFLINE_CAUSE))[0]
        printer = (yield question(Query.PRINTER))[0]
        error = (yield question(Query.ERROR_CAUSE))[0] if has_error(cause) else None
        return judge(sensors(printer=printer, cause=cause, paper=paper, error=error))

    def fence(self, payload: bytes = b"", *, raw: bool = False) -> bytes:
        """Ask for the id, or for one answer more than the payload itself can have asked for."""
        if self._by_id:
            self._ticket = (self._ticket + 1) % TICKETS
            self._awaited = _written(self._ticket)
            return _ASK_ID + self._awaited
        # Each `GS r` in raw bytes may be answered, so as many fences of ours are sent as well:
        # when that many answers and one have come, one of ours is among them.
        self._missing = 1 + (payload.count(FENCE[:2]) if raw else 0)
        return FENCE * self._missing

    def automatic(self, *, on: bool) -> bytes:
        """Switch `GS a` on for everything, or off."""
        return _GS + (b"a\xff" if on else b"a\x00")

    def names(self) -> tuple[bytes, ...]:
        """Ask for maker and model."""
        self._reader.expects_names = True
        return _ASK_NAMES

    def probe(self) -> bytes:
        """Ask nothing: a printer of another family has answered `DLE EOT` with something."""
        return b""

    def _heard(self, answer: Sorted) -> Hearing:
        match answer.kind:
            case Kind.REAL_TIME:
                return Answer(answer.data)
            case Kind.ASB:
                return Told(judge(asb_sensors(answer.data)))
            case Kind.NAME:
                return Named(answer.data.decode("ascii", errors="replace").strip())
            case Kind.STAR:
                return Foreign("Star Line mode")
            case _:
                return self._fenced(answer)

    def _fenced(self, answer: Sorted) -> Hearing:
        if answer.kind is Kind.ID and self._by_id and answer.data[2:6] == self._awaited:
            return Fenced()
        if answer.kind is Kind.FENCE and not self._by_id:
            self._missing -= 1
            return Fenced() if self._missing == 0 else Noise(b"")
        return Noise(answer.data if answer.kind is Kind.OTHER else b"")


def _written(ticket: int) -> bytes:
    digits = bytearray()
    for _ in range(4):
        ticket, digit = divmod(ticket, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return bytes(digits)
