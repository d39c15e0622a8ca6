"""Asking HQ for leases: for a sale that waits at the counter, and in advance, beside everything.

The till itself never waits for either (P1): who asks for a sale does so before the till decides,
and in advance nobody waits, nor is told where HQ gives nothing.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import NamedTuple

import msgspec
import structlog

from agent.contracts.clock import Clock
from agent.contracts.hq import HqLink, HqUnreachable
from agent.core.exchange.leasing import LeaseAsk
from agent.core.exchange.orders import FEED_KEY, SignedOrder
from agent.core.exchange.wire import FeedItem
from agent.core.faults import Fault
from agent.core.identifiers import SaleId, StoreId, TillId
from agent.journal import Connection, Journal, purses
from agent.sync.orders import OrderDesk

ANSWER_S = 4
"""How long somebody at the counter waits for HQ; then the till takes what it can by itself."""
WAITING_MAX = 1000
"""Wishes kept while HQ is asked; what is beyond comes again with the customer's next sale."""
log = structlog.get_logger(__name__)


class Want(NamedTuple):
    """What a lease is wanted for."""

    owner: str
    unit: str
    value: int = 0
    """In the unit; 0: all that can be given in advance."""
    sale_id: SaleId | None = None
    """None: for when HQ is away."""


class Leasing:
    """Asks for leases, and takes up what HQ gives."""

    def __init__(
        self, link: HqLink, journal: Journal, clock: Clock, orders: OrderDesk, store: StoreId
    ) -> None:
        """Keep the way to HQ, the journal that knows what is held, and who carries orders out."""
        self._link, self._journal, self._clock = link, journal, clock
        self._orders, self._store = orders, store
        self._wishes: asyncio.Queue[tuple[TillId, Want]] = asyncio.Queue(WAITING_MAX)

    async def ask(self, till: TillId, want: Want) -> None:
        """Ask HQ for a part of a balance, and take up what it gives.

        Raises:
            UnavailableFault: HQ is not reached, or not fast enough.
            HqRefused: HQ gives nothing, and says why.
        """
        journal = await self._journal.read(lambda conn: purses.side_journal(conn, till))
        asked = LeaseAsk(
            lease_id=self._clock.uuid7(),
            owner=want.owner,
            unit=want.unit,
            value=want.value,
            store=self._store,
            till=till,
            journal=journal,
            sale_id=want.sale_id,
        )
        signed = await self._answer(asked)
        # As the feed brings it as well: it is carried out once.
        body = msgspec.Raw(msgspec.json.encode(signed))
        await self._orders.take([FeedItem(0, FEED_KEY + asked.lease_id, 0, "put", body)])

    def in_advance(self, till: TillId, owner: str, unit: str) -> None:
        """Note that somebody may want to pay at this till when HQ is away; never blocks."""
        if not self._wishes.full():
            self._wishes.put_nowait((till, Want(owner, unit)))

    async def run(self) -> None:
        """Ask for what is wanted in advance, one after the other, until cancelled."""
        while True:
            till, want = await self._wishes.get()
            try:
                if not await self._journal.read(partial(_holds, till, want)):
                    await self.ask(till, want)
            except Fault as fault:
                log.debug("nothing is leased in advance", why=fault.name, till=till)

    async def _answer(self, asked: LeaseAsk) -> SignedOrder:
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._link.lease(asked)
        except TimeoutError:
            raise HqUnreachable(
                f"HQ has not answered within {ANSWER_S} s",
                remedy="take another tender, or try again in a moment",
            ) from None


def _holds(till: TillId, want: Want, conn: Connection) -> bool:
    """Tell whether the till can still spend something of theirs without asking."""
    held = purses.purse(conn, purses.side_journal(conn, till))
    return any(
        held.left(lease_id) > 0
        for lease_id, lease in held.leases.items()
        if (lease.owner, lease.unit, lease.sale_id) == (want.owner, want.unit, None)
    )
