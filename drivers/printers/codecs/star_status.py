"""Star Line mode as the language of a conversation: status, ETB counter, fence.

Star Line Mode Command Specifications, chapter 5, "automatic status". A status is

    header 1    0LL0LLL1    L: number of bytes, five bits
    header 2    XVV0VVV0    V: version; X: a length of two bytes and so much data follow (networks)
    status 1…   0ss0sss0    see `_sensors`

and is sent when asked for (`ESC ACK SOH`, at once), when something changes while it is switched on
(`ESC RS a`; networks: always), and when an `ETB` has been worked off: the printer waits until what
came before is on paper, counts its ETB counter (0 to 31) up, and tells. That counter is the fence.
"""

from __future__ import annotations

from drivers.printers.codecs.condition import CUTTER, FATAL, HOT, UNNAMED, Condition, Sensors, judge
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

ASK = b"\x1b\x06\x01"
"""`ESC ACK SOH`."""
ETB, CAN = b"\x17", b"\x18"
_COUNT_ANEW = b"\x1b\x1eE\x00"
"""`ESC RS E 0`: the ETB counter begins at 0 again."""
_ASK_NAME = b"\x1b#*\n\x00"
"""Answered by `ESC # * , name LF NUL`."""
WAKE = bytes(8192) + b"\x1e"
"""NUL prints nothing; RS ends a barcode that was begun."""
LENGTH_MIN, LENGTH_MAX = 7, 31
"""Bytes of a status: up to printer status 5 in its first version; five bits count them."""
NAME_LENGTH_MAX = 80
_COUNTS = 32


def counter(status: bytes) -> int | None:
    """Give the ETB counter; None of a printer too old to have one."""
    if len(status) < 8:
        return None
    return (status[7] >> 2 & 0x18) | (status[7] >> 1 & 0x07)


def star_condition(status: bytes) -> Condition:
    """Put a status into one word."""
    return judge(_sensors(status))


def _sensors(status: bytes) -> Sensors:
    first, errors, more, paper = status[2:6]
    return Sensors(
        cover_open=bool(first & 0x20),
        paper_out=bool(paper & 0x08),
        paper_low=bool(paper & 0x06),
        error=_error(errors, more),
        offline=bool(first & 0x08),
        drawer_high=bool(first & 0x04),
    )


def _error(errors: int, more: int) -> str:
    if errors & 0x08:
        return CUTTER
    if errors & 0x20:
        return FATAL
    if errors & 0x40:
        return HOT
    return UNNAMED if errors & 0x04 or more & 0x0A else ""


class StatusReader:
    """Cuts what the printer sends; the result does not depend on how the stream is cut.

    Attributes:
        expects_names: the version was asked for.
    """

    def __init__(self) -> None:
        self._open = b""
        self.expects_names = False

    def feed(self, chunk: bytes) -> list[Hearing]:
        """Take bytes as they arrive; an `Answer` holds a whole status without trailing data."""
        return [heard for byte in chunk for heard in self._feed_byte(byte)]

    def _feed_byte(self, byte: int) -> list[Hearing]:
        if not self._open:
            return self._begin(byte)
        self._open += bytes((byte,))
        if self._open[0] == 0x1B:
            return self._named()
        length = _length(self._open[0])
        if len(self._open) <= length and byte & (0x11 if len(self._open) == 2 else 0x91):
            broken, self._open = self._open[:-1], b""
            return [Noise(broken), *self._begin(byte)]
        return self._complete(length)

    def _begin(self, byte: int) -> list[Hearing]:
        if byte & 0x91 == 0x01 and _length(byte) >= LENGTH_MIN:
            self._open = bytes((byte,))
            return []
        if byte == 0x1B and self.expects_names:
            self._open = bytes((byte,))
            return []
        if byte & 0x93 == 0x12:
            return [Foreign("ESC/POS")]
        return [] if byte in (0x11, 0x13) else [Noise(bytes((byte,)))]

    def _complete(self, length: int) -> list[Hearing]:
        if len(self._open) < _whole(self._open, length):
            return []
        status, self._open = self._open[:length], b""
        return [Answer(status)]

    def _named(self) -> list[Hearing]:
        if not self._open.endswith(b"\n\0") and len(self._open) < NAME_LENGTH_MAX:
            return []
        whole, self._open = self._open, b""
        if not whole.startswith(b"\x1b#*,"):
            return [Noise(whole)]
        return [Named(whole[4:-2].decode("ascii", errors="replace").strip())]


def _length(header: int) -> int:
    return (header >> 2 & 0x18) | (header >> 1 & 0x07)


def _whole(begun: bytes, length: int) -> int:
    """Tell how long a status is with what a network interface puts after it, as far as known."""
    if len(begun) < 2 or not begun[1] & 0x80:
        return length
    if len(begun) < length + 2:
        return length + 2
    return length + 2 + int.from_bytes(begun[length : length + 2], "big")


class StarLanguage:
    """The words of one conversation with a printer in Star Line mode."""

    name = "Star Line mode"
    fence_name = "ETB"
    opening = b"\x1b\x1ea\x01"
    """`ESC RS a 1`: so that ETB is told when it is worked off, not when next asked."""
    rouse = WAKE
    deaf_in_pictures = True

    def __init__(self) -> None:
        self._reader = StatusReader()
        self._counter = 0
        self._last = 0
        self._awaited: frozenset[int] = frozenset()

    def hear(self, chunk: bytes) -> list[Hearing]:
        """Sort what the printer says; one status is answer, news and fence at once."""
        return [each for found in self._reader.feed(chunk) for each in self._heard(found)]

    def condition(self) -> Inquiry:
        """Ask `ESC ACK SOH`."""
        return star_condition((yield ASK))

    def fence(self, payload: bytes = b"", *, raw: bool = False) -> bytes:
        """Let ETB be counted to a number that nothing in the payload can reach."""
        own = payload.count(ETB) if raw else 0
        if own or (raw and CAN in payload):
            self._last = _unreached(self._counter, own)
            self._awaited = frozenset((self._last,))
            return _COUNT_ANEW + ETB * self._last
        # Where an earlier fence is still out, either may have been lost in half a picture.
        missing = self._awaited
        before = self._last if missing else self._counter
        # Never 0, where the counter stands after switching off and on.
        steps = 2 if before == _COUNTS - 1 else 1
        self._last = (before + steps) % _COUNTS
        self._awaited = missing | {self._last}
        return ETB * steps

    def automatic(self, *, on: bool) -> bytes:
        """Switch the automatic status on or off (networks: it stays on)."""
        return b"\x1b\x1ea\x01" if on else b"\x1b\x1ea\x00"

    def names(self) -> tuple[bytes, ...]:
        """Ask for model and version."""
        self._reader.expects_names = True
        return (_ASK_NAME,)

    def probe(self) -> bytes:
        """Ask `DLE EOT 1`: an ESC/POS printer answers; a Star printer only tells its state."""
        return b"\x10\x04\x01"

    def _heard(self, found: Hearing) -> list[Hearing]:
        if not isinstance(found, Answer):
            return [found]
        heard: list[Hearing] = [found, Told(star_condition(found.data))]
        return [*heard, Fenced()] if self._is_fence(found.data) else heard

    def _is_fence(self, status: bytes) -> bool:
        count = counter(status)
        if count is None:
            reached = bool(status[2] & 0x02)
        else:
            self._counter = count
            reached = count in self._awaited
        fenced = reached and bool(self._awaited)
        self._awaited = frozenset() if fenced else self._awaited
        return fenced


def _unreached(begin: int, most: int) -> int:
    """Choose a count that is passed neither from `begin` nor, after a CAN, from 0.

    Args:
        begin: the count before the payload.
        most: how often the payload may count at most.
    """
    passed = {(start + step) % _COUNTS for start in (begin, 0) for step in range(most + 1)}
    free = [count for count in range(1, _COUNTS) if count not in passed]
    return free[-1] if free else _COUNTS - 1
