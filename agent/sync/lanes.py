"""Which journal goes first on the line: sales before side, always, with a cap for bulk."""

from __future__ import annotations

import asyncio

from agent.core.entries.kinds import SALES

PATIENCE_S = 10
"""A month's backlog of sales must not keep a customer's consent waiting for ever."""


class Lanes:
    """Strict order between lanes; within a lane, journals go side by side."""

    def __init__(self) -> None:
        """Start with a free line."""
        self._sales: set[str] = set()
        self._free = asyncio.Event()
        self._free.set()

    def mark(self, lane: str, journal_id: str, *, sending: bool) -> None:
        """Note that a journal wants the line, or no longer does."""
        if lane != SALES:
            return
        if sending:
            self._sales.add(journal_id)
            self._free.clear()
            return
        self._sales.discard(journal_id)
        if not self._sales:
            self._free.set()

    async def turn(self, lane: str) -> None:
        """Wait until nothing of a higher lane is being sent, or patience is at its end."""
        if lane == SALES:
            return
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._free.wait()
        except TimeoutError:
            return
