"""The thread that looks once a day at who is held by which tills."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine

from central.daemon.beating import Beating
from central.identity.settling import ReachKeeper

BEAT_S = 30.0


def reaching(
    engine: Engine, now: Callable[[], str], is_mine: Callable[[], bool], ended: Callable[[], None]
) -> Beating:
    """Make the thread; it begins with a pause: a start has more urgent things to do.

    Args:
        engine: the ledger.
        now: HQ's clock.
        is_mine: whether this process is the one that applies; of several only one looks.
        ended: called in the thread when it ends, asked for or not.
    """
    keeper = ReachKeeper(engine, now)
    return Beating("reach", lambda: is_mine() and keeper.look(), BEAT_S, ended, first_s=BEAT_S)
