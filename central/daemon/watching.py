"""The watch: every few seconds, which days are complete by now, and what stands still.

What it finds about stalls is computed anew wherever it is asked for; the watch says it in the log,
once when it begins and once when it is over.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from agent.core.faults import Fault
from central.ledger.engine import reading
from central.reports.completeness import reckon_all
from central.reports.progress import Stall, stalls

BEAT_S = 15.0
"""With `STALLED_S` before it: a stall is told within five minutes."""
_LOG = structlog.get_logger("central")


class Watch:
    """Looks at the ledger every `BEAT_S` seconds, in a thread of its own."""

    def __init__(self, engine: Engine, now: Callable[[], str], ended: Callable[[], None]) -> None:
        """Prepare the thread.

        Args:
            engine: the ledger.
            now: HQ's clock.
            ended: called in the thread when it ends, asked for or not.
        """
        self._engine = engine
        self._now = now
        self._ended = ended
        self._stop = Event()
        self._known: dict[tuple[str, str], Stall] = {}
        self._thread = Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        """Begin with a look."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Tell whether the thread runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End it after the look it is in."""
        self._stop.set()
        self._thread.join()

    def look(self) -> None:
        """Declare the days that are complete, and say what stands still or goes on again."""
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

    def _run(self) -> None:
        try:
            while True:
                try:
                    self.look()
                except (Fault, SQLAlchemyError) as error:
                    _LOG.error("the watch failed, it looks again", reason=str(error))
                if self._stop.wait(BEAT_S):
                    return
        finally:
            self._ended()
