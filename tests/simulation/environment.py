"""What stands in for the machine beneath the product: SQLite's disks, randomness, the log.

Only drivers are replaced, never the product's own code: `pysqlite3` by the same SQLite on simulated
disks, the operating system's randomness by a seeded one, the HTTP client's socket by a simulated
way. Everything is put back at the end.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from contextlib import ExitStack, contextmanager
from functools import partial
from types import SimpleNamespace
from unittest.mock import patch

import structlog

import agent.directory.generations
import agent.directory.installing
import agent.directory.opening
import agent.journal.database
import agent.journal.moving
import agent.journal.salvage
import agent.journal.wreck
import agent.links.http
import agent.sync.pieces
import agent.sync.snapshots
import central.daemon.app
import central.feed.building
import central.feed.keeping
import central.feed.making
import central.intake.admission
import central.intake.content
import central.intake.routes
import central.ledger.embedded
import central.ledger.replica_files
from agent.core.exchange.coding import decode_batch
from agent.core.exchange.versions import Versions
from tests.simulation import driver
from tests.simulation.fairness import at_work
from tests.simulation.paths import NO_LOCK, OS, SHUTIL, DiskPath
from tests.simulation.snapshots import slow_threads

_INLINE = 1 << 30
NEWEST_OF_HQS = (1, 1, 3)
SMALL_BYTES = 600
"""Of a batch that goes first: what is sold here in a few seconds is a backlog already."""


@contextmanager
def simulated(seed):
    """Run the product on simulated drivers, all draws from `seed`."""
    rng = random.Random(f"environment {seed}")
    random.seed(f"libraries {seed}")
    # Some HQs are of a later version, and still speak this one, too.
    theirs = Versions(1, random.Random(f"versions {seed}").choice(NEWEST_OF_HQS))
    with ExitStack() as stack:
        for owner, name, stand_in in (
            (agent.journal.database, "dbapi2", driver.MODULE),
            (agent.journal.salvage, "dbapi2", driver.MODULE),
            (agent.journal.salvage, "Path", DiskPath),
            (agent.journal.salvage, "Lock", NO_LOCK),
            (agent.journal.wreck, "dbapi2", driver.MODULE),
            (agent.journal.moving, "Path", DiskPath),
            (agent.journal.moving, "os", OS),
            (agent.directory.opening, "dbapi2", driver.MODULE),
            (agent.directory.installing, "Path", DiskPath),
            (agent.directory.installing, "os", OS),
            (agent.directory.generations, "os", OS),
            (agent.sync.pieces, "shutil", SHUTIL),
            (agent.sync.snapshots, "_thread", slow_threads(seed)),
            (
                central.intake.routes,
                "sync_to_thread",
                at_work(central.intake.routes.sync_to_thread),
            ),
            (central.intake.routes, "time", SimpleNamespace(monotonic=_now)),
            (central.intake.admission, "SMALL_BYTES", SMALL_BYTES),
            (central.feed.building, "Path", DiskPath),
            (central.feed.building, "os", OS),
            (central.feed.keeping, "shutil", SHUTIL),
            (central.feed.making, "shutil", SHUTIL),
            (central.ledger.replica_files, "dbapi2", driver.MODULE),
            (central.ledger.embedded, "dbapi2", driver.MODULE),
            (central.ledger.embedded, "POOL_SIZE", 1),
            (central.daemon.app, "SYNC_VERSIONS", theirs),
            (central.intake.content, "SYNC_VERSIONS", theirs),
            (central.intake.content, "decode_batch", partial(decode_batch, versions=theirs)),
            (central.ledger.embedded, "HeldFile", driver.HeldFile),
            (agent.links.http, "_INLINE_RECORDS", _INLINE),
            (agent.links.http, "_client", lambda *_, **__: None),
            (secrets, "token_bytes", lambda size=32: rng.randbytes(size)),
            (secrets, "choice", rng.choice),
        ):
            stack.enter_context(patch.object(owner, name, stand_in))
        stack.enter_context(_quiet())
        yield


def _now():
    return asyncio.get_running_loop().time()


@contextmanager
def _quiet():
    """Say nothing of a thousand outages; what matters is what the checks say."""
    before = structlog.get_config()
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        logger_factory=structlog.ReturnLoggerFactory(),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)
        logging.disable(disabled)
