"""HQ as a program on a machine that can lose its power, be killed, or be put back in time.

The real application on the real ledger; its threads run on the simulated loop. The root key lies
beside the database, on a medium of its own, and survives every restore.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from unittest.mock import patch

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.util import LRUCache

from agent.core.faults import Fault
from central.daemon.app import create_routes
from central.daemon.digests import Digests
from central.daemon.evidence import evidence
from central.daemon.keys import master_of, opening_of
from central.feed.sealing import Sealer
from central.histories.applier import Applier
from central.intake.admission import WORKERS, Admission
from central.intake.codes import issue_code
from central.intake.root_key import RootKey
from central.intake.signatures import Signatures
from central.ledger.engine import open_engine, reading, writing
from central.ledger.hq import FeedSignal, Hq, NoSnapshots
from central.ledger.migrate import migrate
from central.ledger.outbox import on_published, publish
from tests.simulation import driver, fairness, fates, snapshots
from tests.simulation.disk import Disk
from tests.simulation.network import answer_of

FILE = "central.db"
RETRY_S = 5.0
_EMPTY: dict[str, bytes] = {}
_APP = []
_DIALECTS = []
_COMPILED = LRUCache(2000)
"""Compiled SQL outlives a start of HQ here: thousands of starts would compile the same again."""


class Headquarters:
    """One HQ; `boot` and `stop` are its power button."""

    def __init__(self, name, rng, wall, watch):
        self.disk = Disk(name, rng)
        self.root = RootKey(Ed25519PrivateKey.from_private_bytes(rng.randbytes(32)))
        self.master = master_of(self.root)
        self.wall, self._rng, self._watch = wall, rng, watch
        self.engine = None
        self.boots = 0
        self._asked: dict[asyncio.Task[object], None] = {}
        """Who asks, in their order: a set of tasks has another order in every run."""
        self._timer: asyncio.TimerHandle | None = None
        self.disk.restore(_empty_ledger())

    @property
    def up(self):
        return self.engine is not None and not self.disk.dead

    def boot(self):
        """Start on what is on the disk."""
        loop = asyncio.get_running_loop()
        self.boots += 1
        self.engine = open_engine(self.disk.path(FILE))
        self._remember_compiled()
        signal = FeedSignal()
        signal.attach(loop)
        self.keeper = None
        on_published(self.engine, signal.notify)
        if self._watch.world.scenario.has_snapshots:
            self.keeper = snapshots.SimulatedKeeper(self)
            snapshots.watch_feed(self._watch.world, self.engine, signal.notify)
        self._applier = Applier(
            self.engine,
            self.wall.now,
            take_back=evidence(self.root),
            open_body=opening_of(self.root),
        )
        self._app = _application(self._hq(signal), self.root)
        self._begin_line(_APP[0].state)
        self.wake_applier()

    def _remember_compiled(self):
        """Use the SQL that was compiled before; it is remembered per dialect object."""
        _DIALECTS.append(self.engine.dialect)
        del _DIALECTS[1:]
        self.engine.dialect, self.engine._compiled_cache = _DIALECTS[0], _COMPILED

    def _hq(self, signal):
        return Hq(
            engine=self.engine,
            now=self.wall.now,
            wake_applier=self.wake_applier,
            apply_later=lambda: self.wake_applier(2.0),
            feed_changed=signal,
            access_log=lambda *_: None,
            authenticate=Signatures(self.engine),
            take_back=evidence(self.root),
            sealing=Sealer(self.engine, self.master),
            snapshots=self.keeper or NoSnapshots(),
        )

    def _begin_line(self, state):
        """Nobody waits yet; where there is a crowd, one batch is taken at a time, and slowly."""
        is_crowd = self._watch.world.scenario.is_crowd
        workers = 1 if is_crowd else WORKERS
        state.admission = Admission(asyncio.get_running_loop().time, workers=workers)
        state.busy_s = fairness.BUSY_S if is_crowd else 0

    def stop(self, *, lost):
        """Lose the process, and the power too if `lost`; whoever waits for an answer gets none."""
        self.disk.dead = True
        for task in list(self._asked):
            task.cancel()
        if self._timer is not None:
            self._timer.cancel()
        driver.drop(self.disk.path("").rstrip("/"))
        if self.engine is not None:
            self.engine.dispose()
        self.engine = None
        self.disk.power_on(lost=lost)

    async def ask(self, message):
        """Answer a message; None where no answer ever comes."""
        if not self.up:
            return None
        task = asyncio.ensure_future(self._answer(message))
        self._asked[task] = None
        task.add_done_callback(self._asked.pop)
        await asyncio.wait([task])
        if task.cancelled():
            return None
        return task.result() if self.up else None

    def later(self, delay_s, message, alive):
        """Have a message come again, when nobody waits for its answer any more.

        `alive` tells whether its sender has not been started again since. If it has, HQ, which may
        never have heard of the earlier start, takes that for the later one, and the journal ends.
        """
        asyncio.get_running_loop().call_later(delay_s, self._again, message, alive)

    def _again(self, message, alive):
        task = asyncio.ensure_future(self._ghost(message, alive))
        self._asked[task] = None
        task.add_done_callback(self._asked.pop)

    async def _ghost(self, message, alive):
        if not alive():
            self._watch.world.haunted.update(message.path.split("/"))
        if self.up:
            reply = await self._answer(message)
            if self.up:
                self._watch.answered(message, *reply)

    async def _answer(self, message):
        reply = await answer_of(self._app, message)
        if self.up and message.restores != self._watch.world.restores:
            fates.hear_again(self._watch.world, message.path)
        return reply

    def wake_applier(self, delay_s=0.02):
        """Apply soon; as the applier's thread does, by itself again after a failure."""
        if self._timer is not None and not self._timer.cancelled():
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(delay_s, self.apply)

    def apply(self):
        if self.up:
            try:
                self._applier.apply_pending()
            except (Fault, SQLAlchemyError):
                self.wake_applier(RETRY_S)

    def code(self, store, till):
        with writing(self.engine) as conn:
            return issue_code(conn, store, till, self.wall.now())

    def publish(self, scope, key, op, value):
        with writing(self.engine) as conn:
            return publish(conn, scope, key, op, msgspec.json.encode(value))

    def state(self):
        """Give what changes with whatever HQ writes, reads in again or signs."""
        return self.boots, self.disk.ops, self._watch.acks

    def rows(self, sql, *values):
        """Look beside the simulation: at once, in no transaction."""
        return driver.rows(self.disk.path("").rstrip("/"), sql, values)

    def reading(self):
        return reading(self.engine)

    def writing(self):
        return writing(self.engine)


def _application(hq, root):
    """Put the routes together once; each start only changes what they are handed."""
    if not _APP:
        _APP.append(create_routes(hq, root))
    app = _APP[0]
    app.state.hq, app.state.root_key = hq, root
    return Digests(app)


def _empty_ledger():
    """Migrate once; its epoch is drawn beside the seeds, or the first life would draw more."""
    if not _EMPTY:
        disk = Disk("empty-ledger", None)
        engine = open_engine(disk.path(FILE))
        with patch.object(secrets, "token_bytes", random.Random("empty ledger").randbytes):
            migrate(engine)
        engine.dispose()
        _EMPTY.update({FILE: disk.image()[FILE]})
    return _EMPTY
