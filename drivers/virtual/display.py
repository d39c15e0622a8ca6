"""A customer's line display on a pseudo-terminal or a TCP port; it tells what can be read on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from drivers.virtual.glass import Glass
from drivers.virtual.port import VirtualPort


class VirtualDisplay(VirtualPort):
    """Shows what it is sent.

    Attributes:
        glass: what stands on it now.
    """

    def __init__(
        self, glass: Glass | None = None, *, link: Path | None = None, tcp: bool = False
    ) -> None:
        """Take the glass (two rows of twenty where None)."""
        super().__init__(link=link, tcp=tcp)
        self.glass = glass or Glass()
        self._changed = asyncio.Condition()

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands on it, from the top, without blanks at the ends."""
        return self.glass.lines

    def hear(self, data: bytes) -> None:
        """Show what the host sends."""
        self.glass(data)
        self.spawn(self._tell())

    async def until(
        self, wanted: Callable[[tuple[str, ...]], bool], timeout_s: float | None = 60.0
    ) -> tuple[str, ...]:
        """Wait until the lines are as wanted, and give them.

        Raises:
            TimeoutError: they never were.
        """
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: wanted(self.lines))
            return self.lines

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()
