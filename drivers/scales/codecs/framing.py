"""How a scale's answers are cut out of its bytes: between a begin mark and a carriage return."""

from __future__ import annotations

from collections.abc import Callable

from drivers.scales.codecs.answer import FRAME_BYTES_MAX, Said, Unreadable

LF, CR = 0x0A, 0x0D


class Framing:
    """Cuts and reads answers; the result does not depend on how the bytes are cut."""

    def __init__(
        self,
        read: Callable[[bytes], Said],
        *,
        begin: int,
        bits: int = 8,
        begins_twice: bool = False,
    ) -> None:
        """Wait for an answer.

        Args:
            read: reads what stands between the two marks, as it came.
            begin: the mark before an answer.
            bits: how many of a byte tell a mark; 7 where its parity comes along.
            begins_twice: a begin mark right after another one is no answer that broke off.
        """
        self._read = read
        self._begin = begin
        self._mask = (1 << bits) - 1
        self._begins_twice = begins_twice
        self._frame: bytearray | None = None
        self._stray = False

    def feed(self, data: bytes) -> list[Said]:
        """Take bytes and give the answers that end in them."""
        said: list[Said] = []
        for byte in data:
            self._take(byte, said)
        return said

    def forget(self) -> None:
        """Drop half a frame."""
        self._frame = None
        self._stray = False

    def _take(self, byte: int, said: list[Said]) -> None:
        mark = byte & self._mask
        if mark == self._begin:
            if self._frame or (self._frame is not None and not self._begins_twice):
                said.append(Unreadable("an answer broke off"))
            self._frame, self._stray = bytearray(), False
        elif self._frame is None:
            # A mark without a beginning: the beginning was lost, and the answer with it.
            if mark == CR and self._stray:
                said.append(Unreadable("an answer without its beginning"))
            self._stray = mark not in (CR, LF)
        elif mark == CR:
            said.append(self._read(bytes(self._frame)))
            self._frame = None
        else:
            self._frame.append(byte)
            if len(self._frame) > FRAME_BYTES_MAX:
                said.append(Unreadable("no end in sight"))
                self._frame = None
