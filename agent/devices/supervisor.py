"""Keeps every device of the agent alive: a task for each, none waiting for another."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping

from agent.contracts.clock import Clock
from agent.contracts.devices import Printer, ScanFrame, Scanner
from agent.core.identifiers import DeviceId
from agent.devices.board import Board, DeviceStatus, OnEvent
from agent.devices.printing import PrintWorker, Receipt
from agent.devices.scanning import ScannerWatch
from agent.journal import Journal

FINISH_S = 5.0
"""How long a stop lets a conversation with a printer come to its end; a receipt takes one."""


class DeviceSupervisor:
    """Opens, watches and reopens the devices it is handed, and works off their print jobs."""

    def __init__(
        self,
        scanners: Mapping[DeviceId, Scanner],
        printers: Mapping[DeviceId, Printer],
        *,
        journal: Journal,
        clock: Clock,
        on_scan: Callable[[DeviceId, ScanFrame], None],
        on_event: OnEvent,
        rng: random.Random,
        receipt: Receipt,
        addresses: Mapping[DeviceId, str] | None = None,
    ) -> None:
        """Take the devices over; nothing is opened before `run`.

        Args:
            scanners: by the id of the settings.
            printers: likewise.
            journal: where print jobs wait.
            clock: for the times shown.
            on_scan: called in the event loop with each frame, noise included; must not block.
            on_event: awaited for each change of a device or a print job.
            rng: for the jitter of waits.
            receipt: lays out a sale's receipt, marked as a copy or not, when it is printed.
            addresses: as in the settings, only to be shown.
        """
        self._board = Board(clock, on_event, addresses or {})
        self._scanners = [
            ScannerWatch(device, scanner, board=self._board, on_scan=on_scan, rng=rng)
            for device, scanner in scanners.items()
        ]
        self._workers = [
            PrintWorker(
                device,
                printer,
                journal=journal,
                clock=clock,
                board=self._board,
                rng=rng,
                receipt=receipt,
            )
            for device, printer in printers.items()
        ]
        for kind, devices in (("scanner", scanners), ("printer", printers)):
            for device in devices:
                self._board.add(device, kind)
        self._tasks: list[asyncio.Task[None]] = []
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Work until stopped or cancelled, also where there is no device to look after."""
        async with asyncio.TaskGroup() as group:
            self._tasks = [group.create_task(watch.run()) for watch in self._scanners]
            self._tasks += [group.create_task(worker.run()) for worker in self._workers]
            await self._stopped.wait()

    async def stop(self) -> None:
        """End `run`, letting receipts under way come out whole; scans end at once."""
        await asyncio.gather(*(worker.finish(FINISH_S) for worker in self._workers))
        for task in self._tasks:
            task.cancel()
        self._stopped.set()

    def status(self) -> list[DeviceStatus]:
        """Tell how every device is."""
        return self._board.statuses()
