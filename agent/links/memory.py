"""The way to the HQ in memory, with the faults of a real way as switches."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TypeVar

from agent.contracts.hq import HqSlowDown, HqTooLarge, HqUnreachable
from agent.core.exchange.coding import FEED_ITEMS_MAX
from agent.core.exchange.granting import SignedKeys
from agent.core.exchange.leasing import LeaseAsk
from agent.core.exchange.orders import SignedOrder
from agent.core.exchange.snapshots import SignedManifest
from agent.core.exchange.wire import Ack, Batch, Behind, EnrolAnswer, EnrolRequest, FeedPage, Fork
from agent.links.memory_hq import MemoryHq

_ALL = 1000

T = TypeVar("T")


@dataclass
class Weather:
    """What goes wrong on the way; chances in thousandths."""

    offline: bool = False
    drop_requests: int = 0
    """The request is lost: HQ never sees it."""
    drop_replies: int = 0
    """HQ has done it, the till never hears."""
    duplicate: int = 0
    """HQ gets the batch twice."""
    slow_ms: int = 0
    """Each exchange takes so long."""
    records_max: int | None = None
    """More records in a batch are too large (413)."""
    slow_down_ms: int | None = None
    """HQ asks for patience (429) instead of answering."""


class MemoryLink:
    """A complete way to HQ without a network; implements `contracts.hq.HqLink`."""

    def __init__(self, hq: MemoryHq, *, seed: int = 0) -> None:
        """Reach `hq`; the same seed makes the same weather."""
        self.hq = hq
        self.weather = Weather()
        self.sent: list[Batch] = []
        """Every batch the till tried to send, in order."""
        self._seed = seed
        self._draws = count()
        self._changed = asyncio.Event()

    def set_offline(self, offline: bool) -> None:
        """Cut or mend the way; who is waiting on it notices at once."""
        self.weather.offline = offline
        self._wake()

    def publish(
        self, scope: str, key: str, ver: int, op: str = "put", body: bytes = b"null"
    ) -> None:
        """Publish at HQ and answer the long polls."""
        self.hq.publish(scope, key, ver, op, body)
        self._wake()

    async def send(self, batch: Batch) -> Ack | Behind | Fork:
        """See `HqLink.send`."""
        self.sent.append(batch)
        if not self.weather.offline:
            self._check_pace(batch)
        return await self._exchange(lambda: self._deliver(batch))

    async def feed(self, scope: str, after: str, wait_s: int) -> FeedPage:
        """See `HqLink.feed`."""
        page = await self._exchange(lambda: self.hq.page(scope, after, FEED_ITEMS_MAX))
        if page.items or page.cursor != after or wait_s == 0:
            return page
        await self._wait(wait_s)
        return await self._exchange(lambda: self.hq.page(scope, after, FEED_ITEMS_MAX))

    async def snapshot(self, scope: str) -> SignedManifest:
        """See `HqLink.snapshot`."""
        return await self._exchange(lambda: self.hq.shelf.manifest(scope, self.hq.database.epoch))

    async def snapshot_chunk(self, scope: str, snapshot_id: str, number: int) -> bytes:
        """See `HqLink.snapshot_chunk`."""
        return await self._exchange(lambda: self.hq.shelf.chunk(scope, snapshot_id, number))

    async def keys(self) -> SignedKeys:
        """See `HqLink.keys`; the device is the one that enrolled last."""
        return await self._exchange(self.hq.keys)

    async def lease(self, asked: LeaseAsk) -> SignedOrder:
        """See `HqLink.lease`."""
        return await self._exchange(lambda: self.hq.lease(asked))

    async def enrol(self, request: EnrolRequest) -> EnrolAnswer:
        """See `HqLink.enrol`."""
        return await self._exchange(lambda: self.hq.enrol(request))

    async def aclose(self) -> None:
        """See `HqLink.aclose`."""
        self.set_offline(True)

    async def _exchange(self, ask: Callable[[], T]) -> T:
        await asyncio.sleep(self.weather.slow_ms / _ALL)
        if self.weather.offline or self._happens(self.weather.drop_requests):
            raise _silence()
        answer = ask()
        if self._happens(self.weather.drop_replies):
            raise _silence()
        return answer

    def _deliver(self, batch: Batch) -> Ack | Behind | Fork:
        if self._happens(self.weather.duplicate):
            self.hq.receive(batch)
        return self.hq.receive(batch)

    def _check_pace(self, batch: Batch) -> None:
        weather = self.weather
        if weather.slow_down_ms is not None:
            delay_ms = weather.slow_down_ms
            raise HqSlowDown("HQ is busy", remedy="nothing: it is tried again", delay_ms=delay_ms)
        if weather.records_max is not None and len(batch.records) > weather.records_max:
            raise HqTooLarge("the batch is too large", remedy="nothing: less is sent at once")

    def _happens(self, thousandths: int) -> bool:
        """Throw a die that falls the same way in every run of one seed."""
        thrown = hashlib.sha256(f"{self._seed}/{next(self._draws)}".encode()).digest()
        return int.from_bytes(thrown[:4], "big") % _ALL < thousandths

    async def _wait(self, wait_s: int) -> None:
        changed = self._changed
        try:
            async with asyncio.timeout(wait_s):
                await changed.wait()
        except TimeoutError:
            return

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _silence() -> HqUnreachable:
    return HqUnreachable("HQ does not answer", remedy="nothing: sales go on and are sent later")
