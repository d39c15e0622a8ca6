"""The thread that tells tills of one another's keys, as devices are let in and revoked."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine

from central.daemon.beating import Beating
from central.feed.receipt_keys import due, publish_due
from central.ledger.engine import reading, transact

BEAT_S = 5.0
"""How long the receipts of a new till are not yet trusted in other stores, beside the feed."""


def publishing(engine: Engine, is_mine: Callable[[], bool], ended: Callable[[], None]) -> Beating:
    """Make the thread; it begins with a look.

    Args:
        engine: the ledger.
        is_mine: whether this process is the one that applies; of several only one publishes.
        ended: called in the thread when it ends, asked for or not.
    """

    def look() -> bool:
        if not is_mine():
            return False
        # Nothing is due nearly always: a look alone takes no turn of those who write.
        with reading(engine) as conn:
            is_due = bool(due(conn))
        return is_due and transact(engine, publish_due) > 0

    return Beating("receipt keys", look, BEAT_S, ended)
