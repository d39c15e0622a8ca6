"""Framing by suffix: the way nearly every serial scanner marks the end of a scan.

The result does not depend on how the stream is cut into chunks. Memory is bounded: bytes without
a suffix in sight become one noise frame, and the rest of that flood is thrown away up to the next
suffix.

A wrong baud rate or a loose plug gives many broken frames in a row, some of which look like text
by chance. They are told once: a flood begins with a noise frame and stays silent until the line
has been idle or a frame comes that cannot be chance.
"""

from __future__ import annotations

import msgspec

MAX_FRAME = 8192
"""The largest symbol there is, QR version 40-L, holds 7089 digits (ISO/IEC 18004, table 7)."""
BEYOND_CHANCE = 4
"""Printable ASCII characters of a frame that ends a flood: a megabyte of random bytes holds one or
two such frames by chance, and some two hundred that are merely text."""
EXCERPT = 64
"""How much of a flood is kept to be looked at."""
CARRIAGE_RETURN, LINE_FEED = b"\r", b"\n"
_GROUP_SEPARATOR = b"\x1d"
_LINE_ENDS = ("\r", "\n", "\r\n")
# Tabulator and, for ISO/IEC 15434 and GS1: EOT, FS, GS, RS, US.
_ALLOWED_CONTROLS = frozenset((0x09, 0x04, 0x1C, 0x1D, 0x1E, 0x1F))
_BROKEN = frozenset(range(0x20)) - _ALLOWED_CONTROLS | {0x7F}
_C1_CONTROLS = frozenset(range(0x80, 0xA0))


class Frame(msgspec.Struct, frozen=True):
    """What lay between two suffixes."""

    data: bytes
    noise: str | None = None
    """Why it is no scan, or None where it is one."""


class SuffixFraming:
    """Turns chunks of bytes into frames."""

    def __init__(self, suffix: str = "\r") -> None:
        r"""Set what ends a frame.

        Args:
            suffix: its characters (latin-1). CR, LF and CR LF all stand for "the end of a line"
                and match each other, since scanners of one shop rarely agree on one of them.

        Raises:
            ValueError: the suffix is empty.

        >>> framing = SuffixFraming()
        >>> framing.feed(b"40063")
        []
        >>> framing.feed(b"81333931\r\n96385074\n")
        [Frame(data=b'4006381333931', noise=None), Frame(data=b'96385074', noise=None)]
        """
        if not suffix:
            raise ValueError("a suffix has at least one character")
        self._lines = suffix in _LINE_ENDS
        self._suffix = LINE_FEED if self._lines else suffix.encode("latin-1")
        self._buffer = bytearray()
        self._flooded = False
        self._told = False

    @property
    def waiting(self) -> bool:
        """Whether anything is held that `idle` would clear; if not, there is no need to watch."""
        return bool(self._buffer) or self._flooded or self._told

    def feed(self, chunk: bytes) -> list[Frame]:
        """Take bytes as they arrive; give the frames they complete, in order."""
        if self._lines:
            chunk = chunk.replace(CARRIAGE_RETURN, LINE_FEED)
        frames: list[Frame] = []
        for start in range(0, len(chunk), MAX_FRAME):
            self._buffer += chunk[start : start + MAX_FRAME]
            frames += self._complete()
        return frames

    def idle(self) -> list[Frame]:
        """Say that the line has been silent for long: what is left in the buffer is no scan."""
        left = bytes(self._buffer[:EXCERPT])
        silent = self._told or not left
        self._buffer.clear()
        self._flooded = self._told = False
        return [] if silent else [Frame(left, f"no end mark {self._suffix_name()} came")]

    def _complete(self) -> list[Frame]:
        frames = []
        *ended, rest = bytes(self._buffer).split(self._suffix)
        for data in ended:
            frames += self._ended(data)
        self._buffer[:] = rest
        if self._flooded or len(rest) >= MAX_FRAME + len(self._suffix):
            frames += self._overflow()
        return frames

    def _ended(self, data: bytes) -> list[Frame]:
        if self._flooded:  # the tail of a flood that was already told
            self._flooded = False
            return []
        if not data:
            return []
        if len(data) > MAX_FRAME:
            return self._noise(data[:EXCERPT], _too_long())
        why = _why_not_text(data)
        if why is not None:
            return self._noise(data, why)
        if self._told and not _beyond_chance(data):
            return []
        self._told = False
        return [Frame(data)]

    def _overflow(self) -> list[Frame]:
        excerpt = bytes(self._buffer[:EXCERPT])
        # The suffix may be cut in two by the chunk: keep what could be its first part.
        del self._buffer[: max(0, len(self._buffer) - len(self._suffix) + 1)]
        if self._flooded:
            return []
        self._flooded = True
        return self._noise(excerpt, _too_long())

    def _noise(self, data: bytes, why: str) -> list[Frame]:
        if self._told:
            return []
        self._told = True
        return [Frame(data, why)]

    def _suffix_name(self) -> str:
        return "CR or LF" if self._lines else self._suffix.hex(" ")


def _too_long() -> str:
    return f"more than {MAX_FRAME} bytes without an end mark"


def _why_not_text(data: bytes) -> str | None:
    controls = _BROKEN.intersection(data)
    if controls:
        return f"holds the control character 0x{min(controls):02x}, as a wrong baud rate gives"
    if not _C1_CONTROLS.isdisjoint(data) and not _is_utf8(data):
        return "is neither UTF-8 nor Latin-1 text, as a wrong baud rate gives"
    return None


def _beyond_chance(data: bytes) -> bool:
    printable = data.replace(_GROUP_SEPARATOR, b"").decode("latin-1")
    return len(data) >= BEYOND_CHANCE and printable.isascii() and printable.isprintable()


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
