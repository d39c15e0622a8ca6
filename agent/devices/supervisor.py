"""Keeps every device of the agent alive: a task for each, none waiting for another."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Sequence

import structlog

from agent.contracts.clock import Clock
from agent.contracts.devices import DeviceFault, PrintOutcome, WeightReading
from agent.core.identifiers import DeviceId
from agent.devices.board import READY, Board, DeviceStatus, OnEvent
from agent.devices.displaying import DisplayWorker
from agent.devices.handed import PRINTER, Handed
from agent.devices.kept import Kept
from agent.devices.plugging import Plugging
from agent.devices.printing import CopyMark, PrintWorker, Receipt, Reveal
from agent.devices.queue import PrintQueue
from agent.devices.scanning import OnScan, ScannerWatch
from agent.devices.weighing import ScaleWatch, weight_data
from agent.journal import Journal
from agent.journal.prints import waiting_devices

FINISH_S = 5.0
"""How long a stop lets a conversation with a printer come to its end; a receipt takes one."""
TELL_S = 2.0
"""How long a stop waits until all events are told."""

log = structlog.get_logger(__name__)
Work = ScannerWatch | PrintWorker | DisplayWorker | ScaleWatch


class DeviceSupervisor:
    """Opens, watches and reopens the devices it is handed, and works off their print jobs."""

    def __init__(
        self,
        handed: Iterable[Handed],
        *,
        journal: Journal,
        clock: Clock,
        on_scan: OnScan,
        on_event: OnEvent,
        rng: random.Random,
        receipt: Receipt,
        copy_mark: CopyMark,
        reveal: Reveal = lambda paper, _print_id: paper,
    ) -> None:
        """Take the devices over; nothing is opened before `run`.

        Args:
            handed: the devices of the settings, in their order.
            journal: where print jobs wait.
            clock: for the times shown, and the age of print jobs.
            on_scan: called in the event loop with each frame, noise included; must not block.
            on_event: awaited for each change of a device or a print job.
            rng: for the jitter of waits.
            receipt: lays out a sale's receipt, marked as a copy or not, when it is printed.
            copy_mark: gives what marks a copy of raw bytes, in the store's language.
            reveal: deciphers a document or raw bytes that waited.
        """
        self._journal = journal
        self._clock = clock
        self._on_scan = on_scan
        self._rng = rng
        self._receipt = receipt
        self._copy_mark = copy_mark
        self._reveal = reveal
        self._board = Board(clock, on_event)
        self._kept: dict[DeviceId, Kept[Work]] = {}
        self._changing = asyncio.Lock()
        self._stopped = asyncio.Event()
        self._group: asyncio.TaskGroup | None = None
        for each in handed:
            self._add(each)

    async def run(self) -> None:
        """Work until stopped or cancelled, also where there is no device to look after."""
        plugging = Plugging(stirred=self._board.stirred, look=self._look, plugged=self._plugged)
        async with asyncio.TaskGroup() as group:
            self._group = group
            for kept in self._kept.values():
                kept.start(group)
            works = [group.create_task(plugging.run()), group.create_task(self._abandon())]
            await self._stopped.wait()
            self._group = None
            for work in works:
                work.cancel()

    async def stop(self) -> None:
        """End `run`, letting receipts under way come out whole; scans end at once."""
        async with self._changing:
            await asyncio.gather(*(self._end(kept, FINISH_S) for kept in self._kept.values()))
            await self._board.all_told(TELL_S)
            self._stopped.set()

    async def reconfigure(self, handed: Sequence[Handed]) -> list[DeviceId]:
        """Take new settings over: only what differs is stopped, started or replaced.

        A receipt under way at a printer that changes comes out first. What did not change keeps
        its task, its connection and its driver.

        Returns:
            The devices that were touched.
        """
        async with self._changing:
            new = {each.id: each for each in handed}
            left = {kept.handed.id: kept for kept in self._differing(new)}
            ending = {key: asyncio.create_task(self._retire(kept)) for key, kept in left.items()}
            fresh = [each for each in handed if each.id not in self._kept or each.id in left]
            await asyncio.gather(*(self._replace(each, left, ending) for each in fresh))
            await asyncio.gather(*ending.values())
            self._kept = {key: self._kept[key] for key in new}
            self._board.order(list(new))
            await self._abandon()
            return [*(key for key in left if key not in new), *(each.id for each in fresh)]

    def status(self) -> list[DeviceStatus]:
        """Tell how every device is."""
        return self._board.statuses()

    def count(self, device: DeviceId, counter: str) -> None:
        """Add one to a counter of a device, such as `unknown`."""
        self._board.count(device, counter)

    def show(self, device: DeviceId, lines: tuple[str, ...]) -> None:
        """Show lines on a display, the newest only; a device that is none shows nothing."""
        kept = self._kept.get(device)
        if kept is not None and isinstance(kept.work, DisplayWorker):
            kept.work.show(lines)

    async def weigh(self, device: DeviceId, within_s: float) -> WeightReading:
        """Give a stable weight of a scale, or wait for one.

        Raises:
            StateFault: `no-weight`, `unstable-weight`.
            DeviceFault: `scale-not-ready`, also where the device is no scale.
        """
        return await self._scale(device).weigh(within_s)

    async def zero(self, device: DeviceId, within_s: float) -> None:
        """Have a scale take its present load as zero.

        Raises:
            StateFault: `not-zeroed`.
            DeviceFault: `scale-not-ready`, also where the device is no scale.
        """
        await self._scale(device).zero(within_s)

    def display_size(self, device: DeviceId) -> tuple[int, int] | None:
        """Give columns and rows of a display; None for a device that is none."""
        kept = self._kept.get(device)
        if kept is None or not isinstance(kept.work, DisplayWorker):
            return None
        return kept.work.columns, kept.work.rows

    def _scale(self, device: DeviceId) -> ScaleWatch:
        kept = self._kept.get(device)
        if kept is None or not isinstance(kept.work, ScaleWatch):
            raise DeviceFault(
                f"{device} is no scale of this agent",
                remedy='name a device of kind "scale" at the till in the settings',
                name="scale-not-ready",
            )
        return kept.work

    def _add(self, handed: Handed) -> None:
        self._board.add(handed.id, handed.kind, handed.address)
        kept = Kept(handed, self._work_of(handed), board=self._board, rng=self._rng)
        self._kept[handed.id] = kept
        if self._group is not None:
            kept.start(self._group)

    def _differing(self, new: dict[DeviceId, Handed]) -> list[Kept[Work]]:
        return [
            kept
            for key, kept in self._kept.items()
            if key not in new or not new[key].same_as(kept.handed)
        ]

    async def _replace(
        self,
        handed: Handed,
        left: dict[DeviceId, Kept[Work]],
        ending: dict[DeviceId, asyncio.Task[None]],
    ) -> None:
        """Begin with a device, once nobody else holds it under its old name or settings."""
        for key, kept in left.items():
            if key == handed.id or kept.handed.address == handed.address:
                await ending[key]
        self._add(handed)

    async def _retire(self, kept: Kept[Work]) -> None:
        await self._end(kept, None)
        del self._kept[kept.handed.id]
        self._board.remove(kept.handed.id)

    async def _end(self, kept: Kept[Work], within_s: float | None) -> None:
        if isinstance(kept.work, PrintWorker):
            await kept.work.finish(within_s)
        await kept.end()

    async def _abandon(self) -> None:
        """Hand the jobs of printers that are not there any more to whoever is asked."""
        for device in await self._journal.read(waiting_devices):
            kept = self._kept.get(device)
            if kept is None or kept.handed.kind != PRINTER:
                await PrintQueue(device, self._journal, self._clock, self._board).abandon()

    def _plugged(self) -> None:
        """Try at once whatever is away: what udev has told of may be it."""
        for kept in self._away():
            self._wake(kept)

    def _look(self) -> bool:
        """Look for the devices' nodes: wake who is back, restart who did not notice to be gone."""
        missing = False
        for kept in list(self._kept.values()):
            is_there = kept.handed.is_there
            if is_there is None:
                continue
            there = is_there()
            missing |= not there
            if there and not self._is_ready(kept):
                self._wake(kept)
            self._judge(kept, unnoticed=not there and self._is_ready(kept))
        return missing

    def _judge(self, kept: Kept[Work], *, unnoticed: bool) -> None:
        """Restart a reader that did not notice twice; a printer's conversation ends by itself."""
        if kept.unnoticed and unnoticed and self._group is not None:
            kept.restart(self._group)
        kept.unnoticed = unnoticed and not isinstance(kept.work, PrintWorker)

    def _away(self) -> list[Kept[Work]]:
        return [kept for kept in self._kept.values() if not self._is_ready(kept)]

    def _is_ready(self, kept: Kept[Work]) -> bool:
        status = self._board.status(kept.handed.id)
        return status is not None and status.state == READY

    def _wake(self, kept: Kept[Work]) -> None:
        self._board.wake(kept.handed.id)
        status = self._board.status(kept.handed.id)
        # A printer that is there and wants paper is being watched already.
        away = status is not None and status.state == PrintOutcome.DISCONNECTED.value
        if away and isinstance(kept.work, PrintWorker):
            kept.work.wake()

    def _work_of(self, handed: Handed) -> Work:
        match handed.kind:
            case "printer":
                return self._print_worker(handed)
            case "display":
                return DisplayWorker(handed.id, handed.driver, board=self._board, rng=self._rng)
            case "scale":
                return ScaleWatch(
                    handed.id,
                    handed.driver,
                    board=self._board,
                    rng=self._rng,
                    on_weight=self._weighed,
                )
            case _:
                return ScannerWatch(
                    handed.id,
                    handed.driver,
                    board=self._board,
                    on_scan=self._on_scan,
                    rng=self._rng,
                )

    def _print_worker(self, handed: Handed) -> PrintWorker:
        return PrintWorker(
            handed.id,
            handed.driver,
            journal=self._journal,
            clock=self._clock,
            board=self._board,
            rng=self._rng,
            receipt=self._receipt,
            copy_mark=self._copy_mark,
            reveal=self._reveal,
            print_within_s=handed.print_within_s,
            drawer=handed.drawer,
        )

    async def _weighed(self, device: DeviceId, reading: WeightReading) -> None:
        at = self._clock.stamp().wall
        await self._board.tell(device, "weight", weight_data(device, reading, at))
