"""The till's loop: one inbox, one thing at a time, each decided and committed before the next.

Scans and requests wait in the same bounded inbox, so two fingers on two keys never interleave
inside a decision. A full inbox refuses at once and says so, rather than make a cashier wait for a
queue nobody sees. Who somebody is, is asked through the `lobby`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple, TypeVar

import structlog

from agent.contracts.clock import Clock
from agent.contracts.devices import ScanFrame, WeightReading
from agent.core.faults import Fault, UnavailableFault
from agent.core.identifiers import DeviceId, PartyId, SaleId, TillId
from agent.directory import Directory
from agent.journal import Journal
from agent.settings import Settings, TillSettings
from agent.till import customers, suggesting, views
from agent.till.commands import Command, DeviceScan, Identify
from agent.till.desk import Desk
from agent.till.guarding import refuse_written
from agent.till.handlers import HANDLERS
from agent.till.lead_replies import Suggestions
from agent.till.lobby import Lobby
from agent.till.own import OwnEntries
from agent.till.replies import DayView, PartyView, SaleView, TillView, TimelineView
from agent.till.restoring import restore
from agent.till.showing import CustomerView, Showing, customer_view

INBOX_MAX = 256
"""Requests and scans waiting: some seconds of work for one till; more means that it is stuck."""
TURN_S = 1.0
"""The loop turns at least this often, also when nobody asks, so that a watchdog can tell."""

R = TypeVar("R")
log = structlog.get_logger(__name__)


class _Asked(NamedTuple):
    command: Command[Any]
    answer: asyncio.Future[Any] | None


class TillLoop:
    """One till, from its scanner to its journal.

    Attributes:
        desk: what the handlers share; others only read it.
        turned_at: `time.monotonic()` of the loop's last turn, for the watchdog.
        scans: scans taken since the start, by kind of outcome.
        refused: requests and scans turned away because too many waited.
        on_recognised: called with each scan's device and kind; the daemon puts its own here.
    """

    def __init__(
        self,
        *,
        till: TillSettings,
        settings: Settings,
        journal: Journal,
        directory: Directory,
        clock: Clock,
        own: OwnEntries | None = None,
    ) -> None:
        """Take what the till works with; nothing is read before `start`.

        Args:
            till: one `[[till]]` of the settings.
            settings: all of them.
            journal: shared by the tills of the agent.
            directory: likewise.
            clock: time, ids, randomness.
            own: the agent's own newest entries; hand the same one to all tills of an agent.
        """
        self.desk = Desk(
            till=till,
            settings=settings,
            journal=journal,
            directory=directory,
            clock=clock,
            own=OwnEntries() if own is None else own,
        )
        self.turned_at = time.monotonic()
        self.scans: dict[str, int] = {}
        self.refused = 0
        self.on_recognised: Callable[[DeviceId, str], None] = lambda _device, _kind: None
        self._inbox: asyncio.Queue[_Asked] = asyncio.Queue(maxsize=INBOX_MAX)
        self._lobby = Lobby(self.desk, self._busy)
        self._has_stopped = False
        self._showing = Showing(self.desk)

    @property
    def till(self) -> TillId:
        """The till's id."""
        return self.desk.till.id

    @property
    def waiting(self) -> int:
        """How many requests and scans wait in the inbox."""
        return self._inbox.qsize()

    async def start(self) -> None:
        """Take up where the last run ended: baskets, cashier, enrolments not yet at HQ."""
        await restore(self.desk)

    async def run(self) -> None:
        """Decide one thing after the other until cancelled; who still waits then is told."""
        try:
            while True:
                self.turned_at = time.monotonic()
                asked = await self._next()
                await self._lapse()
                if asked is not None:
                    await self._decide(asked)
                self._showing.refresh()
        finally:
            self._has_stopped = True
            while not self._inbox.empty():
                self._refuse(self._inbox.get_nowait(), _stopping(self.till))

    async def ask(self, command: Command[R]) -> R:
        """Have a command decided, and give its answer once it is durable.

        The command is carried out also if whoever asked gives up waiting.

        Raises:
            Fault: why it was refused; nothing was changed.
            CardNumberGiven, ContactWritten: somebody wrote a payment card's number, or how to reach
                a customer, where it would be kept.
            UnavailableFault: `till-busy`, `till-stopping`: it was not even queued.
        """
        refuse_written(command, self.desk.store.country)
        in_turn = partial(self._in_turn, command)
        if isinstance(command, Identify):
            return await self._lobby.pass_through(command, in_turn)
        return await in_turn()

    def offer_scan(self, device_id: DeviceId, frame: ScanFrame) -> None:
        """Hand in a scanner's frame; never blocks the scanner's thread of events."""
        try:
            self._put(_Asked(DeviceScan(device_id, frame), None))
        except UnavailableFault as fault:
            log.warning("scan-lost", till=self.till, device=device_id, why=fault.detail)

    async def view(self) -> TillView:
        """Show the till as it stands."""
        return await views.till_view(self.desk)

    async def sale(self, sale_id: SaleId) -> SaleView:
        """Show a basket or a completed sale of this till.

        Raises:
            NotFoundFault: `no-such-sale`.
        """
        return await views.sale_view(self.desk, sale_id)

    def holds(self, sale_id: SaleId) -> bool:
        """Tell whether a basket of this id is at this till."""
        return sale_id in self.desk.baskets

    async def report(self) -> DayView:
        """Show the figures since the till was closed last: an X report."""
        return await views.report(self.desk)

    async def weigh(self, within_s: float) -> WeightReading:
        """Give the stable weight on the till's scale, beside everything the till decides.

        Raises:
            StateFault: `no-scale`, `no-weight`, `unstable-weight`.
            UnavailableFault: `scale-not-ready`.
        """
        return await self.desk.peripherals.weigh(within_s)

    async def zero(self, within_s: float) -> None:
        """Have the till's scale take its present load as zero.

        Raises:
            StateFault: `no-scale`, `not-zeroed`.
            UnavailableFault: `scale-not-ready`.
        """
        await self.desk.peripherals.zero(within_s)

    def display(self, lines: tuple[str, ...]) -> None:
        """Show lines of POS software's own on the till's line display.

        Raises:
            StateFault: `no-display`.
        """
        self._showing.post(lines)

    def customer_view(self) -> CustomerView:
        """Show the till to its customer: goods and amounts, nobody's name."""
        return customer_view(self.desk)

    async def party(self, party_id: PartyId) -> PartyView:
        """Show a customer who is here.

        Raises:
            StateFault: `identify-first`.
            NotFoundFault: `no-such-party`.
        """
        return await customers.party(self.desk, party_id)

    async def timeline(self, party_id: PartyId) -> TimelineView:
        """Show what the till holds of the history of a customer who is here.

        Raises:
            StateFault: `identify-first`.
            NotFoundFault: `no-such-party`.
        """
        return await customers.timeline(self.desk, party_id)

    async def suggestions(self, sale_id: SaleId, in_step: str) -> Suggestions:
        """Choose what to point out to the customer of a basket.

        Args:
            sale_id: open or parked here.
            in_step: the day on which HQ was last heard; empty where there is no HQ.

        Raises:
            NotFoundFault: `no-such-sale`.
            StateFault: the sale is completed or cancelled.
        """
        return await suggesting.suggestions(self.desk, await self.desk.basket(sale_id), in_step)

    async def _next(self) -> _Asked | None:
        with suppress(TimeoutError):
            async with asyncio.timeout(TURN_S):
                return await self._inbox.get()
        return None

    async def _in_turn(self, command: Command[R]) -> R:
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._put(_Asked(command, answer))
        return await answer

    def _put(self, asked: _Asked) -> None:
        if self._has_stopped:
            raise _stopping(self.till)
        try:
            self._inbox.put_nowait(asked)
        except asyncio.QueueFull:
            raise self._busy(INBOX_MAX) from None

    def _busy(self, waiting: int) -> UnavailableFault:
        self.refused += 1
        return UnavailableFault(
            f"till {self.till} has {waiting} requests waiting",
            remedy="wait a moment and ask again with the same ids; if it stays, look at "
            "till-agent status: the disk may be full or failing",
            name="till-busy",
        )

    async def _lapse(self) -> None:
        try:
            await customers.lapse(self.desk)
        except Exception:  # They are gone from the till; the next thing is decided.
            log.exception("customer-gone-untold", till=self.till)

    async def _decide(self, asked: _Asked) -> None:
        try:
            result = await HANDLERS[type(asked.command)](self.desk, asked.command)
        except asyncio.CancelledError:
            self._refuse(asked, _stopping(self.till))
            raise
        except Fault as fault:
            self._refuse(asked, fault)
        # One bad request never ends the till: it is logged with its trace, and the next is decided.
        except Exception as error:
            log.exception("till-failed", till=self.till, asked=type(asked.command).__name__)
            self._refuse(asked, error)
        else:
            self._answer(asked, result)

    def _answer(self, asked: _Asked, result: object) -> None:
        kind = getattr(result, "kind", None)
        if isinstance(kind, str) and isinstance(asked.command, DeviceScan):
            self.scans[kind] = self.scans.get(kind, 0) + 1
            self.on_recognised(asked.command.device, kind)
        if asked.answer is not None and not asked.answer.done():
            asked.answer.set_result(result)

    def _refuse(self, asked: _Asked, problem: Exception) -> None:
        if asked.answer is None:
            log.error("scan-not-handled", till=self.till, why=str(problem))
        elif not asked.answer.done():
            asked.answer.set_exception(problem)


def _stopping(till: TillId) -> UnavailableFault:
    return UnavailableFault(
        f"till {till} is stopping",
        remedy="ask again with the same ids once the agent runs: nothing is done twice",
        name="till-stopping",
    )
