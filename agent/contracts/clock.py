"""Time and ids as arguments: the loops are handed a clock, so that tests hand them another."""

from __future__ import annotations

from typing import Protocol

from agent.core.sale.model import Stamp


class Clock(Protocol):
    """Where a room gets the time, new ids and random bytes from."""

    def stamp(self) -> Stamp:
        """Read all clocks at once."""
        ...

    def uuid7(self) -> str:
        """Make a UUIDv7 (RFC 9562)."""
        ...

    def random(self, size: int) -> bytes:
        """Give `size` unpredictable bytes."""
        ...
