"""What every scanner codec gives, and what it is to the loop that reads."""

from __future__ import annotations

from typing import Protocol

import msgspec

MAX_FRAME = 8192
"""The largest symbol there is, QR version 40-L, holds 7089 digits (ISO/IEC 18004, table 7)."""
EXCERPT = 64
"""How much of a flood is kept to be looked at."""
GROUP_SEPARATOR = b"\x1d"
"""What stands for FNC1 between element strings (GS1 General Specifications 7.8.3)."""


class Frame(msgspec.Struct, frozen=True):
    """One symbol as the scanner sent it, without what the scanner put around it."""

    data: bytes
    noise: str | None = None
    """Why it is no scan, or None where it is one."""


class Codec(Protocol):
    """Bytes in, frames out; the result does not depend on how the bytes are cut."""

    @property
    def partial(self) -> bool:
        """Whether a frame has begun that a pause could end."""
        ...

    @property
    def waiting(self) -> bool:
        """Whether anything is held that `idle` would clear; if not, there is no need to watch."""
        ...

    def feed(self, chunk: bytes) -> list[Frame]:
        """Take bytes as they arrive; give the frames they complete, in order."""
        ...

    def pause(self) -> list[Frame]:
        """Say that nothing came for the scanner's frame timeout: that ends a frame."""
        ...

    def idle(self) -> list[Frame]:
        """Say that nothing came for long: what is still held is no scan."""
        ...
