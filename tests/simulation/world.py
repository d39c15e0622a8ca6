"""One seeded world: stores with their machines, one HQ, the ways between them, and a fate.

A world lives in turns. In each, something is done (a sale, an outage, a copied disk), some time
passes, machines without power come back, and everything that must be true is checked. In the end
the faults stop, and all that is owed has to come in within bounded time.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict

import msgspec
from pysqlite3 import dbapi2
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from agent.core.entries.bodies import EntryCarried
from agent.core.entries.kinds import KINDS
from agent.core.exchange.cursors import PARTY_KEY, Cursor
from agent.core.exchange.people_rows import id_of
from agent.core.faults import Fault
from agent.journal.cursors import Acked
from agent.sync import enrolment
from central.ledger.backups import Manifest
from central.ledger.epoch import current_epoch
from central.ledger.outbox import position
from central.ledger.tables import APPLIED, BODIES, CHAIN, CURSORS, ERASE_ORDERS
from tests.simulation.authority import Thief
from tests.simulation.clock import WallClock
from tests.simulation.disk import forget
from tests.simulation.fates import back_up, testify_again
from tests.simulation.headquarters import Headquarters
from tests.simulation.invariants import AFTER_STEP, AT_HQ, AT_REST, Violation, check
from tests.simulation.machine import Machine
from tests.simulation.network import Weather
from tests.simulation.oracle import Oracle
from tests.simulation.wounds import look_over

REST_S = 1800.0
"""Within so much simulated time after the last fault, everything is in (I7)."""
LOOK_EVERY_S = 15.0
ENROL_AGAIN = "enrol this till again"
"""How the remedy begins of what only a person can heal."""
SETTLE_S = 60.0
"""A till that has nothing to send learns only by asking that HQ was put back."""
STARTS_MAX = 9
"""A machine that was switched off under way may need a few starts; more is a machine that hangs."""
TURN_S = 600.0
"""Nothing done in one turn takes longer, whatever fails."""
_TAKEN_IN = (
    "SELECT c.journal_id, c.seq, c.kind, c.version, q.name FROM chain c"
    " LEFT JOIN quarantine q USING (journal_id, seq) ORDER BY c.journal_id, c.seq"
)
_CARRIED = KINDS[EntryCarried].kind
_numbers = iter(range(1 << 60))


class World:
    """Everything a seed makes."""

    def __init__(self, seed, scenario, *, are_clocks_right=False):
        self.seed, self.scenario = seed, scenario
        self.are_clocks_right = are_clocks_right
        self.name = f"w{next(_numbers)}"
        self.rng = self.fork("fate")
        self.history: list[str] = []
        self.weather = Weather()
        self.oracle = self.watch = Oracle(self)
        self.machines: list[Machine] = []
        self.names = 0
        self.backups: list[tuple[str, dict[str, bytes]]] = []
        self.manifests: dict[str, Manifest] = {}
        self.images: dict[str, dict[str, bytes]] = {}
        self.seen_at_hq: dict[tuple[str, int], bytes] = {}
        self.positions: dict[tuple[str, str], tuple[str, int]] = {}
        self.erasures: dict[str, tuple[str, str, int]] = {}
        self.restores = 0
        """How often HQ was put back."""
        self.witnesses: dict[str, list[tuple[str, Acked]]] = {}
        """Machine → (journal, ack): what its disk shows HQ lost when it was last put back."""
        self.epochs: list[str] = []
        """HQ's, in the order it was first seen in them."""
        self.old_epoch = ""
        """The epoch HQ came back with."""
        self.revoked: dict[str, str] = {}
        """Order id → the device key it revokes."""
        self.thieves: list[Thief] = []
        self.counterfeits: set[str] = set()
        """Ids of orders HQ never signed."""
        self.haunted: set[str] = set()
        """Among others the ids of journals HQ heard of from before it, or the till, began anew."""
        self.days = 0
        """Days that were noted at HQ."""
        self.poisoned: dict[tuple[str, int, bytes], tuple[bytes, bytes]] = {}
        """(journal, seq, hash) → salt and bytes of what a later version sealed."""
        self.calm_since: float | None = 0.0 if scenario.is_crowd else None
        """When the last fault was over."""
        self.waiting_since: dict[str, float] = {}
        """Machine → since when it has something to send."""
        self.feed_states: dict[tuple[str, int, str], dict[str, bytes]] = {}
        """(scope, position, running hash) → what HQ had published by then, key by key."""
        self.checked_hq = None
        """What HQ had done when it was last checked: unchanged, nothing can have come to break."""
        self.cuts = 0

    def fork(self, name):
        """Make a source of draws of its own, so that one part's draws change no other's."""
        return random.Random(f"{self.seed}/{name}")

    def note(self, text):
        self.history.append(f"{asyncio.get_running_loop().time():10.3f}  {text}")

    def lived_in(self, epoch):
        """Note an epoch HQ was seen in."""
        if epoch not in self.epochs:
            self.epochs.append(epoch)

    def number(self):
        """Give the next number of things that need a name."""
        self.names += 1
        return self.names

    def running(self):
        return [machine for machine in self.machines if machine.up]

    async def begin(self):
        """Start HQ, and let every till enrol in calm weather."""
        wall = WallClock(asyncio.get_running_loop().time)
        self.hq = Headquarters(f"{self.name}-hq", self.fork("hq"), wall, self.oracle)
        self.hq.boot()
        for number in range(1, self.scenario.stores + 1):
            for first in range(
                1, self.scenario.machines * self.scenario.tills + 1, self.scenario.tills
            ):
                tills = [f"till-{till}" for till in range(first, first + self.scenario.tills)]
                self.place(f"store-{number}", tills)
        await back_up(self, self.rng)
        for machine in self.machines:
            for till in machine.tills:
                await machine.enrol(till, self.hq.code(machine.store, till))
        await back_up(self, self.rng)
        for name, worst in self.scenario.weather.items():
            setattr(self.weather, name, worst)

    def place(self, store, tills, key=None, image=None):
        """Put a machine into a store; with an image, one whose disk was copied."""
        machine = Machine(self, f"m{self.number()}", store, tills, key)
        if image is not None:
            machine.disk.restore(image)
        self.machines.append(machine)
        self.start(machine)
        return machine

    def start(self, machine):
        """Switch a machine on, if it can."""
        try:
            machine.boot()
        except (Fault, dbapi2.Error) as problem:
            disk = machine.disk
            if not (disk.dead or disk.failed or disk.capacity):
                raise Violation("I2", f"{machine.name} does not start: {problem}") from problem
            disk.dead, disk.failed = True, False
            self.note(f"{machine.name}: does not start: {type(problem).__name__}")
            return
        self.note(f"{machine.name}: started")
        # A log that is hurt ends where it is hurt, and nothing has to be salvaged.
        if machine.is_salvaged or machine.is_wounded:
            machine.is_salvaged = False
            testify_again(self, machine)

    async def live(self):
        """Go through all turns, then rest."""
        await self.begin()
        for _ in range(self.scenario.turns):
            await self.turn()
        await self.rest()

    async def turn(self):
        names = list(self.scenario.actions)
        chosen = self.rng.choices(names, list(self.scenario.actions.values()))[0]
        self.note(chosen.__name__)
        try:
            async with asyncio.timeout(TURN_S):
                await chosen(self, self.rng)
        except (Fault, SQLAlchemyError, dbapi2.Error):
            if self._is_healthy():
                raise
        await asyncio.sleep(self.rng.expovariate(1 / self.scenario.pause_s))
        await self.raise_the_fallen(self.scenario.return_chance)
        self.check()

    def _is_healthy(self):
        disks = [self.hq.disk, *(machine.disk for machine in self.machines)]
        return not any(disk.dead or disk.failed or disk.capacity for disk in disks) and self.hq.up

    async def raise_the_fallen(self, chance):
        """Let machines whose power went fall, and some of them come back."""
        for machine in self.machines:
            if machine.disk.dead:
                self.note(f"{machine.name}: without power")
                await machine.stop(lost=True)
            if not machine.up and not machine.is_gone and self.rng.random() < chance:
                self.start(machine)
        if self.hq.disk.dead:
            self.note("hq: without power")
            self.hq.stop(lost=True)
        if not self.hq.up and self.rng.random() < chance:
            self.start_hq()

    def start_hq(self):
        try:
            self.hq.boot()
        except (Fault, SQLAlchemyError, dbapi2.Error) as problem:
            if not (self.hq.disk.dead or self.hq.disk.failed or self.hq.disk.capacity):
                raise Violation("I1", f"HQ does not start: {problem}") from problem
            self.hq.disk.dead, self.hq.disk.failed = True, False
            return
        self.note("hq: started")

    def check(self):
        check(self, AFTER_STEP)
        if self.hq.up and (state := self.hq.state()) != self.checked_hq:
            check(self, AT_HQ)
            self.checked_hq = state

    async def rest(self):
        """Stop all faults; everything must come in, and then add up."""
        self.note("the faults stop")
        for _ in range(STARTS_MAX):
            self.calm()
            await self.raise_the_fallen(1.0)
            if self.hq.up and all(each.up or each.is_gone for each in self.machines):
                break
        await look_over(self)
        await self._enrol_all()
        await asyncio.sleep(SETTLE_S)
        await self._enrol_the_salvaged()
        end = asyncio.get_running_loop().time() + REST_S
        while (waiting := self.waiting()) and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(LOOK_EVERY_S)
            self.check()
        if waiting:
            raise Violation("I7", f"after {REST_S:.0f} s: {waiting}")
        self.note("everything is in")
        self.check()
        check(self, AT_REST)

    def calm(self):
        self.calm_since = asyncio.get_running_loop().time()
        for name, value in vars(Weather()).items():
            setattr(self.weather, name, value)
        for machine in self.machines:
            machine.wire.cut = False
        for disk in [machine.disk for machine in self.machines] + [self.hq.disk]:
            disk.capacity = disk.cut_at = disk.fail_at = None

    async def _enrol_all(self):
        for machine in self.running():
            for till in machine.tills:
                if machine.look(lambda conn, till=till: enrolment(conn, till)) is None:
                    await machine.enrol(till, self.hq.code(machine.store, till))

    async def _enrol_the_salvaged(self):
        """Do what a till asks for whose damaged file no longer says what its journals go on from.

        Whoever lost nothing of a file heals by itself.
        """
        for machine in self.running():
            if not any("journal.damaged-" in name for name in machine.disk.files):
                continue
            troubles = machine.sync.status().troubles
            asking = {each.till for each in troubles if each.remedy.startswith(ENROL_AGAIN)}
            for till in sorted(asking):
                self.note(f"{machine.name}: {till} is enrolled again")
                await machine.enrol(till, self.hq.code(machine.store, till))

    def waiting(self):
        """Say what is not in yet; empty when nothing is."""
        found = []
        for machine in self.running():
            if machine.sync_task.done():
                found.append(f"{machine.name}: sync ended: {machine.sync_task!r}")
                continue
            status = machine.sync.status()
            if any(sum(lanes.values()) for lanes in status.backlog.values()):
                found.append(f"{machine.name}: backlog {status.backlog}, {status.troubles}")
            found += self._feeds_behind(machine)
        return found + self._applier_behind()

    def _feeds_behind(self, machine):
        scopes = ("global", f"store:{machine.store}")
        with self.hq.reading() as conn:
            epoch = current_epoch(conn)
            due = {scope: str(Cursor(epoch, *position(conn, scope))) for scope in scopes}
        return [
            f"{machine.name}: {scope} at {at or 'nothing'} of {due[scope]}"
            for scope in scopes
            if (at := machine.directory.cursor(scope)) != due[scope]
        ]

    def _applier_behind(self):
        with self.hq.reading() as conn:
            held = conn.execute(select(func.sum(CURSORS.c.have_seq))).scalar_one() or 0
            applied = conn.execute(select(func.sum(APPLIED.c.seq))).scalar_one() or 0
        return [] if held == applied else [f"hq: applied {applied} of {held}"]

    def at_end(self):
        """Give the kinds of entries HQ took in, journal by journal, and which it set aside.

        A journal's random id is nobody's decision.
        """
        journals = defaultdict(list)
        for journal, *entry in self.hq.rows(_TAKEN_IN):
            journals[journal].append(tuple(entry))
        return sorted(journals.values(), key=repr)

    def held_at_hq(self):
        """Give (journal, seq, hash) of everything HQ holds."""
        with self.hq.reading() as conn:
            columns = CHAIN.c.journal_id, CHAIN.c.seq, CHAIN.c.hash
            return {tuple(row) for row in conn.execute(select(*columns))}

    def erased_at_hq(self):
        """Give (journal, seq, commitment) of everything HQ has ordered erased."""
        with self.hq.reading() as conn:
            held = ERASE_ORDERS.c
            return {
                tuple(row)
                for row in conn.execute(select(held.journal_id, held.seq, held.commitment))
            }

    def carried_at_hq(self):
        """Give the bodies that successors carried, as they were once sealed."""
        with self.hq.reading() as conn:
            query = select(BODIES.c.body).join(
                CHAIN, (CHAIN.c.journal_id == BODIES.c.journal_id) & (CHAIN.c.seq == BODIES.c.seq)
            )
            found = conn.execute(query.where(CHAIN.c.kind == _CARRIED)).scalars()
            return {_carried_body(body) for body in found}

    def replica_keys(self, machine):
        """Give the items and parties a till's directory holds from HQ."""
        held = self.replica_versions(machine)
        return {key for key in held if key.startswith(("item:", "party:"))}

    def replica_versions(self, machine):
        """Give of every key HQ has put into a till's directory the version it has.

        Whoever was erased by an order is in it, too: the till remembers what it was told of them.
        """
        conn = machine.directory._conn
        others = conn.execute("SELECT key, ver FROM versions WHERE op = 'put'").fetchall()
        people = conn.execute(
            "SELECT party, CASE WHEN stale THEN -1 ELSE ver END FROM people"
            " JOIN generations ON generations.id = seal WHERE local = 0 AND name IS NOT NULL"
            " UNION ALL SELECT party, ver FROM gone WHERE op = 'put'"
        ).fetchall()
        return dict(others) | {PARTY_KEY + id_of(party): ver for party, ver in people}

    def replica_items(self, machine):
        """Give the items a till's directory holds, by their keys in the feed."""
        rows = machine.directory._conn.execute("SELECT 'item:' || item_id, body FROM items")
        return dict(rows.fetchall())

    async def end(self):
        """Let go of everything."""
        disks = [machine.disk for machine in self.machines]
        for machine in self.machines:
            await machine.stop(lost=False)
        if hq := getattr(self, "hq", None):
            hq.stop(lost=False)
            disks.append(hq.disk)
        self.cuts = sum(disk.cuts for disk in disks)
        forget([disk.name for disk in disks])


def _carried_body(body):
    return msgspec.json.decode(body, type=dict[str, object])["body"].encode()
