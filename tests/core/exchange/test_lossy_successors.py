"""Copies of one disk over a bad line: HQ ends up with every entry of every machine, each once."""

from __future__ import annotations

import hashlib
import heapq
from dataclasses import dataclass, field

import pytest

from agent.core.entries.chain import commitment, genesis, link
from agent.core.exchange import intake
from agent.core.exchange.acks import evidence, genuine, make_ack
from agent.core.exchange.steps import (
    AckReceived,
    Alarm,
    Appended,
    BehindReceived,
    EpochChanged,
    Failed,
    Failure,
    ForkReceived,
    MoveAck,
    Send,
    Started,
    Succeed,
    TimerFired,
    Wait,
)
from agent.core.exchange.upward import resume, step
from agent.core.exchange.wire import Ack, Batch, Behind, WireRecord

TIMEOUT_MS = 30_000
CHAOS_MS = 400_000
QUIET_MS = 4_000_000
CARRIED = 201
KEY = bytes(32)


@dataclass
class Chain:
    """One journal of one machine."""

    journal_id: str
    predecessor: bytes = b""
    records: list[WireRecord] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    is_sealed: bool = False
    due: int | None = None
    """Where its own way to HQ ends, once a successor goes on from it."""

    def __post_init__(self):
        if not self.hashes:
            start = genesis(self.journal_id, "s", "t", "sales", KEY, self.predecessor)
            self.hashes.append(start)

    def append(self, kind, body, salt):
        seq = len(self.hashes)
        self.records.append(WireRecord(seq, kind, 1, salt, body))
        sealed = commitment(salt, body)
        self.hashes.append(link(self.journal_id, seq, self.hashes[-1], kind, 1, sealed))

    def hash_at(self, seq):
        return self.hashes[seq] if 0 <= seq < len(self.hashes) else None

    @property
    def tail(self):
        return len(self.records) if self.due is None else self.due

    def copy(self):
        return Chain(
            self.journal_id,
            self.predecessor,
            list(self.records),
            list(self.hashes),
            self.is_sealed,
            self.due,
        )


def fact(journal_id, record):
    """Name an entry by where it was born and what it says, also where it was carried."""
    if record.kind == CARRIED:
        return record.body
    sealed = commitment(record.salt, record.body).hex()
    return f"{journal_id}/{record.seq}/{sealed}".encode()


@dataclass
class ManyHq:
    """HQ's side: insert-only rows per journal, and who has spoken for it."""

    sign: object
    verify: object
    epoch: str = "1-aa"
    geneses: dict[str, bytes] = field(default_factory=dict)
    rows: dict[str, list] = field(default_factory=dict)
    starts: dict[str, list[str]] = field(default_factory=dict)

    def bind(self, chain):
        self.geneses[chain.journal_id] = chain.hashes[0]
        self.rows.setdefault(chain.journal_id, [])
        self.starts.setdefault(chain.journal_id, [])

    def held(self, journal_id):
        rows = self.rows[journal_id]
        return intake.Held(
            journal_id=journal_id,
            epoch=self.epoch,
            genesis=self.geneses[journal_id],
            have_seq=len(rows),
            have_hash=rows[-1].hash if rows else self.geneses[journal_id],
            hash_at=lambda seq: rows[seq - 1].hash if 0 < seq <= len(rows) else None,
            retired=frozenset(self.starts[journal_id][:-1]),
        )

    def take(self, batch):
        held = self.held(batch.journal_id)
        decision = intake.decide(held, batch, self.verify)
        match decision:
            case intake.Accept(rows=rows, seq=seq, hash=hash_):
                self.rows[batch.journal_id].extend(rows)
                if batch.incarnation not in self.starts[batch.journal_id]:
                    self.starts[batch.journal_id].append(batch.incarnation)
                named = {"epoch": self.epoch, "journal_id": batch.journal_id}
                return make_ack(self.sign, **named, seq=seq, hash_=hash_)
            case intake.Rewound():
                self.epoch = f"{int(self.epoch.partition('-')[0]) + 1}-bb"
                return intake.behind(self.held(batch.journal_id), "epoch")
        return decision

    def facts(self):
        found = [fact(one, row) for one, rows in self.rows.items() for row in rows]
        return {one for one in found if one}


@dataclass
class Line:
    """One journal's upward sync on one machine."""

    machine: object
    chain: Chain
    state: object = None
    last: object = None

    def __post_init__(self):
        self.state = self.resumed()

    def resumed(self):
        return resume(
            tail=self.chain.tail,
            acked=self.last.seq if self.last else 0,
            epoch=self.last.epoch if self.last else "",
            is_closed=self.chain.due is not None,
        )

    def happen(self, event):
        world = self.machine.world
        self.state, effects = step(self.state, event, world.dice.below(2**32))
        for effect in effects:
            self.carry_out(effect)

    def carry_out(self, effect):
        world = self.machine.world
        match effect:
            case Send():
                self.send(effect)
            case Wait(turn=turn, ms=ms):
                world.at(ms, lambda: self.happen(TimerFired(turn)))
            case MoveAck(ack=ack):
                assert self.chain.hash_at(ack.seq).hex() == ack.hash
                self.last = evidence(ack)
                self.machine.heard(ack.epoch)
            case Succeed():
                self.machine.succeed(self, effect.held_seq)
            case Alarm():
                world.alarms.append(effect)

    def send(self, effect):
        world, chain = self.machine.world, self.chain
        last = self.last if self.last and self.last.epoch == self.state.epoch else None
        batch = Batch(
            version=1,
            journal_id=chain.journal_id,
            incarnation=self.machine.name,
            base=effect.base,
            prev_hash=chain.hashes[effect.base - 1],
            tail_seq=self.state.tail,
            records=tuple(chain.records[effect.base - 1 : effect.base - 1 + effect.limit]),
            last_ack=last,
        )
        for _ in range(world.copies()):
            world.at(world.delay(), lambda: self.arrive(effect.turn, batch))
        timeout = Failed(effect.turn, Failure.UNREACHABLE)
        world.at(TIMEOUT_MS, lambda: self.happen(timeout))

    def arrive(self, turn, batch):
        world = self.machine.world
        reply = world.hq.take(batch)
        for _ in range(world.copies()):
            world.at(world.delay(), lambda: self.happen(self.understood(turn, reply)))

    def own(self, seq):
        return self.chain.hash_at(seq) if seq <= self.state.tail else None

    def understood(self, turn, reply):
        match reply:
            case Ack():
                is_genuine = genuine(reply, self.chain.journal_id, self.machine.world.hq.verify)
                return AckReceived(turn, reply, is_genuine, self.own(reply.seq))
            case Behind():
                return BehindReceived(turn, reply, self.own(reply.have_seq))
            case _:
                return ForkReceived(turn, reply, self.own(reply.seq))


@dataclass
class Machine:
    """A till with its disk: several journals, the last one open."""

    world: object
    name: str
    lines: list[Line] = field(default_factory=list)
    count: int = 0

    @property
    def open(self):
        return next(line for line in self.lines if not line.chain.is_sealed)

    def salt(self):
        self.count += 1
        return hashlib.sha256(f"{self.name}/{self.count}".encode()).digest()[:16]

    def sell(self):
        line = self.open
        line.chain.append(1, f"{self.name} {self.world.now}".encode(), self.salt())
        if line.chain.journal_id in self.world.hq.rows:
            line.happen(Appended(line.chain.tail))
        if self.world.rough:
            self.world.at(self.world.dice.below(20_000), self.sell)

    def succeed(self, line, held_seq):
        """Do what `agent.journal.endings.go_on` does, in one go."""
        old, until = line.chain, line.chain.tail
        if not old.is_sealed:
            old.is_sealed, until = True, len(old.records)
            name = hashlib.sha256(f"{self.name}/{old.journal_id}".encode()).hexdigest()[:32]
            fresh = Line(self, Chain(name, old.hashes[held_seq]))
            self.lines.append(fresh)
        old.due = held_seq
        target = self.open.chain
        for record in old.records[held_seq:until]:
            target.append(CARRIED, fact(old.journal_id, record), self.salt())
        self.world.at(self.world.delay(), lambda: self.bind(self.open))

    def bind(self, line):
        self.world.hq.bind(line.chain)
        line.happen(Started())
        line.happen(Appended(line.chain.tail))

    def heard(self, epoch):
        for line in list(self.lines):
            if line.chain.journal_id in self.world.hq.rows:
                line.happen(EpochChanged(epoch))

    def facts(self):
        return {
            fact(line.chain.journal_id, record)
            for line in self.lines
            for record in line.chain.records
        }


@dataclass
class World:
    """Two machines, one HQ, one bad line; time is a number, one seed is one history."""

    dice: object
    hq: ManyHq
    now: int = 0
    queue: list = field(default_factory=list)
    count: int = 0
    alarms: list[Alarm] = field(default_factory=list)
    machines: list[Machine] = field(default_factory=list)

    @property
    def rough(self):
        return self.now < CHAOS_MS

    def at(self, delay_ms, action):
        self.count += 1
        heapq.heappush(self.queue, (self.now + delay_ms, self.count, action))

    def copies(self):
        return (0, 0, 1, 1, 1, 2)[self.dice.below(6)] if self.rough else 1

    def delay(self):
        return self.dice.below(20_000 if self.rough else 50)

    def begin(self):
        one = Machine(self, "one")
        one.lines.append(Line(one, Chain("ab" * 16)))
        self.machines.append(one)
        one.bind(one.open)
        one.sell()

    def clone(self):
        """Copy the first machine's disk as it is, and start the copy."""
        one = self.machines[0]
        two = Machine(self, f"copy {len(self.machines)}")
        for line in one.lines:
            copied = Line(two, line.chain.copy(), last=line.last)
            copied.state = copied.resumed()
            two.lines.append(copied)
        self.machines.append(two)
        for line in two.lines:
            two.bind(line)
        two.sell()

    def rewind(self):
        """Restore HQ from a backup: it forgets a part of every journal."""
        for rows in self.hq.rows.values():
            del rows[self.dice.below(len(rows) + 1) :]

    def run(self):
        while self.queue and self.now < QUIET_MS:
            self.now, _, action = heapq.heappop(self.queue)
            action()
            self.check()

    def check(self):
        """What HQ holds of a journal is a prefix of what some machine wrote (I3, I5)."""
        for machine in self.machines:
            for line in machine.lines:
                assert line.state.acked <= line.state.tail <= len(line.chain.records)
        for rows in self.hq.rows.values():
            assert [row.seq for row in rows] == list(range(1, len(rows) + 1))

    def settle(self):
        """Have every journal heard once more, as heartbeats do."""
        for machine in self.machines:
            machine.heard("0-settle")


@pytest.mark.parametrize("seed", range(40))
def test_every_machine_of_a_copied_disk_is_heard(dice, seed, sign, verify):
    """If one were not, a cloned disk would cost a day's sales, or stop a till for good."""
    world = World(dice, ManyHq(sign, verify))
    world.begin()
    for _ in range(1 + seed % 2):
        world.at(world.dice.below(CHAOS_MS), world.clone)
    world.run()
    everything = set().union(*(machine.facts() for machine in world.machines))
    assert everything == world.hq.facts()
    for machine in world.machines:
        assert all(line.state.acked == line.state.tail for line in machine.lines)
    assert {alarm.name for alarm in world.alarms} <= {"fork", "journal-older-than-hq"}


@pytest.mark.parametrize("seed", range(40))
def test_a_restore_of_hq_and_a_copied_disk_together_lose_nothing(dice, seed, sign, verify):
    """If they did, two accidents at once would cost what each alone does not (P5)."""
    world = World(dice, ManyHq(sign, verify))
    world.begin()
    world.at(world.dice.below(CHAOS_MS), world.clone)
    for _ in range(1 + seed % 2):
        world.at(world.dice.below(CHAOS_MS), world.rewind)
    world.at(CHAOS_MS + 1, lambda: [machine.sell() for machine in world.machines])
    for wait in (700_000, 1_400_000, 2_100_000):
        world.at(CHAOS_MS + wait, world.settle)
    world.run()
    everything = set().union(*(machine.facts() for machine in world.machines))
    assert everything <= world.hq.facts()
