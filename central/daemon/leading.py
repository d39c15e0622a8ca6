"""The thread that derives credits and profiles of what was touched since it last looked."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine

from central.daemon.beating import Beating
from central.histories.sold import sale_named
from central.leads.keeping import LeadKeeper

BEAT_S = 2.0
"""How long a report may lag behind what was applied, beside the work itself."""


def leading(
    engine: Engine, now: Callable[[], str], is_mine: Callable[[], bool], ended: Callable[[], None]
) -> Beating:
    """Make the thread; it begins with a look.

    Args:
        engine: the ledger.
        now: HQ's clock.
        is_mine: whether this process is the one that applies; of several only one derives.
        ended: called in the thread when it ends, asked for or not.
    """
    keeper = LeadKeeper(engine, sale_named, now)
    return Beating("leads", lambda: is_mine() and keeper.work() > 0, BEAT_S, ended)
