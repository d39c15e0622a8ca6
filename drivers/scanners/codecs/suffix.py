"""Framing by suffix, prefix and pause: the way nearly every scanner marks its scans.

The result does not depend on how the stream is cut into chunks. Memory is bounded: bytes without
a suffix in sight become one noise frame, and the rest of that flood is thrown away up to the next
suffix.

A wrong baud rate or a loose plug gives many broken frames in a row, some of which look like text
by chance. They are told once: a flood begins with a noise frame and stays silent until the line
has been idle or a frame comes that cannot be chance.
"""

from __future__ import annotations

from drivers.scanners.codecs.frame import EXCERPT, GROUP_SEPARATOR, MAX_FRAME, Frame
from drivers.scanners.codecs.text import beyond_chance, why_not_text

CARRIAGE_RETURN, LINE_FEED = b"\r", b"\n"
_LINE_ENDS = ("\r", "\n", "\r\n")
_TOO_LONG = f"more than {MAX_FRAME} bytes without an end mark"


class SuffixFraming:
    """Turns chunks of bytes into frames."""

    def __init__(
        self,
        suffix: str = "\r",
        *,
        prefix: str = "",
        separator: str = "",
        by_pause: bool = False,
        encoding: str = "latin-1",
        noisy: bool = True,
    ) -> None:
        r"""Set what begins and ends a frame.

        Args:
            suffix: what ends a frame. CR, LF and CR LF all stand for "the end of a line" and match
                each other, since scanners of one shop rarely agree on one of them.
            prefix: what begins a frame, taken off; bytes before it are noise.
            separator: what the scanner sends where FNC1 is; GS takes its place.
            by_pause: a pause ends a frame as well (`pause` is called); the suffix may be empty.
            encoding: of those three.
            noisy: bytes may be changed on the way, so that after noise a short frame is not
                believed; False where they cannot be.

        Raises:
            ValueError: nothing would ever end a frame.

        >>> framing = SuffixFraming()
        >>> framing.feed(b"40063")
        []
        >>> framing.feed(b"81333931\r\n96385074\n")
        [Frame(data=b'4006381333931', noise=None), Frame(data=b'96385074', noise=None)]
        """
        if not suffix and not by_pause:
            raise ValueError("a suffix has at least one character, unless a pause ends a frame")
        self._lines = suffix in _LINE_ENDS
        self._suffix = LINE_FEED if self._lines else suffix.encode(encoding)
        self._prefix = prefix.encode(encoding)
        self._separator = separator.encode(encoding)
        self._by_pause = by_pause
        self._noisy = noisy
        self._buffer = bytearray()
        self._skipping = False
        self._told = False

    @property
    def partial(self) -> bool:
        """Whether a frame has begun that a pause could end."""
        return self._by_pause and (bool(self._buffer) or self._skipping)

    @property
    def waiting(self) -> bool:
        """Whether anything is held that `idle` would clear; if not, there is no need to watch."""
        return bool(self._buffer) or self._skipping or self._told

    def feed(self, chunk: bytes) -> list[Frame]:
        """Take bytes as they arrive; give the frames they complete, in order."""
        if self._lines:
            chunk = chunk.replace(CARRIAGE_RETURN, LINE_FEED)
        frames: list[Frame] = []
        for start in range(0, len(chunk), MAX_FRAME):
            self._buffer += chunk[start : start + MAX_FRAME]
            frames += self._complete()
        return frames

    def pause(self) -> list[Frame]:
        """Take what is held for a whole frame."""
        data = bytes(self._buffer)
        self._buffer.clear()
        return self._ended(data)

    def idle(self) -> list[Frame]:
        """Say that the line has been silent for long: what is left in the buffer is no scan."""
        left = bytes(self._buffer[:EXCERPT])
        silent = self._told or not left
        self._buffer.clear()
        self._skipping = self._told = False
        return [] if silent else [Frame(left, f"no end mark {self._suffix_name()} came")]

    def spoil(self, why: str) -> list[Frame]:
        """Say that bytes of the frame in progress are missing: the rest of it is skipped."""
        excerpt = bytes(self._buffer[:EXCERPT])
        self._buffer.clear()
        self._skipping = True
        return self._noise(excerpt, why)

    def _complete(self) -> list[Frame]:
        frames = []
        *ended, rest = bytes(self._buffer).split(self._suffix) if self._suffix else [self._buffer]
        for data in ended:
            frames += self._ended(bytes(data))
        self._buffer[:] = rest
        if self._skipping or len(rest) >= MAX_FRAME + max(1, len(self._suffix)):
            frames += self._overflow()
        return frames

    def _ended(self, data: bytes) -> list[Frame]:
        if self._skipping:  # the tail of a flood that was already told
            self._skipping = False
            return []
        if not data:
            return []
        if len(data) > MAX_FRAME:
            return self._noise(data[:EXCERPT], _TOO_LONG)
        before, begun, data = _begun(data, self._prefix)
        if not begun:
            return self._noise(before[:EXCERPT], f"does not begin with {_named(self._prefix)}")
        stray = self._noise(before[:EXCERPT], "came before a prefix") if before else []
        return stray + self._scanned(data)

    def _scanned(self, data: bytes) -> list[Frame]:
        if self._separator:
            data = data.replace(self._separator, GROUP_SEPARATOR)
        why = why_not_text(data)
        if why is not None:
            return self._noise(data, why)
        doubtful = self._told and self._noisy and not self._prefix
        if not data or (doubtful and not beyond_chance(data)):
            return []
        self._told = False
        return [Frame(data)]

    def _overflow(self) -> list[Frame]:
        excerpt = bytes(self._buffer[:EXCERPT])
        # The suffix may be cut in two by the chunk: keep what could be its first part.
        del self._buffer[: max(0, len(self._buffer) - max(0, len(self._suffix) - 1))]
        if self._skipping:
            return []
        self._skipping = True
        return self._noise(excerpt, _TOO_LONG)

    def _noise(self, data: bytes, why: str) -> list[Frame]:
        if self._told:
            return []
        self._told = True
        return [Frame(data, why)]

    def _suffix_name(self) -> str:
        return "CR or LF" if self._lines else _named(self._suffix)


def _begun(data: bytes, prefix: bytes) -> tuple[bytes, bytes, bytes]:
    # Control characters are no data: after half a scan, the last of them begins the whole one.
    if not prefix:
        return b"", b"\0", data
    if prefix.decode("latin-1").isprintable():
        return data.partition(prefix)
    before, begun, after = data.rpartition(prefix)
    return (before, begun, after) if begun else (after, begun, before)


def _named(mark: bytes) -> str:
    return mark.hex(" ")
