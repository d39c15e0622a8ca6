"""The thread that books points as ended whose last day is over."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine

from central.daemon.beating import Beating
from central.value.expiry_keeping import ExpiryKeeper

BEAT_S = 2.0
"""How long somebody whose goods came back may lack what had ended of them."""


def expiring(
    engine: Engine, now: Callable[[], str], is_mine: Callable[[], bool], ended: Callable[[], None]
) -> Beating:
    """Make the thread; it begins with a pause: a start has more urgent things to do.

    Args:
        engine: the ledger.
        now: HQ's clock.
        is_mine: whether this process is the one that applies; of several only one looks.
        ended: called in the thread when it ends, asked for or not.
    """
    keeper = ExpiryKeeper(engine, now)
    look = keeper.look
    return Beating("expiry", lambda: is_mine() and look() > 0, BEAT_S, ended, first_s=BEAT_S)
