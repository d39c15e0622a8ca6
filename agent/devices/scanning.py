"""One scanner: opened, read until it goes away, opened again."""

from __future__ import annotations

import random
from collections.abc import Callable

from agent.contracts.devices import DeviceFault, ScanFrame, Scanner
from agent.core.identifiers import DeviceId
from agent.devices.board import READY, Board
from agent.devices.keeping import keep_in_use, opened_in_time

OnScan = Callable[[DeviceId, ScanFrame], None]
"""Takes each frame, noise included; must not block."""


class ScannerWatch:
    """Keeps one scanner open for ever; a dead one costs the others nothing."""

    def __init__(
        self,
        device: DeviceId,
        scanner: Scanner,
        *,
        board: Board,
        on_scan: OnScan,
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
        async with opened_in_time(self._scanner.open(), self._device) as frames:
            self._board.note(self._device, READY)
            async for frame in frames:
                self._board.count(self._device, "noise" if frame.noise else "scans")
                self._on_scan(self._device, frame)
        raise DeviceFault(
            "the scanner's connection ended without a word",
            remedy="check its power and cable",
            name="device-gone",
        )
