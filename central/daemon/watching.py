"""The watch: every few seconds, which days are complete by now, and what stands still.

What it finds about stalls is computed anew wherever it is asked for; the watch says it in the log,
once when it begins and once when it is over.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from sqlalchemy import Engine

from central.daemon.beating import Beating
from central.ledger.engine import reading
from central.reports.completeness import reckon_all
from central.reports.progress import Stall, stalls

BEAT_S = 15.0
"""With `STALLED_S` before it: a stall is told within five minutes."""
_LOG = structlog.get_logger("central")


class Watch:
    """Knows which stalls it has told of."""

    def __init__(self, engine: Engine, now: Callable[[], str]) -> None:
        """Begin knowing none; `now` is HQ's clock."""
        self._engine, self._now = engine, now
        self._known: dict[tuple[str, str], Stall] = {}

    def look(self) -> bool:
        """Declare the days that are complete, and say what stands still or goes on again.

        Nothing is ever left for another look at once: False.
        """
        for store, dates in reckon_all(self._engine, self._now()).items():
            _LOG.info("complete", store=store, dates=dates)
        with reading(self._engine) as conn:
            found = {(each.journal_id, each.kind): each for each in stalls(conn, self._now())}
        for key in found.keys() - self._known.keys():
            stall = found[key]
            where = {"store": stall.store, "till": stall.till, "lane": stall.lane}
            _LOG.warning(stall.kind, **where, detail=stall.detail, remedy=stall.remedy)
        for key in self._known.keys() - found.keys():
            stall = self._known[key]
            _LOG.info("goes on again", store=stall.store, till=stall.till, lane=stall.lane)
        self._known = found
        return False


def watching(engine: Engine, now: Callable[[], str], ended: Callable[[], None]) -> Beating:
    """Make the thread; it begins with a look.

    Args:
        engine: the ledger.
        now: HQ's clock.
        ended: called in the thread when it ends, asked for or not.
    """
    return Beating("watch", Watch(engine, now).look, BEAT_S, ended)
