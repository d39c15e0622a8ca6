"""What a display's command set is to the driver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class DisplayCodec(Protocol):
    """Makes the bytes of one command set; keeps nothing between two calls."""

    def hello(self) -> bytes:
        """Select the display, reset it, clear it, hide its cursor."""
        ...

    def lines(self, lines: Sequence[str]) -> bytes:
        """Show these lines from the top, in place: without clearing, so that nothing flickers."""
        ...
