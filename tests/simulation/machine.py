"""One machine in a shop: its disk, its device key, the agent's journal, directory and sync.

Everything inside is the product's; the machine can lose its power at any operation of its disk,
be killed, restarted, copied, put back to an older copy of its disk, or thrown away.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.core.exchange.credentials import key_id
from agent.core.exchange.versions import SYNC_VERSIONS, Versions
from agent.core.faults import Fault
from agent.directory import Directory, opening
from agent.journal import renewals
from agent.journal.preparation import Owner, prepare
from agent.links.http import HttpLink
from agent.sync import SyncLoop, enrol
from agent.sync.renewal import Signer, renew
from tests.simulation import driver, recovery, snapshots
from tests.simulation.clock import MachineClock, WallClock
from tests.simulation.disk import Disk
from tests.simulation.journal import SimulatedJournal, open_connection
from tests.simulation.network import Client, Wire
from tests.simulation.paths import DiskPath

JOURNAL, DIRECTORY = "journal.db", "directory.db"
NEWEST_OF_TILLS = (1, 1, 3)
"""Some agents speak later versions of journal sync as well, and some HQs (`environment`)."""


class Machine:
    """One machine; `boot` and `stop` are its power button."""

    def __init__(self, world, name, store, tills, key=None):
        loop = asyncio.get_running_loop()
        self.world, self.name, self.store, self.tills = world, name, store, tuple(tills)
        self.rng = world.fork(name)
        self.disk = Disk(f"{world.name}-{name}", world.fork(f"{name}-disk"))
        self.wall = WallClock(loop.time)
        self.clock = MachineClock(self.wall, self.rng, loop.time)
        self.key = key or Ed25519PrivateKey.from_private_bytes(self.rng.randbytes(32))
        self.public = self.key.public_key().public_bytes_raw()
        self.next_key = None
        """Offered to HQ until it has taken over; it lies beside the other, as on a real disk."""
        self.versions = Versions(1, world.fork(f"{name}-version").choice(NEWEST_OF_TILLS))
        self.journal = self.directory = self.sync = None
        self.tasks: dict[asyncio.Task[object], None] = {}
        """In their order, which is the order they are cancelled in."""
        self.boots = self.checked_boot = 0
        self.owes: set[tuple[str, int, bytes]] = set()
        """What was released on this disk, and must be on it after any power cut."""
        self.carries: dict[tuple[str, int, bytes], tuple[bytes, bytes]] = {}
        """What was released, and is here in another entry: that one's hash and text."""
        self.at_risk: set[tuple[str, int, bytes]] = set()
        """Of what was released: what a wound may have taken (see `wounds`)."""
        self.is_wounded = False
        self.is_salvaged = False
        """What its disk showed of HQ may have gone with the damaged file."""
        self.is_unreckoned = False
        """Nobody has looked yet what is left of it since it was wounded."""
        self.is_copied = False
        self.is_gone = False
        """Thrown away: it never starts again."""
        self.wire = Wire(
            world.hq, world.weather, world.fork(f"{name}-wire"), lambda: self.up, world.watch
        )

    @property
    def up(self):
        return self.journal is not None and not self.disk.dead

    def path(self, file):
        return DiskPath(self.disk.path(file))

    def boot(self):
        """Start the agent on what is on the disk.

        Raises:
            Fault: it does not start; the machine stays off.
        """
        path = self.path(JOURNAL)
        self._take_key_over(path)
        open_ = partial(recovery.opened, self) if self.is_wounded else self._prepare
        incarnation = open_(path, self.owner())
        self.journal = SimulatedJournal(path, incarnation, self.disk, self._disk_s, self._committed)
        self.directory = self._open_directory(self.path(DIRECTORY))
        self.boots += 1
        self.wire.life = self.boots
        self._committed(None)
        self._begin_sync()

    def _open_directory(self, path):
        if self.world.scenario.has_snapshots:
            return Directory.open(path)
        return Directory(path, opening._open(path), None)

    def owner(self):
        """Say whose its journals are."""
        return Owner(store=self.store, tills=self.tills, device_key=self.public)

    def _prepare(self, path, owner):
        return prepare(path, owner, self.clock)

    def _take_key_over(self, path):
        """Go by the journal's note where the power went before the key was swapped, as `run`."""
        if self.next_key is None or not path.exists():
            return
        conn = open_connection(path)
        try:
            newest = renewals.newest(conn, self.public)
        finally:
            conn.close()
        if newest != self.public:
            self._use(self.next_key)

    def _use(self, key):
        self.key, self.next_key = key, None
        self.public = key.public_key().public_bytes_raw()

    def _begin_sync(self):
        has_snapshots = self.world.scenario.has_snapshots
        self.link = link_of(self.key, self.public, self.wire, self.versions)
        self.sync = SyncLoop(
            self.link,
            self.journal,
            self.directory,
            self.clock,
            store=self.store,
            tills=self.tills,
            on_change=_nobody_listens,
            sign=self.key.sign,
            device_key=self.public,
            forget=self.directory.forget,
            installable=self.directory if has_snapshots else None,
        )
        if has_snapshots:
            self.start(snapshots.look_things_up(self.world, self))
        self.sync_task = self.start(self.sync.run())

    def start(self, coroutine):
        """Run something that ends with the machine."""
        task = asyncio.ensure_future(coroutine)
        self.tasks[task] = None
        task.add_done_callback(self._done)
        return task

    def _done(self, task):
        self.tasks.pop(task, None)
        if not task.cancelled() and (problem := task.exception()) and self.up:
            self.world.note(f"{self.name}: a task ended: {problem!r}")

    async def stop(self, *, lost):
        """Lose the process, and the power too if `lost`."""
        self.disk.dead = True
        tasks = [task for task in self.tasks if not task.done()]
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
        driver.drop(self.disk.path("").rstrip("/"))
        self.journal = self.directory = self.sync = None
        self.disk.power_on(lost=lost)

    async def enrol(self, till, code):
        """Have a till enrolled, as a person at the machine does."""
        await enrol(
            self.link,
            self.journal,
            store=self.store,
            till=till,
            code=code,
            device_key=self.public,
            sign=self.key.sign,
        )
        if self.sync is not None:
            self.sync.refresh()

    async def renew_key(self):
        """Agree on a new device key with HQ, and go on under it."""
        if self.next_key is None:
            self.next_key = Ed25519PrivateKey.from_private_bytes(self.rng.randbytes(32))
        new = self.next_key
        await renew(
            self.link,
            self.journal,
            self.tills,
            old=Signer(self.public, self.key.sign),
            new=Signer(new.public_key().public_bytes_raw(), new.sign),
        )
        if new is self.next_key and self.up:
            self._use(new)
            self.link.use_key(self.key, key_id(self.public))
            self.sync.renew(self.key.sign, self.public)

    async def record(self, function):
        """Have the journal write; None where it refused or the power went."""
        try:
            found = await self.journal.write(function)
        except Fault as fault:
            return fault
        return found if self.up else None

    def see(self, function):
        """Read the journal between two transactions; cheaper than `look`, and as true."""
        return function(self.journal._conn)

    def rows(self, sql, *values):
        """Read the journal's tables."""
        return self.journal._conn.execute(sql, values).fetchall()

    def look(self, function):
        """Read the journal beside the simulation; the disk counts nothing of it."""
        return self.journal.look(function)

    def _committed(self, _conn):
        self.world.oracle.written(self)

    def _disk_s(self):
        return self.rng.uniform(0.0002, 0.02)


def link_of(key, public, wire, versions=SYNC_VERSIONS):
    """Make the product's own link to HQ, on a simulated wire."""
    address = "http://127.0.0.1:8470"
    link = HttpLink(address, private_key=key, keyid=key_id(public), versions=versions)
    link._client = Client(wire)
    return link


async def _nobody_listens(_scope, _keys):
    """No till page is open."""
