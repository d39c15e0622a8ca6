"""One scanner: opened, read until it goes away, opened again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import structlog

from agent.contracts.devices import DeviceFault, ScanFrame, Scanner
from agent.core.identifiers import DeviceId
from agent.devices.backoff import Backoff
from agent.devices.board import READY, Board

FIRST_S, CAP_S = 0.2, 5.0
"""A cable that slipped is back at once; one that is missing is looked for every few seconds."""
STEADY_S = 10.0
"""A scanner that stayed this long was really there; one that flaps keeps its longer waits."""

log = structlog.get_logger(__name__)


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
        self._backoff = Backoff(FIRST_S, CAP_S, rng)

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            try:
                await self._read()
            except DeviceFault as fault:
                await self._board.set(self._device, "gone", str(fault))
            except Exception as bug:
                # Whatever it is, it must not take the other devices down; it is told in full.
                log.exception("a scanner's driver failed", device=self._device)
                await self._board.set(self._device, "broken", f"{type(bug).__name__}: {bug}")
            await asyncio.sleep(self._backoff.next_s())

    async def _read(self) -> None:
        opened_at = asyncio.get_running_loop().time()
        try:
            async with self._scanner.open() as frames:
                await self._board.set(self._device, READY)
                async for frame in frames:
                    self._on_scan(self._device, frame)
        finally:
            if asyncio.get_running_loop().time() - opened_at > STEADY_S:
                self._backoff.reset()
