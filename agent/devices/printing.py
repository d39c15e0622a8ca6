"""One printer: its jobs worked off one at a time, its condition watched in between (P7).

A job is marked `sending` on disk before its first byte can leave, and never printed again by
itself from there on: it ends `confirmed`, or `held` when it is certain that nothing was sent, or
`uncertain`, for a person to decide. A job found `sending` at the start is uncertain too.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress

import msgspec
import structlog

from agent.contracts.clock import Clock
from agent.contracts.devices import Printer, PrintOutcome, PrintResult
from agent.core.faults import Fault, InputFault, NotFoundFault
from agent.core.identifiers import DeviceId, SaleId
from agent.core.receipt.document import Cut, Feed, ReceiptDocument
from agent.devices.backoff import Backoff
from agent.devices.board import READY, Board
from agent.devices.queue import LOOK, PrintQueue
from agent.journal import Connection, Journal
from agent.journal.prints import RECEIPT, PrintJob

TROUBLE_FIRST_S, TROUBLE_CAP_S = 1.0, 5.0
"""Between two looks at a printer that cannot print."""
IDLE_S = 10.0
"""Between two looks at a printer that has nothing to do."""
KICK_WITHIN_S = 3.0
"""A drawer that opens later than this opens for nobody (or for a thief): the kick is dropped."""
SEPARATOR = ReceiptDocument(language="en", blocks=(Feed(1), Cut()))
"""Cuts off what a broken job left on the paper, so that no customer gets another one's lines."""

Receipt = Callable[[Connection, SaleId, bool], ReceiptDocument]
"""Lays out the receipt of a sale, marked as a copy or not, from the journal; raises a Fault."""

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
    ) -> None:
        """Take a printer over; nothing is opened yet."""
        self._device = device
        self._printer = printer
        self._journal = journal
        self._receipt = receipt
        self._board = board
        self._queue = PrintQueue(device, journal, clock, board)
        self._backoff = Backoff(TROUBLE_FIRST_S, TROUBLE_CAP_S, rng)
        self._turn = asyncio.Lock()
        self._trouble = False
        self._separate = False
        self._look_at = 0.0

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                self._separate |= await self._queue.recover()
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._queue.listen())
                    group.create_task(self._work())
            except* Exception as bugs:
                # Whatever it is, it must not take the other devices down; it is told in full.
                log.exception("a printer's worker failed", device=self._device, exc_info=bugs)
                await self._board.set(self._device, "broken", str(bugs.exceptions[0]))
            await asyncio.sleep(self._backoff.next_s())

    async def finish(self, within_s: float) -> None:
        """Wait for the job under way and take no other one; give up after `within_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._turn.acquire()

    async def _work(self) -> None:
        while True:
            self._queue.woken.clear()
            jobs = await self._queue.waiting()
            if self._now() < self._look_at and not self._worth_trying(jobs):
                await self._wait()
                continue
            async with self._turn:
                if jobs:
                    await self._take(jobs[0])
                else:
                    await self._note(await self._printer.status())

    def _worth_trying(self, jobs: list[PrintJob]) -> bool:
        """Held jobs wait for a printer in trouble; a new one is reason enough to look again."""
        return any(job.state == "queued" or not self._trouble for job in jobs)

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._look_at):
                await self._queue.woken.wait()

    async def _take(self, job: PrintJob) -> None:
        if job.kind == "drawer":
            await self._kick(job)
            return
        obstacle = await self._obstacle()
        if obstacle is None:
            await self._print(job)
        else:
            await self._note(obstacle)
            await self._queue.hold(_reason(obstacle))

    async def _obstacle(self) -> PrintResult | None:
        """Find out whether a printer that had trouble could print now."""
        if self._separate:
            result = await self._printer.print_document(SEPARATOR)
            self._separate = result.outcome is not PrintOutcome.SUCCESS
        elif self._trouble:
            result = await self._printer.status()
        else:
            return None
        return None if result.outcome is PrintOutcome.SUCCESS else result

    async def _print(self, job: PrintJob) -> None:
        try:
            # A journal that cannot be read just now ends this attempt; the job waits as it is.
            content = await self._content(job)
        except (InputFault, NotFoundFault, msgspec.DecodeError) as fault:
            await self._queue.move(job, "failed", str(fault))
            return
        job = await self._queue.move(job, "sending")
        try:
            result = await self._send(content)
        except Fault as fault:
            await self._queue.move(job, "failed", str(fault))
            return
        except Exception:
            # A driver that fails in an unforeseen way may have sent something.
            log.exception("a printer's driver failed", device=self._device, job=job.print_id)
            result = PrintResult(PrintOutcome.ERROR, sent=True, detail="the driver failed")
        await self._note(result)
        state = _state_after(result)
        self._separate |= state == "uncertain"
        await self._queue.move(job, state, _reason(result))

    async def _content(self, job: PrintJob) -> ReceiptDocument | bytes:
        sale_id, copy = job.sale_id, job.copy
        if job.kind == RECEIPT and sale_id is not None:
            return await self._journal.read(lambda conn: self._receipt(conn, sale_id, copy))
        if job.kind == "raw":
            return job.payload or b""
        return msgspec.json.decode(job.payload or b"", type=ReceiptDocument)

    async def _send(self, content: ReceiptDocument | bytes) -> PrintResult:
        if isinstance(content, bytes):
            return await self._printer.print_raw(content)
        return await self._printer.print_document(content)

    async def _kick(self, job: PrintJob) -> None:
        """Open the drawer now or never."""
        if self._queue.age_s(job) > KICK_WITHIN_S:
            await self._queue.move(job, "expired", "the printer was busy for too long")
            return
        job = await self._queue.move(job, "sending")
        result = await self._printer.kick_drawer()
        await self._note(result)
        opened = result.outcome is PrintOutcome.SUCCESS
        await self._queue.move(job, "confirmed" if opened else "failed", _reason(result))

    async def _note(self, result: PrintResult) -> None:
        self._trouble = result.outcome is not PrintOutcome.SUCCESS
        if self._trouble:
            self._look_at = self._now() + self._backoff.next_s()
            await self._board.set(self._device, result.outcome.value, result.detail)
        else:
            self._backoff.reset()
            self._look_at = self._now() + IDLE_S
            await self._board.set(self._device, READY, "" if result.sent else result.detail)

    def _now(self) -> float:
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
