"""What the agent does beside selling: check the journal, copy it, thin it out, mind the disk.

Each kind of work says in the journal what became of it, for the status, the doctor and the metrics.
One at a time, in threads that rest more than they work, so that nobody who sells waits for them;
all of them end at once when the agent stops. When they are done is `nightly`'s business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from agent.contracts.clock import Clock
from agent.core.faults import Fault
from agent.core.identifiers import JournalId
from agent.core.space import Level, Verdict, Work
from agent.journal import Connection, Journal, chains, cursors, events, prune, traces, upkeep
from agent.journal.backup import Backup, Plan, back_up, on_second_medium
from agent.journal.backup_faults import medium_away, no_room_here
from agent.journal.checking import check_chains, check_pages, require_intact
from agent.journal.pacing import Pace
from agent.journal.space import Measured, measure, note_closing
from agent.journal.verify import JournalReport
from agent.settings import Settings

log = structlog.get_logger(__name__)
T = TypeVar("T")

PRUNED_AT_ONCE = 64
"""Bodies per commit: a sale that comes in between waits for these, and not longer than 20 ms."""
PRUNE_REST_S = 0.02
EVENTS_SHED = 2_000
"""Events kept on a disk that fills: a page that was away for longer reads the state afresh."""

Tell = Callable[[Level, str, str], Awaitable[None]]
"""Told the level of the disk, what is the matter, and what to do."""


class Upkeep:
    """The work beside selling of one agent.

    Attributes:
        tell: awaited whenever the disk's level changes; the daemon puts its own here.
    """

    def __init__(
        self, journal: Journal, clock: Clock, settings: Callable[[], Settings], key: str
    ) -> None:
        """Take what is looked after.

        Args:
            journal: open.
            clock: for the time shown.
            settings: gives those that hold now.
            key: the device key's id: whose copies may be dropped.
        """
        self._journal, self._clock, self._settings, self._key = journal, clock, settings, key
        self._one = asyncio.Lock()
        self._level = Level.OK
        self._settled = -1
        """Erase orders whose traces are gone; what a crash has left goes with the first look."""
        self.tell: Tell = _tell_nobody

    async def night(self) -> None:
        """Do all that is done once a day; what fails keeps nothing else from being done."""
        for work in (self.verify, self.check_pages, self.nightly_backup, self.prune):
            fault = await _tried(work)
            if fault is not None:
                log.error("upkeep failed", why=fault.detail, remedy=fault.remedy)

    async def verify(self) -> list[JournalReport]:
        """Check every link, body and number of every journal."""
        path = self._journal.path

        async def work() -> list[JournalReport]:
            reports = await self._aside(lambda pace: check_chains(path, pace))
            _log_reports(reports)
            require_intact(path, reports)
            return reports

        return await self._noted(upkeep.VERIFY, work, _verified)

    async def check_pages(self) -> None:
        """Have SQLite check every page and index of the file."""
        path = self._journal.path

        async def work() -> None:
            await self._aside(lambda pace: check_pages(path, pace))

        await self._noted(upkeep.INTEGRITY, work, lambda _: "every page and index is sound")

    async def nightly_backup(self) -> None:
        """Copy the journal to the medium of the settings, if there is one."""
        folder = self._settings().agent.backup_dir
        if folder is not None:
            await self.back_up(Path(folder))

    async def back_up(self, folder: Path, *, rests: int | None = None) -> Backup:
        """Make a verified copy of the journal in a folder.

        Args:
            folder: on a second medium.
            rests: see `Pace`.

        Raises:
            BackupFault: why there is none.
        """

        async def work() -> Backup:
            await self._require_place(folder)
            plan = plan_of(self._settings(), self._key, self._journal.path, folder)
            return await self._aside(lambda pace: back_up(plan, pace), rests)

        made = await self._noted(upkeep.BACKUP, work, described, place_of)
        log.info("backup made", path=made.path, entries=made.entries, bytes=made.bytes)
        return made

    async def _require_place(self, folder: Path) -> None:
        """Refuse a folder that is on the journal's disk where it should not, or must not, be."""
        if await asyncio.to_thread(on_second_medium, self._journal.path, folder):
            return
        before = (await self._journal.read(upkeep.done))[upkeep.BACKUP]
        if str(folder) == self._settings().agent.backup_dir and before.place == "second":
            raise medium_away(folder, "there is only an empty mount point on the journal's disk")
        if not self._journal.space.verdict().allows(Work.BACKUPS):
            raise no_room_here(folder)

    async def prune(self) -> int:
        """Let go of what HQ holds safely and the shop does not need any more; gives how many."""

        async def work() -> int:
            days = self._settings().agent.keep_days
            floors = await self._journal.read_aside(lambda conn: prunable(conn, days))
            return sum([await self._prune(journal_id, upto) for journal_id, upto in floors])

        return await self._noted(upkeep.PRUNE, work, lambda n: f"{n} entries were thinned out")

    async def _prune(self, journal_id: JournalId, upto: int) -> int:
        gone = 0
        while step := await self._journal.write(
            lambda conn: prune.prune(conn, journal_id, upto, PRUNED_AT_ONCE)
        ):
            gone += step
            # Who sells comes first: the next slice waits until the disk has had time for them.
            await asyncio.sleep(PRUNE_REST_S)
        return gone

    async def tend(self) -> Verdict:
        """Measure the room, fill the reserve, drop what is not needed, tell what has changed."""
        await self._let_go_of_erased()
        space = self._journal.space
        await asyncio.to_thread(space.reserve.fill)
        space.measured = await self._measured()
        verdict = space.verdict()
        if not verdict.allows(Work.EVENTS):
            await self._shed_events()
        if verdict.level is not self._level:
            self._level = verdict.level
            await self._tell(verdict)
        return verdict

    async def _let_go_of_erased(self) -> None:
        """Have the journal's log keep nothing of what was erased since the last look."""
        erased = await self._journal.read(traces.erased)
        if erased != self._settled and await asyncio.to_thread(
            traces.let_go_of_log, self._journal.path
        ):
            self._settled = erased

    async def _measured(self) -> Measured:
        """Measure the journal, and note it if a business day was closed."""
        space = self._journal.space
        before, found = space.measured, await self._journal.read(measure)
        if found.closed == before.closed:
            return found
        space.measured = found
        usable = space.room().usable
        try:
            return await self._journal.write(lambda conn: note_closing(conn, usable))
        except Fault as fault:
            log.warning("the size of the day was not noted", why=fault.detail)
            return found

    async def _shed_events(self) -> None:
        oldest, newest = await self._journal.read(events.span)
        try:
            for before in range(oldest, newest - EVENTS_SHED, events.PRUNE_STEP):
                upto = min(before + events.PRUNE_STEP, newest - EVENTS_SHED)
                await self._journal.write(partial(events.prune, before=upto))
        except Fault as fault:
            log.warning("old events were not dropped", why=fault.detail)

    async def _tell(self, verdict: Verdict) -> None:
        space = self._journal.space
        said, remedy = "", ""
        if verdict.level is Level.OK:
            log.info("the disk has room again")
        else:
            said, remedy = space.said(verdict), space.remedy()
            stopped = ", ".join(verdict.refused)
            log.warning("the disk fills", level=verdict.level, why=said, stopped=stopped)
        await self.tell(verdict.level, said, remedy)

    async def _aside(self, work: Callable[[Pace], T], rests: int | None = None) -> T:
        """Run long work in a thread of its own; who cancels it has it ended."""
        pace = Pace() if rests is None else Pace(rests)
        async with self._one:
            try:
                return await asyncio.to_thread(work, pace)
            finally:
                pace.stop()

    async def _noted(
        self,
        task: str,
        work: Callable[[], Awaitable[T]],
        said: Callable[[T], str],
        place: Callable[[T], upkeep.Place] = lambda _: "",
    ) -> T:
        """Do something, and keep what became of it."""
        try:
            result = await work()
        except Fault as fault:
            at, problem = self._clock.stamp().wall, fault
            await self._keep(lambda conn: upkeep.failed(conn, task, at, problem))
            raise
        at = self._clock.stamp().wall
        await self._keep(lambda conn: upkeep.succeeded(conn, task, at, said(result), place(result)))
        return result

    async def _keep(self, note: Callable[[Connection], None]) -> None:
        try:
            await self._journal.write(note)
        except Fault as fault:
            log.warning("what became of the upkeep was not kept", why=fault.detail)


async def _tried(work: Callable[[], Awaitable[object]]) -> Fault | None:
    try:
        await work()
    except Fault as fault:
        return fault
    return None


def plan_of(settings: Settings, key: str, journal: Path, folder: Path) -> Plan:
    """Say what is copied where: the copies of each store and machine have names of their own."""
    name = f"till-agent-{settings.store.id}-{key[:8]}"
    return Plan(journal=journal, folder=folder, name=name, keep=settings.agent.backup_keep)


def described(made: Backup) -> str:
    """Say what a backup holds."""
    return f"{made.path}, {made.entries} entries, {made.bytes} bytes"


def prunable(conn: Connection, keep_days: int) -> list[tuple[JournalId, int]]:
    """Give for each journal up to where it may be thinned out: safe at HQ, and old enough."""
    found = []
    for head in chains.heads(conn):
        ack = cursors.acked(conn, head.journal_id)
        safe = ack.safe_seq if ack else 0
        upto = min(safe, prune.retention_floor(conn, head.journal_id, keep_days)) if safe else 0
        found += [(head.journal_id, upto)] if upto else []
    return found


def place_of(made: Backup) -> upkeep.Place:
    """Say on which medium a backup lies."""
    return "second" if made.second_medium else "same"


def _verified(reports: list[JournalReport]) -> str:
    return f"{sum(report.tail_seq for report in reports)} entries are what was written"


def _log_reports(reports: list[JournalReport]) -> None:
    for report in reports:
        if report.ok:
            log.info("journal checked", till=report.till, lane=report.lane, entries=report.tail_seq)
        else:
            log.error(
                "journal is damaged",
                till=report.till,
                lane=report.lane,
                fault=report.fault,
                remedy="copy the state directory away, then: till-agent journal verify",
            )


async def _tell_nobody(_level: Level, _said: str, _remedy: str) -> None:
    """Tell nobody, until the daemon names somebody."""
