"""One customer's line display: kept open, showing what was handed over last."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

from agent.contracts.devices import Display
from agent.core.identifiers import DeviceId
from agent.devices.board import READY, Board
from agent.devices.keeping import keep_in_use, opened_in_time

REFRESH_S = 5.0
"""The lines are sent again this often: so a display that was switched off shows them again, and
one that went away is noticed although it never says anything."""


class DisplayWorker:
    """Keeps one display open for ever; what it shows is always the newest, never a queue."""

    def __init__(
        self, device: DeviceId, display: Display, *, board: Board, rng: random.Random
    ) -> None:
        """Take a display over; nothing is opened yet."""
        self._device = device
        self._display = display
        self._board = board
        self._rng = rng
        self._lines: tuple[str, ...] = ()
        self._changed = asyncio.Event()

    @property
    def columns(self) -> int:
        """Characters per line."""
        return self._display.columns

    @property
    def rows(self) -> int:
        """Lines."""
        return self._display.rows

    async def run(self) -> None:
        """Show until cancelled."""
        await keep_in_use(self._device, self._use, board=self._board, rng=self._rng)

    def show(self, lines: tuple[str, ...]) -> None:
        """Show these lines as soon as the display can; never waits."""
        if lines != self._lines:
            self._lines = lines
            self._changed.set()

    async def _use(self) -> None:
        async with opened_in_time(self._display.open(), self._device) as screen:
            self._board.note(self._device, READY)
            while True:
                self._changed.clear()
                await screen.show(self._lines)
                with suppress(TimeoutError):
                    async with asyncio.timeout(REFRESH_S):
                        await self._changed.wait()
