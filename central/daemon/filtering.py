"""The thread that keeps the filter of everybody the chain knows."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine

from agent.core.exchange.sealed_rows import Master
from central.daemon.beating import Beating
from central.feed.filters import FilterKeeper
from central.feed.sealing import Sealer

BEAT_S = 10.0
"""How long somebody new may be unknown to tills that do not hold them."""


def filtering(
    engine: Engine,
    sealer: Sealer,
    master: Master,
    now: Callable[[], str],
    is_mine: Callable[[], bool],
    ended: Callable[[], None],
) -> Beating:
    """Make the thread; it begins with a pause: a start has more urgent things to do.

    Args:
        engine: the ledger.
        sealer: HQ's.
        master: what keys are made of.
        now: HQ's clock.
        is_mine: whether this process is the one that applies; of several only one keeps it.
        ended: called in the thread when it ends, asked for or not.
    """
    keeper = FilterKeeper(engine, sealer, master, now)
    return Beating("filter", lambda: is_mine() and keeper.look(), BEAT_S, ended, first_s=1.0)
