"""One journal's way up: carries out what `core.exchange.upward` decides.

One task per journal, one batch in flight. Everything that happens to it is posted as an event;
of each kind only the newest counts, so nothing piles up while HQ is slow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from agent.contracts.clock import Clock
from agent.contracts.hq import HqLink, HqRefused, HqSlowDown, HqTooLarge, HqUnreachable
from agent.core.exchange.acks import evidence, genuine, proves
from agent.core.exchange.coding import fitting
from agent.core.exchange.signed import Verify
from agent.core.exchange.steps import (
    AckReceived,
    Alarm,
    Appended,
    BehindReceived,
    Effect,
    Event,
    Failed,
    Failure,
    ForkReceived,
    MoveAck,
    Send,
    SlowDown,
    TimerFired,
    Wait,
)
from agent.core.exchange.upward import Mode, Upward, resume, step
from agent.core.exchange.wire import SYNC_VERSION, Ack, Batch, Behind, Fork, LastAck, WireRecord
from agent.core.faults import Fault, NotFoundFault
from agent.journal import Connection, Journal, chains
from agent.journal.chains import Head
from agent.sync.keeper import AckKeeper
from agent.sync.lanes import Lanes
from agent.sync.presence import Presence

_log = structlog.get_logger(__name__)
_DRAW_BYTES = 4


@dataclass(frozen=True)
class Way:
    """What all journals of an agent share on the way to HQ."""

    link: HqLink
    journal: Journal
    clock: Clock
    presence: Presence
    on_refused: Callable[[Head, HqRefused], Awaitable[None]]
    on_epoch: Callable[[str], None]
    lanes: Lanes = field(default_factory=Lanes)
    agent_version: str = ""


class Pump:
    """Sends one journal to HQ, for as long as it runs."""

    def __init__(self, way: Way, head: Head, verify: Verify) -> None:
        """Take care of the journal of `head`; `verify` checks by HQ's root key."""
        self.head = head
        self.state = Upward(tail=head.tail_seq)
        self.alarm: Alarm | None = None
        self._way = way
        self._verify = verify
        self._last: LastAck | None = None
        self._posted: dict[type, Event] = {}
        self._wake = asyncio.Event()
        self._due: float | None = None
        self._waiting_since: float | None = None
        self._keeper = AckKeeper(way.journal, head.journal_id, way.presence)

    def post(self, event: Event) -> None:
        """Tell the journal's sync what happened."""
        self._posted[type(event)] = event
        self._wake.set()

    async def run(self) -> None:
        """Send what there is, and whatever is appended, until cancelled."""
        await self._resume()
        # A newer tail may have been posted meanwhile: it stays.
        self._posted.setdefault(Appended, Appended(self.state.tail))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(
                self._keeper.run(), name=f"sync-keep-{self.head.till}-{self.head.lane}"
            )
            await self._turn()

    async def _turn(self) -> None:
        while True:
            event = await self._next()
            self.state, effects = step(self.state, event, self._draw())
            self._note()
            for effect in effects:
                await self._carry_out(effect)

    async def _resume(self) -> None:
        """Begin from the journal; kept evidence that is damaged is dropped, HQ tells anew."""
        kept = await self._keeper.kept()
        if kept is None:
            return
        last = LastAck(kept.epoch, kept.seq, kept.hash, kept.signature)
        if proves(last, self.head.journal_id, self._verify):
            self._last = last
        self.state = resume(tail=self.state.tail, acked=kept.seq, epoch=kept.epoch)

    async def _next(self) -> Event:
        while not self._posted:
            self._wake.clear()
            try:
                async with asyncio.timeout_at(self._due):
                    await self._wake.wait()
            except TimeoutError:
                self._due = None
                return TimerFired(self.state.turn)
        return self._posted.pop(next(iter(self._posted)))

    async def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Send():
                self._due = None
                self.post(await self._send(effect))
            case Wait():
                self._due = asyncio.get_running_loop().time() + effect.ms / 1000
            case MoveAck():
                self._move_ack(effect.ack)
            case Alarm():
                self._raise_alarm(effect)

    async def _send(self, send: Send) -> Event:
        """Exchange one batch; whatever comes of it is an event."""
        await self._way.lanes.turn(self.head.lane)
        began = asyncio.get_running_loop().time()
        try:
            reply = await self._way.link.send(await self._batch(send))
            self._way.presence.answered(self.head.journal_id)
            took_ms = int((asyncio.get_running_loop().time() - began) * 1000)
            return await self._understood(send.turn, reply, took_ms)
        except HqSlowDown as fault:
            self._way.presence.answered(self.head.journal_id)
            return SlowDown(send.turn, fault.delay_ms)
        except Fault as fault:
            return await self._failed(send.turn, fault)

    async def _failed(self, turn: int, fault: Fault) -> Failed:
        if isinstance(fault, HqUnreachable):
            self._way.presence.silent(self.head.journal_id, str(fault))
            return Failed(turn, Failure.UNREACHABLE, str(fault))
        if isinstance(fault, HqTooLarge):
            return Failed(turn, Failure.TOO_LARGE, str(fault))
        if not isinstance(fault, HqRefused):
            return Failed(turn, Failure.UNREADABLE, str(fault))
        self._way.presence.answered(self.head.journal_id)
        await self._way.on_refused(self.head, fault)
        self._way.presence.failed(str(fault))
        return Failed(turn, Failure.REFUSED, str(fault))

    async def _understood(self, turn: int, reply: Ack | Behind | Fork, took_ms: int) -> Event:
        match reply:
            case Ack():
                is_genuine = genuine(reply, self.head.journal_id, self._verify)
                if is_genuine:
                    self._way.on_epoch(reply.epoch)
                own_hash = await self._own_hash(reply.seq)
                return AckReceived(turn, reply, is_genuine, own_hash, took_ms)
            case Behind():
                return BehindReceived(turn, reply, await self._own_hash(reply.have_seq))
            case Fork():
                return ForkReceived(turn, reply, await self._own_hash(reply.seq))

    async def _own_hash(self, seq: int) -> bytes | None:
        if not 0 <= seq <= self.state.tail:
            return None
        try:
            return await self._way.journal.read(
                lambda conn: chains.hash_at(conn, self.head.journal_id, seq)
            )
        except NotFoundFault:
            return None

    async def _batch(self, send: Send) -> Batch:
        records, prev_hash = await self._way.journal.read(lambda conn: self._read(conn, send))
        state = self.state
        return Batch(
            version=SYNC_VERSION,
            journal_id=self.head.journal_id,
            incarnation=self._way.journal.incarnation,
            base=send.base,
            prev_hash=prev_hash,
            tail_seq=state.tail,
            records=tuple(records[: fitting(records)]),
            # Evidence of an epoch that is over would only be answered by 410 again.
            last_ack=self._last if self._last and self._last.epoch == state.epoch else None,
            oldest_unacked_age_s=self._age_s(),
            agent_version=self._way.agent_version,
        )

    def _read(self, conn: Connection, send: Send) -> tuple[list[WireRecord], bytes]:
        journal_id = self.head.journal_id
        records = chains.records(conn, journal_id, send.base, send.limit) if send.limit else []
        return records, chains.hash_at(conn, journal_id, send.base - 1)

    def _move_ack(self, ack: Ack) -> None:
        self._last, self.alarm = evidence(ack), None
        self._keeper.keep(self._last, ack.safe_seq)
        self._way.presence.acked()

    def _raise_alarm(self, alarm: Alarm) -> None:
        self.alarm = alarm
        self._way.presence.failed(f"{alarm.name}: {alarm.detail}")
        head = self.head
        _log.error(
            "sync of a journal needs a person, selling goes on",
            till=head.till,
            lane=head.lane,
            journal=head.journal_id,
            alarm=alarm.name,
            detail=alarm.detail,
        )

    def _note(self) -> None:
        """Keep what others ask for: the place in the lane, and how long entries have waited."""
        state = self.state
        sending = state.mode is Mode.SENDING
        self._way.lanes.mark(self.head.lane, self.head.journal_id, sending=sending)
        if state.acked >= state.tail:
            self._waiting_since = None
        elif self._waiting_since is None:
            self._waiting_since = asyncio.get_running_loop().time()

    def _age_s(self) -> int:
        if self._waiting_since is None:
            return 0
        return int(asyncio.get_running_loop().time() - self._waiting_since)

    def _draw(self) -> int:
        return int.from_bytes(self._way.clock.random(_DRAW_BYTES), "big")
