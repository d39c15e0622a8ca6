"""One printer: its jobs worked off one at a time, its condition watched in between (P7).

A job is marked `sending` on disk before its first byte can leave, and never printed again by
itself from there on: it ends `confirmed`, or `held` when it is certain that nothing was sent, or
`uncertain`, for a person to decide. A job found `sending` at the start is uncertain too.

Between jobs the printer is watched; a job that arrives ends the watch and is printed at once, or
held at once where the watch knows of a fault. So there is never more than one who talks to it.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import aclosing, suppress

import msgspec
import structlog

from agent.contracts.clock import Clock
from agent.contracts.devices import DeviceFault, Printer, PrintOutcome, PrintResult
from agent.core.faults import Fault, InputFault, NotFoundFault
from agent.core.identifiers import DeviceId, PrintId, SaleId
from agent.core.privacy import KeptUnreadable
from agent.core.receipt.document import Cut, Feed, ReceiptDocument
from agent.devices.backoff import Backoff
from agent.devices.board import READY, Board
from agent.devices.drawer import Drawer
from agent.devices.handed import DrawerOptions
from agent.devices.queue import LOOK, PrintQueue
from agent.journal import Connection, Journal
from agent.journal.prints import DRAWER, RECEIPT, PrintJob

TROUBLE_FIRST_S, TROUBLE_CAP_S = 1.0, 5.0
"""Between two attempts to print on a printer that seems well and takes nothing."""
MISSES_MAX = 3
"""After so many attempts of which nothing was sent, a job lets those behind it try first."""
KICK_WITHIN_S = 3.0
"""A drawer that opens later than this opens for nobody (or for a thief): the kick is dropped."""
LOOKS, LOOK_S = 8, 0.1
"""After a kick, how often and how close together the drawer's switch is looked at."""
SEPARATOR = ReceiptDocument(language="en", blocks=(Feed(1), Cut()))
"""Cuts off what a broken job left on the paper, so that no customer gets another one's lines."""

Receipt = Callable[[Connection, SaleId, bool], ReceiptDocument]
"""Lays out the receipt of a sale, marked as a copy or not, from the journal; raises a Fault."""
CopyMark = Callable[[], ReceiptDocument]
"""What is printed before a copy of raw bytes, which cannot be marked themselves."""
Reveal = Callable[[bytes, PrintId], bytes]
"""Deciphers a paper that waited, by the id of its job; raises `KeptUnreadable`."""

log = structlog.get_logger(__name__)


class PrintWorker:
    """The only one who ever talks to its printer."""

    def __init__(
        self,
        device: DeviceId,
        printer: Printer,
        *,
        journal: Journal,
        clock: Clock,
        board: Board,
        rng: random.Random,
        receipt: Receipt,
        copy_mark: CopyMark,
        reveal: Reveal = lambda paper, _print_id: paper,
        print_within_s: float = float("inf"),
        drawer: DrawerOptions | None = None,
    ) -> None:
        """Take a printer over; nothing is opened yet."""
        self._device = device
        self._printer = printer
        self._journal = journal
        self._receipt = receipt
        self._copy_mark = copy_mark
        self._reveal = reveal
        self._board = board
        self._queue = PrintQueue(device, journal, clock, board, print_within_s=print_within_s)
        self._drawer = Drawer(device, drawer or DrawerOptions(), board=board, clock=clock)
        self._backoff = Backoff(TROUBLE_FIRST_S, TROUBLE_CAP_S, rng)
        self._turn = asyncio.Lock()
        self._trouble: PrintResult | None = None
        self._misses: Counter[PrintId] = Counter()
        self._separate = False
        self._not_before = 0.0

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            while True:
                await self._run_once()
                await self._board.pause(self._device, self._backoff.next_s())
        finally:
            self._drawer.stop()

    async def finish(self, within_s: float | None) -> None:
        """Wait for the job under way and take no other one; give up after `within_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._turn.acquire()

    def wake(self) -> None:
        """Look again: something was plugged in."""
        self._queue.woken.set()

    async def _run_once(self) -> None:
        try:
            self._separate |= await self._queue.recover()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._queue.listen())
                group.create_task(self._work())
        except* Exception as bugs:
            _forget_cancelling()
            # Whatever it is, it must not take the other devices down; it is told in full.
            log.exception("a printer's worker failed", device=self._device, exc_info=bugs)
            self._board.note(self._device, "broken", str(bugs.exceptions[0]))

    async def _work(self) -> None:
        while True:
            self._queue.woken.clear()
            jobs = await self._queue.in_time()
            job = await self._next(jobs)
            if job is None:
                await self._idle(jobs)
                continue
            async with self._turn:
                await self._take(job, alone=len(jobs) == 1)

    async def _next(self, jobs: list[PrintJob]) -> PrintJob | None:
        """Choose what to do now; what a known fault keeps from printing is held at once."""
        if not jobs or jobs[0].kind == DRAWER:
            return jobs[0] if jobs else None
        if self._trouble is not None:
            await self._queue.hold(_reason(self._trouble))
            return None
        if _now() < self._not_before:
            return None
        return min(jobs, key=lambda job: self._misses[job.print_id] // MISSES_MAX)

    async def _idle(self, jobs: list[PrintJob]) -> None:
        """Watch the printer until there is something to do."""
        watching = asyncio.create_task(self._watch())
        woken = asyncio.create_task(self._queue.woken.wait())
        try:
            await asyncio.wait(
                {watching, woken},
                timeout=self._idle_s(jobs),
                return_when=asyncio.FIRST_COMPLETED,
            )
            if watching.done():
                watching.result()
        finally:
            for task in (watching, woken):
                task.cancel()
            # Only when its watch is over may the printer be talked to.
            await asyncio.wait({watching, woken})

    def _idle_s(self, jobs: list[PrintJob]) -> float | None:
        """Tell when to look again by oneself; None where only news matter."""
        soon = self._queue.next_late_s(jobs)
        again = self._not_before - _now()
        waits = [each for each in (soon, again if jobs and again > 0 else None) if each is not None]
        return min(waits, default=None)

    async def _watch(self) -> None:
        """Note what the printer tells; a watch that ends by itself is begun anew."""
        while True:
            try:
                async with aclosing(self._printer.watch()) as conditions:
                    async for found in conditions:
                        self._note(found)
            except DeviceFault as fault:
                self._note(PrintResult(PrintOutcome.DISCONNECTED, sent=False, detail=str(fault)))
            await asyncio.sleep(self._backoff.next_s())

    async def _take(self, job: PrintJob, *, alone: bool) -> None:
        if job.kind == DRAWER:
            await self._kick(job, alone=alone)
        elif await self._separated():
            await self._print(job)

    async def _separated(self) -> bool:
        """Cut off what a broken job left on the paper; False where the printer does not take it."""
        if not self._separate:
            return True
        result = await self._printer.print_document(SEPARATOR)
        self._note(result)
        self._separate = result.outcome is not PrintOutcome.SUCCESS
        self._put_off(missed=self._separate)
        return not self._separate

    async def _print(self, job: PrintJob) -> None:
        try:
            # A journal that cannot be read just now ends this attempt; the job waits as it is.
            content = await self._content(job)
        except (InputFault, NotFoundFault, KeptUnreadable, msgspec.DecodeError) as fault:
            await self._queue.move(job, "failed", str(fault))
            return
        sending = await self._queue.move(job, "sending")
        if sending is None:
            return
        try:
            result = await self._send(content, marked=job.copy)
        except Fault as fault:
            await self._queue.move(sending, "failed", str(fault))
            return
        except Exception:
            # A driver that fails in an unforeseen way may have sent something.
            log.exception("a printer's driver failed", device=self._device, job=job.print_id)
            result = PrintResult(PrintOutcome.ERROR, sent=True, detail="the driver failed")
        await self._ended(sending, result)

    async def _ended(self, job: PrintJob, result: PrintResult) -> None:
        state = _state_after(result)
        self._note(result)
        self._separate |= state == "uncertain"
        if state == "held":
            self._misses[job.print_id] += 1
        else:
            self._misses.pop(job.print_id, None)
        self._put_off(missed=state != "confirmed")
        await self._queue.move(job, state, _reason(result))

    def _put_off(self, *, missed: bool) -> None:
        """Leave a printer alone for a while that seemed well, and then was not."""
        if missed:
            self._not_before = _now() + self._backoff.next_s()
        else:
            self._not_before = 0.0
            self._backoff.reset()

    async def _content(self, job: PrintJob) -> ReceiptDocument | bytes:
        sale_id, copy = job.sale_id, job.copy
        if job.kind == RECEIPT and sale_id is not None:
            return await self._journal.read(lambda conn: self._receipt(conn, sale_id, copy))
        paper = self._reveal(job.payload or b"", job.print_id)
        return paper if job.kind == "raw" else msgspec.json.decode(paper, type=ReceiptDocument)

    async def _send(self, content: ReceiptDocument | bytes, *, marked: bool) -> PrintResult:
        if isinstance(content, ReceiptDocument):
            return await self._printer.print_document(content)
        if marked:
            mark = await self._printer.print_document(self._copy_mark())
            if mark.outcome is not PrintOutcome.SUCCESS:
                return mark
        result = await self._printer.print_raw(content)
        # Once the mark is on paper, something of the job is.
        return msgspec.structs.replace(result, sent=result.sent or marked)

    async def _kick(self, job: PrintJob, *, alone: bool) -> None:
        """Open the drawer now or never."""
        left_s = KICK_WITHIN_S - self._queue.age_s(job)
        if left_s <= 0:
            await self._queue.move(job, "expired", "the printer was busy for too long")
            return
        sending = await self._queue.move(job, "sending")
        if sending is None:
            return
        self._drawer.kicked(job.print_id)
        before = self._drawer.level
        result = await self._kicked_within(left_s)
        self._note(result)
        opened = result.outcome is PrintOutcome.SUCCESS
        await self._queue.move(sending, "confirmed" if opened else "failed", _reason(result))
        if opened and alone and before is not None:
            await self._look_at_drawer(before)

    async def _kicked_within(self, seconds: float) -> PrintResult:
        try:
            async with asyncio.timeout(seconds):
                return await self._printer.kick_drawer()
        except TimeoutError:
            said = f"the printer did not take it within {KICK_WITHIN_S:.0f} s: it was dropped"
            return PrintResult(PrintOutcome.UNRESPONSIVE, sent=True, detail=said)

    async def _look_at_drawer(self, before: bool) -> None:
        """Follow the switch for a moment, unless there is something to print."""
        for _ in range(LOOKS):
            if self._drawer.level != before or await self._woken_within(LOOK_S):
                return
            self._note(await self._printer.status())

    async def _woken_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._queue.woken.wait()
        except TimeoutError:
            return False

    def _note(self, result: PrintResult) -> None:
        """Take what the printer tells: of itself, and of the drawer behind it."""
        self._drawer.see(result.drawer_high)
        if result.outcome is not PrintOutcome.SUCCESS:
            self._trouble = result
            self._board.note(self._device, result.outcome.value, result.detail)
            return
        if self._trouble is not None:
            self._trouble = None
            self._queue.woken.set()
        said = "" if result.sent else result.detail
        detail = "; ".join(filter(None, (said, self._drawer.hint)))
        self._board.note(self._device, READY, detail)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _state_after(result: PrintResult) -> str:
    if result.outcome is PrintOutcome.SUCCESS:
        return "confirmed"
    return "uncertain" if result.sent else "held"


def _reason(result: PrintResult) -> str:
    if result.outcome is PrintOutcome.SUCCESS:
        return result.detail
    said = f"{result.outcome.value}: {result.detail}"
    return f"{said}; {LOOK}" if result.sent else said


def _forget_cancelling() -> None:
    """Take back what a failed TaskGroup leaves behind in Python before 3.11.4.

    It asks its own task to be cancelled and forgets to take that back; each later
    `asyncio.timeout` of the task would then end it instead of timing out.
    """
    task = asyncio.current_task()
    while task is not None and task.cancelling():
        task.uncancel()
