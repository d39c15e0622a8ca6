"""What stands in for the machine beneath the product: SQLite's disks, randomness, the log.

Only drivers are replaced, never the product's own code: `pysqlite3` by the same SQLite on simulated
disks, the operating system's randomness by a seeded one, the HTTP client's socket by a simulated
way. Everything is put back at the end.
"""

from __future__ import annotations

import logging
import random
import secrets
from contextlib import ExitStack, contextmanager
from functools import partial
from unittest.mock import patch

import structlog

import agent.directory.opening
import agent.journal.database
import agent.links.http
import central.daemon.app
import central.intake.content
import central.ledger.embedded
from agent.core.exchange.coding import decode_batch
from agent.core.exchange.versions import Versions
from tests.simulation import driver

_INLINE = 1 << 30
NEWEST_OF_HQS = (1, 1, 3)


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
            (agent.directory.opening, "dbapi2", driver.MODULE),
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
