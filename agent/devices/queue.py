"""The print jobs of one printer as they lie in the journal, and the telling of their states."""

from __future__ import annotations

import asyncio

import structlog

from agent.contracts.clock import Clock
from agent.core.faults import StateFault
from agent.core.identifiers import DeviceId, PrintId
from agent.devices.board import Board
from agent.devices.waiting import left_s, too_late
from agent.journal import Journal
from agent.journal.connection import Connection
from agent.journal.prints import DRAWER, PrintJob, get, set_state, unfinished

LOOK = "look whether it came out whole, then say so, or print a copy"
"""What to do about a job that may be on paper, or half of it."""
STOPPED = f"the agent stopped while this was being printed; {LOOK}"
TOO_LATE = "the agent was not running: a drawer is never opened later"
NO_PRINTER = "its printer is not in the settings any more: print a copy at another one, or drop it"

log = structlog.get_logger(__name__)


class PrintQueue:
    """Reads, moves and tells the jobs of one printer.

    Attributes:
        woken: set when there is something to do; its reader clears it before looking.
    """

    def __init__(
        self,
        device: DeviceId,
        journal: Journal,
        clock: Clock,
        board: Board,
        *,
        print_within_s: float = float("inf"),
    ) -> None:
        """Look after the jobs of one device."""
        self.woken = asyncio.Event()
        self._device = device
        self._journal = journal
        self._clock = clock
        self._board = board
        self._print_within_s = print_within_s
        self._first_seen_s: dict[PrintId, float] = {}
        self._began = clock.stamp()

    async def recover(self) -> bool:
        """Settle what an earlier run left open; tell whether something may stand on the paper."""
        left = await self._journal.read(lambda conn: unfinished(conn, self._device))
        broken = [job for job in left if job.state == "sending" and job.kind != DRAWER]
        for job in broken:
            await self.move(job, "uncertain", STOPPED)
        for job in left:
            if job.kind == DRAWER and job.state == "sending":
                await self.move(job, "failed", TOO_LATE)
            elif job.kind == DRAWER and job.state == "queued" and self._is_from_before(job):
                await self.move(job, "expired", TOO_LATE)
        return bool(broken)

    def _is_from_before(self, job: PrintJob) -> bool:
        """Tell whether a job was asked for before this run; one that came since is in time."""
        is_ours = job.asked_boot == self._began.boot_id
        return not is_ours or job.asked_ns < self._began.mono_ns

    async def abandon(self) -> None:
        """Hand all jobs of a printer that is not there any more to whoever is asked."""
        await self.recover()
        for job in await self.waiting():
            await self.move(job, "expired", NO_PRINTER)

    async def listen(self) -> None:
        """Note when jobs arrive, also while the printer is busy, until cancelled."""
        seen = self._journal.signals.prints.value
        while True:
            kicks = {job.print_id for job in await self.waiting() if job.kind == DRAWER}
            now_s = asyncio.get_running_loop().time()
            self._first_seen_s = {kick: self._first_seen_s.get(kick, now_s) for kick in kicks}
            self.woken.set()
            seen = await self._journal.signals.prints.wait(seen)

    def age_s(self, job: PrintJob) -> float:
        """Tell for how many seconds at least a job has been waiting."""
        now_s = asyncio.get_running_loop().time()
        return now_s - self._first_seen_s.get(job.print_id, now_s)

    async def waiting(self) -> list[PrintJob]:
        """List what is queued or held, in order; drawers first, a person stands before each."""
        left = await self._journal.read(lambda conn: unfinished(conn, self._device))
        jobs = [job for job in left if job.state in ("queued", "held")]
        return sorted(jobs, key=lambda job: job.kind != DRAWER)

    async def in_time(self) -> list[PrintJob]:
        """List what is waiting, after what has waited too long was put aside for a person."""
        jobs, now = await self.waiting(), self._clock.stamp()
        late = [job for job in jobs if job.kind != DRAWER and not self._left_s(job)]
        for job in late:
            await self.move(job, "expired", too_late(job, now))
        return [job for job in jobs if job not in late]

    def next_late_s(self, jobs: list[PrintJob]) -> float | None:
        """Tell in how many seconds the next of these jobs will have waited too long."""
        return min((self._left_s(job) for job in jobs if job.kind != DRAWER), default=None)

    async def hold(self, reason: str) -> None:
        """Hold all that waits: none of it was sent, and none of it can be printed now."""
        for job in await self.waiting():
            if job.kind != DRAWER:
                await self.move(job, "held", reason)

    async def move(self, job: PrintJob, state: str, reason: str = "") -> PrintJob | None:
        """Put a job into a state, durably, and tell it; what changes nothing is not told.

        Args:
            job: as it was read; only from that state, and at this printer, is it moved.
            state: a key of `MOVES`.
            reason: why, for a person.

        Returns:
            The job as it is now; None where a person has settled it meanwhile, or asked for it at
            another printer.
        """
        if (job.state, job.reason) == (state, reason):
            return job
        at = self._clock.stamp().wall

        def moved(conn: Connection) -> PrintJob:
            _require_unmoved(get(conn, job.print_id), job)
            return set_state(conn, job.print_id, state, at=at, reason=reason)

        try:
            now = await self._journal.write(moved)
        except StateFault as fault:
            log.info("a print job was settled meanwhile", device=self._device, why=str(fault))
            return None
        self._board.post(self._device, "drawer" if job.kind == DRAWER else "print", told(now))
        if state == "confirmed":
            self._board.count(self._device, "jobs")
        return now

    def _left_s(self, job: PrintJob) -> float:
        return left_s(job, self._clock.stamp(), self._print_within_s)


def _require_unmoved(found: PrintJob | None, read: PrintJob) -> None:
    """Refuse what was decided about a job as it was: two printers would print it (P7).

    Raises:
        StateFault: `print-moved`.
    """
    if found is not None and (found.device, found.state) != (read.device, read.state):
        raise StateFault(
            f"print job {read.print_id} is {found.state} at {found.device} by now",
            remedy="nothing: it is looked at again as it is now",
            name="print-moved",
        )


def told(job: PrintJob) -> dict[str, object]:
    """Make the data of a `print` event (of a `drawer` event, for a drawer's job)."""
    data: dict[str, object] = {
        "print_id": job.print_id,
        "till": job.till,
        "device": job.device,
        "kind": job.kind,
        "state": job.state,
        "reason": job.reason,
    }
    if job.asks:
        data["ask"] = True
    return data if job.sale_id is None else {**data, "sale_id": job.sale_id}
