"""The one way a strict reader inside this room says no; it never leaves the room."""

from __future__ import annotations

from agent.core.barcode.reading import Reason


class Unreadable(Exception):
    """The text cannot be read in the way that was tried.

    Attributes:
        reason: becomes one of the `Reading.reasons`.
    """

    def __init__(self, name: str, detail: str) -> None:
        """Keep name and detail as the reason."""
        super().__init__(detail)
        self.reason = Reason(name, detail)
