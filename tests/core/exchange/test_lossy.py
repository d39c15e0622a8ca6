"""Till and HQ over a way that loses, doubles and delays: HQ ends up with exactly the journal."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import pytest

from agent.core.exchange.acks import evidence, genuine
from agent.core.exchange.intake import Row
from agent.core.exchange.steps import (
    AckReceived,
    Alarm,
    Appended,
    BehindReceived,
    Failed,
    Failure,
    ForkReceived,
    MoveAck,
    Send,
    TimerFired,
    Wait,
)
from agent.core.exchange.upward import resume, step
from agent.core.exchange.wire import Ack, Behind, LastAck

TIMEOUT_MS = 30_000
CHAOS_MS = 600_000
QUIET_MS = 3_600_000


@dataclass
class World:
    """One journal, one HQ, one bad line; time is a number, one seed is one history."""

    dice: object
    journal: object
    hq: object
    verify: object
    now: int = 0
    queue: list = field(default_factory=list)
    count: int = 0
    last: LastAck | None = None
    acked: list[tuple[str, int]] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    rewinds: int = 0

    def __post_init__(self):
        self.state = resume(tail=0, acked=0, epoch="")

    def at(self, delay_ms, action):
        self.count += 1
        heapq.heappush(self.queue, (self.now + delay_ms, self.count, action))

    def happen(self, event):
        self.state, effects = step(self.state, event, self.dice.below(2**32))
        for effect in effects:
            self.carry_out(effect)

    def carry_out(self, effect):
        match effect:
            case Send():
                self.send(effect)
            case Wait(turn=turn, ms=ms):
                self.at(ms, lambda: self.happen(TimerFired(turn)))
            case MoveAck(ack=ack):
                self.last = evidence(ack)
                self.acked.append((ack.epoch, ack.seq))
            case Alarm():
                self.alarms.append(effect)

    def send(self, effect):
        last = self.last if self.last and self.last.epoch == self.state.epoch else None
        batch = self.journal.batch(effect.base, effect.limit, last)
        for _ in range(self.copies()):
            self.at(self.delay(), lambda: self.arrive(effect.turn, batch))
        timeout = Failed(effect.turn, Failure.UNREACHABLE)
        self.at(TIMEOUT_MS, lambda: self.happen(timeout))

    def arrive(self, turn, batch):
        reply = self.hq.take(batch)
        for _ in range(self.copies()):
            self.at(self.delay(), lambda: self.happen(self.understood(turn, reply)))

    def understood(self, turn, reply):
        match reply:
            case Ack():
                own = self.journal.hash_at(reply.seq)
                return AckReceived(turn, reply, genuine(reply, "ab" * 16, self.verify), own)
            case Behind():
                return BehindReceived(turn, reply, self.journal.hash_at(reply.have_seq))
            case _:
                return ForkReceived(turn, reply)

    @property
    def rough(self):
        return self.now < CHAOS_MS

    def copies(self):
        return (0, 0, 1, 1, 1, 2)[self.dice.below(6)] if self.rough else 1

    def delay(self):
        return self.dice.below(20_000 if self.rough else 50)

    def sell(self):
        self.journal.append(b"%d" % self.now)
        self.happen(Appended(len(self.journal.records)))
        if self.rough:
            self.at(self.dice.below(10_000), self.sell)

    def rewind(self):
        """Restore HQ from a backup: it forgets a part, epoch and all."""
        keep = self.dice.below(len(self.hq.rows) + 1)
        self.rewinds += keep < len(self.hq.rows)
        del self.hq.rows[keep:]

    def restart(self):
        """Kill the till: only what was kept durably is left."""
        tail, acked = len(self.journal.records), self.last.seq if self.last else 0
        self.queue = [one for one in self.queue if one[2] == self.sell]
        heapq.heapify(self.queue)
        epoch = self.last.epoch if self.last else ""
        self.state = resume(tail=tail, acked=acked, epoch=epoch)
        self.happen(Appended(tail))

    def run(self):
        while self.queue and self.now < QUIET_MS:
            self.now, _, action = heapq.heappop(self.queue)
            action()
            self.check()

    def check(self):
        held: list[Row] = self.hq.rows
        assert self.journal.hashes[1 : len(held) + 1] == [row.hash for row in held]


@pytest.mark.parametrize("seed", range(40))
def test_hq_ends_up_with_exactly_the_journal(dice, journal, hq, verify):
    """If it did not, a sale was lost, doubled or put out of order on a bad line."""
    world = World(dice, journal, hq, verify)
    world.at(0, world.sell)
    for _ in range(3):
        world.at(world.dice.below(CHAOS_MS), world.restart)
    world.run()
    assert [record.seq for record in journal.records] == [row.seq for row in hq.rows]
    assert len(journal.records) == world.state.acked
    assert world.acked == sorted(world.acked)
    assert [] == world.alarms


@pytest.mark.parametrize("seed", range(40))
def test_a_restored_hq_heals_from_the_till(dice, journal, hq, verify):
    """If it did not, every sale between backup and restore would be lost without a word."""
    world = World(dice, journal, hq, verify)
    world.at(0, world.sell)
    for _ in range(3):
        world.at(world.dice.below(CHAOS_MS), world.rewind)
    world.at(CHAOS_MS + 1, world.sell)
    world.run()
    assert [record.seq for record in journal.records] == [row.seq for row in hq.rows]
    assert len(journal.records) == world.state.acked
    assert [] == [alarm for alarm in world.alarms if alarm.name != "no-progress"]
