"""One scanner: opened, read until it goes away, opened again."""

from __future__ import annotations

import random
from collections.abc import Callable

from agent.contracts.devices import ScanFrame, Scanner
from agent.core.identifiers import DeviceId
from agent.devices.board import READY, Board
from agent.devices.keeping import keep_in_use


class ScannerWatch:
    """Keeps one scanner open for ever; a dead one costs the others nothing."""

    def __init__(
        self,
        device: DeviceId,
        scanner: Scanner,
        *,
        board: Board,
        on_scan: Callable[[DeviceId, ScanFrame], None],
        rng: random.Random,
    ) -> None:
        """Take a scanner over; nothing is opened yet."""
        self._device = device
        self._scanner = scanner
        self._board = board
        self._on_scan = on_scan
        self._rng = rng

    async def run(self) -> None:
        """Read until cancelled."""
        await keep_in_use(self._device, self._read, board=self._board, rng=self._rng)

    async def _read(self) -> None:
        async with self._scanner.open() as frames:
            await self._board.set(self._device, READY)
            async for frame in frames:
                self._on_scan(self._device, frame)
