"""One scope's changes from HQ: asked for by long poll, applied, then told to the till.

A scope that is begun, or in which the till has lost its place, is taken whole where HQ has a
snapshot of it, and read page by page where it has none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec
import structlog

from agent.contracts.clock import Clock
from agent.contracts.hq import HqLink, HqRefused, HqSlowDown, HqUnreachable, NoSnapshot
from agent.core.exchange.cursors import follows
from agent.core.exchange.faults import FeedGone
from agent.core.exchange.orders import FEED_KEY
from agent.core.exchange.replica import ERASE
from agent.core.exchange.snapshots import SnapshotUnusable
from agent.core.exchange.waits import asked_ms, backoff_ms
from agent.core.exchange.wire import FeedItem, FeedPage
from agent.core.faults import Fault
from agent.sync.presence import Presence
from agent.sync.snapshots import Snapshots

_log = structlog.get_logger(__name__)
WAIT_S = 25
"""How long HQ may hold an answer back while nothing changes."""
EMPTY_PAUSE_S = 1
"""An HQ that answers "nothing" at once is not asked in a tight loop."""
_DRAW_BYTES = 4

OnChange = Callable[[str, list[str]], Awaitable[None]]
"""(scope, keys that changed): called after they were applied."""
OnOrders = Callable[[Sequence[FeedItem]], Awaitable[None]]
"""Carries out HQ's signed orders among the items, before any other of them is applied."""


class Replica(Protocol):
    """What a feed fills: the till's directory."""

    def cursor(self, scope: str) -> str:
        """Tell how far a scope was applied; empty before the first page."""
        ...

    def apply(self, scope: str, page: FeedPage) -> list[str]:
        """Apply a page and its cursor in one transaction; return the keys that changed."""
        ...

    def reread(self, scope: str) -> None:
        """Begin a scope anew: the next page is read from the start."""
        ...


class FeedFollower:
    """Follows one scope, for as long as it runs."""

    def __init__(
        self,
        scope: str,
        *,
        link: HqLink,
        replica: Replica,
        clock: Clock,
        presence: Presence,
        on_change: OnChange,
        on_epoch: Callable[[str], None],
        on_orders: OnOrders,
        snapshots: Snapshots | None = None,
        require_room: Callable[[], None] = lambda: None,
        on_trouble: Callable[[str, Fault | None], None] = lambda _scope, _fault: None,
    ) -> None:
        """Follow `scope`; `on_epoch` is told HQ's epoch with each page.

        Without `snapshots` every scope is read page by page. `require_room` raises a fault while
        the disk has no room for what can be had again. `on_trouble` is told (scope, why) of what
        this machine itself refuses, and (scope, None) once that is over.
        """
        self._scope = scope
        self._link = link
        self._replica = replica
        self._clock = clock
        self._presence = presence
        self._on_change = on_change
        self._on_epoch = on_epoch
        self._on_orders = on_orders
        self._snapshots = snapshots
        self._require_room = require_room
        self._on_trouble = on_trouble
        self._is_gone = self._by_pages = False
        self._failures = self._lost = 0
        self._back = asyncio.Event()

    def hq_seen(self) -> None:
        """HQ answers again: wait no longer."""
        self._back.set()

    def begin_anew(self) -> None:
        """Take the scope from the start, as soon as HQ has answered what it was asked last.

        Not before: that answer follows the place where the till stands now.
        """
        self._is_gone, self._by_pages = True, False
        self._back.set()

    async def run(self) -> None:
        """Read and apply pages until cancelled; a failure is waited out, never raised."""
        while True:
            pause_ms = await self._turn()
            if pause_ms:
                await self._pause(pause_ms)

    async def _turn(self) -> int:
        """Read and apply one page; return how many milliseconds to wait before the next."""
        self._back.clear()
        # After a failure HQ is asked to answer at once: its silence would look like the outage.
        wait_s = 0 if self._failures or not self._presence.online else WAIT_S
        try:
            return await self._follow(wait_s)
        except HqSlowDown as fault:
            self._presence.answered(self._scope)
            self._failures += 1
            return asked_ms(fault.delay_ms, self._failures, self._draw())
        except Fault as fault:
            return self._failed(fault)

    async def _follow(self, wait_s: int) -> int:
        began = asyncio.get_running_loop().time()
        try:
            if self._is_to_begin():
                await self._begin()
            page = await self._page(wait_s)
            await self._apply(page)
        except FeedGone:
            # To begin anew is a write, too, and the disk may refuse it.
            return self._lost_place()
        self._failures = self._lost = 0
        self._on_trouble(self._scope, None)
        quick = asyncio.get_running_loop().time() - began < EMPTY_PAUSE_S
        return EMPTY_PAUSE_S * 1000 if quick and wait_s and not page.items else 0

    async def _apply(self, page: FeedPage) -> None:
        await self._on_orders(page.items)
        # Who is to be forgotten is forgotten on a full disk too.
        if page.items and not any(item.op == ERASE for item in page.items):
            self._require_room()
        rest = tuple(item for item in page.items if not item.key.startswith(FEED_KEY))
        keys = self._replica.apply(self._scope, msgspec.structs.replace(page, items=rest))
        if self._snapshots is not None and any(item.op == ERASE for item in rest):
            await self._snapshots.let_go()
        self._on_epoch(page.cursor.partition(".")[0])
        if keys:
            await self._on_change(self._scope, keys)

    async def _page(self, wait_s: int) -> FeedPage:
        after = self._replica.cursor(self._scope)
        # Who begins awaits no news: HQ may have nothing here, and this till what is gone there.
        page = await self._link.feed(self._scope, after, wait_s if after else 0)
        self._presence.answered(self._scope)
        if not follows(after, page):
            raise FeedGone(
                f"HQ's page of {self._scope} does not follow the position {after!r}",
                remedy="nothing: the feed is begun anew; if it happens again, look into HQ's log",
            )
        return page

    def _is_to_begin(self) -> bool:
        """Tell whether the scope is to be taken whole, if HQ has it so."""
        return self._is_gone or not (self._by_pages or self._replica.cursor(self._scope))

    async def _begin(self) -> None:
        """Take the scope whole; where that cannot be, read it from the start."""
        if self._snapshots is None:
            self._read_from_start()
            return
        try:
            manifest, keys = await self._snapshots.take(self._scope)
        except NoSnapshot:
            self._read_from_start()
        except SnapshotUnusable as fault:
            _log.warning("a snapshot is not used", scope=self._scope, reason=str(fault))
            self._read_from_start()
        else:
            self._is_gone = False
            self._presence.answered(self._scope)
            self._on_epoch(manifest.epoch)
            await self._on_change(self._scope, keys)

    def _read_from_start(self) -> None:
        if self._is_gone:
            self._replica.reread(self._scope)
        self._by_pages, self._is_gone = True, False

    def _lost_place(self) -> int:
        """HQ's feed is another one: begin it anew, and not in a tight loop.

        However long HQ was silent before: this was an answer, and what is held is out of date.
        """
        self._presence.answered(self._scope)
        _log.warning("HQ's feed is another one, it is begun anew", scope=self._scope)
        self._is_gone, self._by_pages = True, False
        if self._snapshots is None:
            self._read_from_start()  # If that fails, HQ's next answer leads here again.
        self._failures += 1
        self._lost += 1
        return 0 if self._lost == 1 else backoff_ms(self._lost, self._draw())

    def _failed(self, fault: Fault) -> int:
        self._failures += 1
        if isinstance(fault, HqUnreachable):
            # What answers next may be another HQ still: it is to see where this till was, too.
            self._is_gone = False
            self._presence.silent(self._scope, str(fault))
            return backoff_ms(self._failures, self._draw())
        if isinstance(fault, HqRefused):
            self._presence.answered(self._scope)
        else:
            self._on_trouble(self._scope, fault)
        self._presence.failed(str(fault))
        log = _log.warning if self._failures == 1 else _log.debug
        log("a feed cannot be followed", scope=self._scope, reason=str(fault))
        return backoff_ms(self._failures, self._draw())

    async def _pause(self, pause_ms: int) -> None:
        try:
            async with asyncio.timeout(pause_ms / 1000):
                await self._back.wait()
        except TimeoutError:
            return

    def _draw(self) -> int:
        return int.from_bytes(self._clock.random(_DRAW_BYTES), "big")
