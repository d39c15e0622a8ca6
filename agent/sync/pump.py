"""One journal's way up: carries out what `core.exchange.upward` decides.

One task per journal, one batch in flight. Everything that happens to it is posted as an event;
of each kind only the newest counts, so nothing piles up while HQ is slow.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from agent.contracts.clock import Clock
from agent.contracts.hq import (
    HqLink,
    HqRefused,
    HqSlowDown,
    HqTooLarge,
    HqUnreachable,
    NoCommonVersion,
)
from agent.core.exchange.acks import evidence, genuine, genuine_safe, proves
from agent.core.exchange.progress import STALL_MS
from agent.core.exchange.signed import Verify
from agent.core.exchange.steps import (
    AckReceived,
    Alarm,
    BehindReceived,
    Effect,
    Event,
    Failed,
    Failure,
    ForkReceived,
    MoveAck,
    NoteHeld,
    Send,
    SlowDown,
    Stalled,
    Started,
    Succeed,
    TimerFired,
    Wait,
)
from agent.core.exchange.upward import Mode, Upward, resume, step
from agent.core.exchange.waits import backoff_ms
from agent.core.exchange.wire import Ack, Behind, Fork, LastAck
from agent.core.faults import Fault, NotFoundFault
from agent.journal import Connection, Journal, chains, endings
from agent.journal.chains import Head
from agent.journal.cursors import Held
from agent.sync.batches import BatchMaker
from agent.sync.keeper import AckKeeper
from agent.sync.lanes import Lanes
from agent.sync.presence import Presence
from agent.sync.troubles import PASSING, REMEDIES, Troubles

_DRAW_BYTES = 4
DEADLINE_S = STALL_MS / 1000
"""No exchange may last longer: what moves a byte now and then for ever is no exchange."""


@dataclass
class Way:
    """What all journals of an agent share on the way to HQ."""

    link: HqLink
    journal: Journal
    clock: Clock
    presence: Presence
    troubles: Troubles
    on_refused: Callable[[Head, HqRefused], Awaitable[bool]]
    """Tells whether HQ has changed its mind: it had only forgotten the till."""
    on_epoch: Callable[[str], None]
    on_succession: Callable[[Head, int], Awaitable[None]]
    """Told of a journal that has ended, and how many of its entries are carried."""
    feed_cursors: Callable[[], dict[str, str]]
    lanes: Lanes = field(default_factory=Lanes)
    agent_version: str = ""
    device_key: bytes | None = None
    """Public half; successors are bound to it."""


class Pump:
    """Sends one journal to HQ, for as long as it runs."""

    def __init__(self, way: Way, head: Head, verify: Verify, *, is_foreign: bool = False) -> None:
        """Take care of a journal.

        Args:
            way: to HQ.
            head: of the journal.
            verify: checks by HQ's root key.
            is_foreign: it was taken in from another machine: HQ is asked whether it has it.
        """
        self.head = head
        self.is_foreign = is_foreign
        self.state = Upward(tail=head.due_seq)
        self.spoke_at = -math.inf
        """When HQ last answered this journal, by a monotonic clock in seconds."""
        self.is_ending = False
        """What HQ cannot take of the journal is yet to be written into a successor."""
        self._way = way
        self._verify = verify
        self._last: LastAck | None = None
        self._posted: dict[type, Event] = {}
        self._wake = asyncio.Event()
        self._due: float | None = None
        self._limit: asyncio.Timeout | None = None
        self._keeper = AckKeeper(way.journal, head.journal_id, way.presence)
        self._batches = BatchMaker(
            way.journal,
            way.clock,
            head,
            feed_cursors=way.feed_cursors,
            agent_version=way.agent_version,
        )

    @property
    def unsent_bytes(self) -> int:
        """Bytes that HQ has not acknowledged, about."""
        return self._batches.backlog_bytes(self.state)

    @property
    def oldest_unsent_s(self) -> int:
        """For how many seconds the oldest entry that HQ lacks has waited."""
        return self._batches.age_s()

    def post(self, event: Event) -> None:
        """Tell the journal's sync what happened; a stall ends the exchange that hangs."""
        self._posted[type(event)] = event
        self._wake.set()
        if isinstance(event, Stalled) and self._limit is not None:
            self._limit.reschedule(asyncio.get_running_loop().time())

    async def run(self) -> None:
        """Send what there is, and whatever is appended, until cancelled."""
        await self._resume()
        self._posted = {Started: Started(), **self._posted}
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(
                self._keeper.run(), name=f"sync-keep-{self.head.till}-{self.head.lane}"
            )
            await self._turn()

    async def _turn(self) -> None:
        while True:
            event = await self._next()
            self.state, effects = step(self.state, event, self._draw())
            self.is_ending = any(isinstance(effect, Succeed) for effect in effects)
            self._note()
            for effect in effects:
                await self._carry_out(effect)

    async def _resume(self) -> None:
        """Begin from the journal; kept evidence that is damaged is dropped, HQ tells anew."""
        kept = await self._keeper.kept()
        acked = kept.acked
        if acked is not None:
            last = LastAck(acked.epoch, acked.seq, acked.hash, acked.signature)
            if proves(last, self.head.journal_id, self._verify):
                self._last = last
        self.state = resume(
            tail=kept.due_seq,
            acked=kept.held_seq,
            epoch=kept.epoch,
            safe=acked.safe_seq if acked else 0,
            hint_ms=kept.hint_ms,
            is_closed=kept.is_closed,
            is_foreign=self.is_foreign,
        )
        await self._batches.begin(self.state)

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
                self._move_ack(effect)
            case NoteHeld():
                await self._keeper.note(Held(effect.epoch, effect.seq, effect.hq_seq))
            case Succeed():
                await self._succeed(effect)
            case Alarm():
                self._raise_alarm(effect)

    async def _send(self, send: Send) -> Event:
        """Exchange one batch; whatever comes of it is an event."""
        await self._way.lanes.turn(self.head.lane)
        began = asyncio.get_running_loop().time()
        try:
            batch = await self._batches.batch(send, self.state, self._last)
            self._batches.read_ahead(batch, self.state)
            async with asyncio.timeout(DEADLINE_S) as self._limit:
                reply = await self._way.link.send(batch)
            self._answered()
            took_ms = int((asyncio.get_running_loop().time() - began) * 1000)
            return await self._understood(send.turn, reply, took_ms)
        except TimeoutError:
            return Failed(send.turn, Failure.SLOW, f"no answer within {DEADLINE_S:.0f} s")
        except HqSlowDown as fault:
            self._answered()
            self._way.presence.failed(str(fault))
            return SlowDown(send.turn, fault.delay_ms)
        except Fault as fault:
            return await self._failed(send.turn, fault)
        finally:
            self._limit = None

    async def _failed(self, turn: int, fault: Fault) -> Failed:
        if isinstance(fault, HqUnreachable):
            self._way.presence.silent(self.head.journal_id, str(fault))
            return Failed(turn, Failure.UNREACHABLE, str(fault))
        if isinstance(fault, HqTooLarge):
            return Failed(turn, Failure.TOO_LARGE, str(fault))
        if not isinstance(fault, HqRefused):
            return Failed(turn, Failure.UNREADABLE, fault.detail, fault.remedy)
        self._answered()
        if await self._way.on_refused(self.head, fault):
            return Failed(turn, Failure.FORGOTTEN)
        self._way.presence.failed(str(fault))
        is_version = isinstance(fault, NoCommonVersion)
        kind = Failure.VERSION if is_version else Failure.REFUSED
        return Failed(turn, kind, fault.detail, fault.remedy)

    def _answered(self) -> None:
        self.spoke_at = asyncio.get_running_loop().time()
        self._way.presence.answered(self.head.journal_id)

    async def _understood(self, turn: int, reply: Ack | Behind | Fork, took_ms: int) -> Event:
        match reply:
            case Ack():
                return await self._ack_received(turn, reply, took_ms)
            case Behind():
                return BehindReceived(turn, reply, await self._own_hash(reply.have_seq))
            case Fork():
                return ForkReceived(turn, reply, await self._own_hash(reply.seq))

    async def _ack_received(self, turn: int, ack: Ack, took_ms: int) -> AckReceived:
        journal_id = self.head.journal_id
        if not genuine(ack, journal_id, self._verify):
            return AckReceived(turn, ack, genuine=False, own_hash=None, took_ms=took_ms)
        self._way.on_epoch(ack.epoch)
        safe_seq = 0
        if ack.safe_seq > 0:
            own = await self._own_hash(ack.safe_seq)
            safe_seq = genuine_safe(ack, journal_id, own, self._verify)
        own_hash = await self._own_hash(ack.seq)
        return AckReceived(turn, ack, True, own_hash, took_ms, safe_seq)

    async def _own_hash(self, seq: int) -> bytes | None:
        """Read the journal's hash; what it has above its end at HQ is not asked for there."""
        if not 0 <= seq <= self.state.tail:
            return None
        try:
            return await self._way.journal.read(
                lambda conn: chains.hash_at(conn, self.head.journal_id, seq)
            )
        except NotFoundFault:
            return None

    def _move_ack(self, moved: MoveAck) -> None:
        self._last = evidence(moved.ack)
        self._keeper.keep(self._last, moved.safe_seq, moved.ack.next.spread_ms)
        self._way.presence.acked()
        self._way.troubles.clear(self.head.journal_id, *PASSING)
        self._tell_pruned()

    async def _succeed(self, order: Succeed) -> None:
        """Have what HQ cannot take travel in a successor, however often the disk refuses."""
        failures = 0
        while True:
            try:
                carried = await self._way.journal.write(lambda conn: self._go_on(conn, order))
            except Fault as fault:
                failures += 1
                self._trouble("successor-not-begun", str(fault), fault.remedy)
                # Nobody tells when a disk that refused takes something again.
                await asyncio.sleep(backoff_ms(failures, self._draw()) / 1000)
            else:
                self._way.troubles.clear(self.head.journal_id, "successor-not-begun")
                await self._way.on_succession(self.head, carried)
                self.is_ending = False
                return

    def _go_on(self, conn: Connection, order: Succeed) -> int:
        return endings.go_on(
            conn,
            self.head.journal_id,
            held_seq=order.held_seq,
            reason=order.reason,
            clock_stamp=self._way.clock.stamp(),
            random=self._way.clock.random,
            device_key=self._way.device_key,
        )

    def _raise_alarm(self, alarm: Alarm) -> None:
        if alarm.name in PASSING:
            self._way.presence.failed(f"{alarm.name}: {alarm.detail}")
        remedy = alarm.remedy or REMEDIES.get(alarm.name, "")
        self._trouble(alarm.name, alarm.detail, remedy)

    def _tell_pruned(self) -> None:
        if self._batches.pruned is not None:
            first, last = self._batches.pruned
            detail = (
                f"HQ asked again for entries {first} to {last} of journal {self.head.journal_id}, "
                "which it had declared safe and which were pruned here; it got their commitments"
            )
            self._trouble("pruned-beyond-hq", detail, REMEDIES["pruned-beyond-hq"])

    def _trouble(self, name: str, detail: str, remedy: str) -> None:
        head = self.head
        self._way.troubles.raise_(
            head.journal_id, name, detail, till=head.till, lane=head.lane, remedy=remedy
        )

    def _note(self) -> None:
        """Keep what others ask for: the place in the lane, and how long entries have waited."""
        sending = self.state.mode is Mode.SENDING
        self._way.lanes.mark(self.head.lane, self.head.journal_id, sending=sending)
        self._batches.note(self.state)

    def _draw(self) -> int:
        return int.from_bytes(self._way.clock.random(_DRAW_BYTES), "big")
