"""Snapshots in a simulated world: HQ that makes them, what befalls them, and look-ups all along.

The product's own keeper makes and gives out the files, on HQ's simulated disk; the tills fetch
them in many small pieces, check and install them, while HQ publishes on and somebody looks things
up all the time. Whoever looks finds the scope as HQ had published it up to the till's position, old
or new, and never a part of it.
"""

from __future__ import annotations

import asyncio
import random
from types import SimpleNamespace

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from agent.core.exchange.cursors import parse
from agent.core.faults import Fault
from central.feed import making
from central.feed.building import SnapshotOvertaken, build
from central.feed.keeping import SnapshotKeeper
from central.ledger.outbox import on_published
from central.ledger.replica_files import DatabaseError
from tests.simulation import actions
from tests.simulation.paths import DiskPath

ROWS_MIN = 5
CHUNK_BYTES = 600
"""Some ten pieces a snapshot."""
MANY = 12
SLOW_S = 2.0
"""The longest a disk takes for a step of an installation; HQ publishes on meanwhile."""
LOOK_S = 0.4
INCOMING = "directory.db.incoming/"
_PUBLISHED = "SELECT key, body FROM feed_row WHERE scope = ? AND op = 'put'"
_HEAD = "SELECT fseq, running_hash FROM feed_scope WHERE scope = ?"
_OF_SCOPE = "SELECT key FROM versions WHERE scope = ? AND op = 'put'"
_STANDING = "SELECT cursor, rereading FROM scopes WHERE scope = ?"
_ITEMS = "SELECT 'item:' || item_id, body FROM items"


class SimulatedKeeper(SnapshotKeeper):
    """Makes snapshots without a thread or a process, whenever it is woken."""

    def __init__(self, hq):
        engine = hq.engine
        super().__init__(
            engine,
            DiskPath(hq.disk.path("state")),
            hq.root.sign,
            hq.master,
            hq.wall.now,
            rows_min=ROWS_MIN,
        )
        self._hq = hq
        self._wake = SimpleNamespace(set=self._look_soon)
        self._maker._build = self._build

    def _build(self, order):
        try:
            return build(self._engine, msgspec.structs.replace(order, chunk_bytes=CHUNK_BYTES))
        except (Fault, OSError, SQLAlchemyError, SnapshotOvertaken, DatabaseError) as error:
            raise making._failed(f"{type(error).__name__}: {error}") from error

    def _look_soon(self):
        asyncio.get_running_loop().call_later(0.5, self.look_if_up)

    def look_if_up(self):
        """Make what is due, where HQ still runs."""
        if self._hq.up and self._hq.engine is self._engine:
            self._look()


def watch_feed(world, engine, notify):
    """Note what each scope holds after every commit that published something."""

    def published(scopes):
        for scope in scopes:
            note(world, scope)
        notify(scopes)

    on_published(engine, published)


def note(world, scope):
    """Remember a scope as it stands at HQ, by its position."""
    for fseq, running in world.hq.rows(_HEAD, scope):
        world.feed_states[scope, fseq, running] = dict(world.hq.rows(_PUBLISHED, scope))


async def look_things_up(world, machine):
    """Look into a till's directory again and again, for as long as the machine runs."""
    rng = world.fork(f"{machine.name}-looks-{machine.boots}")
    while True:
        await asyncio.sleep(rng.expovariate(1 / LOOK_S))
        if not machine.up:
            return
        for scope in ("global", f"store:{machine.store}"):
            if seen := _torn(world, machine, scope):
                world.oracle.broken.append(("I10 (whole)", f"{machine.name}: {scope}: {seen}"))


def _torn(world, machine, scope):
    """Say what a look-up gives that was never published together; empty if nothing is wrong."""
    ask = machine.directory._ask
    found = ask(lambda conn: conn.execute(_STANDING, (scope,)).fetchone())
    if found is None or not found[0] or found[1]:
        return ""
    at = parse(found[0])
    due = world.feed_states.get((scope, at.fseq, at.fh))
    if due is None:
        return ""
    return _difference(ask, machine.directory, scope, due)


def _difference(ask, directory, scope, due):
    held = {key for (key,) in ask(lambda conn: conn.execute(_OF_SCOPE, (scope,)).fetchall())}
    items = dict(ask(lambda conn: conn.execute(_ITEMS).fetchall()))
    for key, body in due.items():
        kind, _, name = key.partition(":")
        if kind == "item" and (
            key not in items or msgspec.json.decode(items[key]) != msgspec.json.decode(body)
        ):
            return f"{key} is not what was published"
        if kind == "party" and not directory.holds(name):
            return f"{key} is not found"
    left = {key for key in held - set(due) if key.partition(":")[0] in {"item", "party"}}
    return f"{min(left)} is left over" if left else ""


def i10_whole(world):
    """I10: between two looks a scope is the one or the other, whole, whatever is installed."""
    yield from (seen for name, seen in world.oracle.broken if name == "I10 (whole)")


async def publish_many(world, rng):
    """HQ changes a lot at once."""
    for _ in range(MANY):
        await actions.publish(world, rng)


async def begin_anew(world, rng):
    """A till's directory is thrown away; it takes everything again."""
    if not (running := world.running()):
        return
    await begin_anew_at(world, rng.choice(running))


async def begin_anew_at(world, machine):
    """Throw one till's directory away."""
    await machine.stop(lost=False)
    for name in [each for each in machine.disk.files if each.startswith("directory.db")]:
        del machine.disk.files[name]
    world.start(machine)


async def flip_pieces(world, rng):
    """Bytes of what a till has fetched so far change, or of what HQ has to give."""
    for machine in world.running():
        for name, file in sorted(machine.disk.files.items()):
            if name.startswith(INCOMING) and not name.endswith("whole") and rng.random() < 0.5:
                _flip(world, machine.name, name, file, rng)
    kept = [name for name in world.hq.disk.files if name.startswith("state/snapshots/")]
    chunks = sorted(name for name in kept if name.rpartition("/")[2].isdecimal())
    if chunks and rng.random() < 0.5:
        name = rng.choice(chunks)
        _flip(world, "hq", name, world.hq.disk.files[name], rng)


async def interrupt(world, rng):
    """A till that takes a scope whole is stopped on the way; what it has fetched so far changes."""
    if not (running := world.running()) or not world.hq.up:
        return
    machine = rng.choice(running)
    await begin_anew_at(world, machine)
    await asyncio.sleep(rng.uniform(2, 12))
    await machine.stop(lost=False)
    for name, file in sorted(machine.disk.files.items()):
        if name.startswith(INCOMING) and not name.endswith("whole"):
            _flip(world, machine.name, name, file, rng)
    world.start(machine)


def _flip(world, whose, name, file, rng):
    if not file.current:
        return
    at, bit = rng.randrange(len(file.current)), 1 << rng.randrange(8)
    for content in (file.current, file.durable):
        if at < len(content):
            content[at] ^= bit
    world.note(f"{whose}: a byte of {name[-30:]} changes")


async def make(world, _rng):
    """HQ looks which snapshots are due."""
    if world.hq.up:
        world.hq.keeper.look_if_up()


def slow_threads(seed):
    """Give a stand-in for the installation's threads: each step takes its time, others go on."""
    rng = random.Random(f"threads {seed}")

    async def thread(call, _interrupt=None):
        await asyncio.sleep(rng.uniform(0, SLOW_S))
        return call()

    return thread
