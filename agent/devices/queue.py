"""The print jobs of one printer as they lie in the journal, and the telling of their states."""

from __future__ import annotations

import asyncio

from agent.contracts.clock import Clock
from agent.core.identifiers import DeviceId, PrintId
from agent.devices.board import Board
from agent.journal import Journal
from agent.journal.connection import Connection
from agent.journal.prints import PrintJob, set_state, unfinished

LOOK = "look whether it came out whole, and print a copy if it did not"
"""What to do about a job that may be on paper, or half of it."""
STOPPED = f"the agent stopped while this was being printed; {LOOK}"
TOO_LATE = "the agent was not running: a drawer is never opened later"


class PrintQueue:
    """Reads, moves and tells the jobs of one printer.

    Attributes:
        woken: set when a job was added; its reader clears it before looking.
    """

    def __init__(self, device: DeviceId, journal: Journal, clock: Clock, board: Board) -> None:
        """Look after the jobs of one device."""
        self.woken = asyncio.Event()
        self._device = device
        self._journal = journal
        self._clock = clock
        self._board = board
        self._first_seen_s: dict[PrintId, float] = {}

    async def recover(self) -> bool:
        """Settle what an earlier run left open; tell whether something may stand on the paper."""
        left = await self._journal.read(lambda conn: unfinished(conn, self._device))
        broken = [job for job in left if job.state == "sending" and job.kind != "drawer"]
        for job in broken:
            await self.move(job, "uncertain", STOPPED)
        for job in left:
            if job.kind == "drawer" and job.state in ("queued", "sending"):
                await self.move(job, "expired" if job.state == "queued" else "failed", TOO_LATE)
        return bool(broken)

    async def listen(self) -> None:
        """Note when jobs arrive, also while the printer is busy, until cancelled."""
        seen = self._journal.signals.prints.value
        while True:
            kicks = {job.print_id for job in await self.waiting() if job.kind == "drawer"}
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
        return sorted(jobs, key=lambda job: job.kind != "drawer")

    async def hold(self, reason: str) -> None:
        """Hold all that waits: none of it was sent, and none of it can be printed now."""
        for job in await self.waiting():
            if job.kind != "drawer":
                await self.move(job, "held", reason)

    async def move(self, job: PrintJob, state: str, reason: str = "") -> PrintJob:
        """Put a job into a state, durably, and tell it; what changes nothing is not told."""
        if (job.state, job.reason) == (state, reason):
            return job
        at = self._clock.stamp().wall

        def moved(conn: Connection) -> PrintJob:
            return set_state(conn, job.print_id, state, at=at, reason=reason)

        now = await self._journal.write(moved)
        await self._board.tell(
            self._device, "drawer" if job.kind == "drawer" else "print", _told(now)
        )
        return now


def _told(job: PrintJob) -> dict[str, str]:
    data = {
        "print_id": job.print_id,
        "till": job.till,
        "device": job.device,
        "kind": job.kind,
        "state": job.state,
        "reason": job.reason,
    }
    return data if job.sale_id is None else {**data, "sale_id": job.sale_id}
