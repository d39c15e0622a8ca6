"""The two threads beside the loop: the applier, and the watch for what other programs write.

Each has a name and somebody who is told when it ends; neither ends by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from threading import Condition, Event, Thread

import structlog
from sqlalchemy import Engine, select
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection

from agent.core.faults import Fault
from central.ledger.engine import (
    LedgerFault,
    LedgerMoved,
    check_file,
    is_shared,
    reading,
    rescue,
)
from central.ledger.hq import FeedSignal
from central.ledger.tables import FEED_SCOPES

RETRY_S = 5.0
"""After a failure of the database, try again by ourselves."""
LATER_S = 2.0
"""How long a backlog that is still coming in may wait to be seen in histories."""
GIVE_WAY_S = 4.0
"""The longest the applier waits between two transactions while a backlog comes in."""
QUIET_S = 0.1
"""No further batch for so long, and the backlog is over or its link is slow."""
WATCH_S = 1.0
"""How soon a till is told of what an import in another program has published."""
SHARED_WATCH_S = 0.25
"""The same, of what another HQ process on the same database server has received or published."""
_LOG = structlog.get_logger("central")


class Applying:
    """Applies entries whenever it is woken, and once at start."""

    def __init__(self, apply_pending: Callable[[], int], ended: Callable[[], None]) -> None:
        """Prepare the thread.

        Args:
            apply_pending: applies all there is; blocking.
            ended: called in the thread when it ends, asked for or not.
        """
        self._apply_pending = apply_pending
        self._ended = ended
        self._changed = Condition()
        self._due_s: float | None = None
        self._incoming_s = self._urgent_s = float("-inf")
        self._stopping = False
        self._thread = Thread(target=self._run, name="applier", daemon=True)

    def start(self) -> None:
        """Begin with what was received before the last stop."""
        self.wake()
        self._thread.start()

    def wake(self) -> None:
        """Have it look at once; from any thread."""
        self._urgent_s = time.monotonic()
        self._wake_within(0)

    def wake_later(self) -> None:
        """Have it look within `LATER_S`, however often this is asked; from any thread."""
        self._incoming_s = time.monotonic()
        self._wake_within(LATER_S)

    def give_way(self) -> None:
        """Wait, up to `GIVE_WAY_S`, while a backlog comes in and nothing is urgent.

        Each transaction of the applier costs a backlog several batches of its own: in turns of
        this length both get on, and what a till has just sold is applied at once all the same.
        """
        until_s = time.monotonic() + GIVE_WAY_S
        with self._changed:
            while self._is_in_the_way(until_s):
                self._changed.wait(QUIET_S)

    def is_alive(self) -> bool:
        """Tell whether the thread runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End it after the transaction it is in."""
        self._stopping = True
        self.wake()
        self._thread.join()

    def _is_in_the_way(self, until_s: float) -> bool:
        now_s = time.monotonic()
        calm = now_s - self._incoming_s > QUIET_S or now_s - self._urgent_s < GIVE_WAY_S
        return not (calm or self._stopping or now_s > until_s)

    def _wake_within(self, seconds: float) -> None:
        due_s = time.monotonic() + seconds
        with self._changed:
            if self._due_s is None or due_s < self._due_s:
                self._due_s = due_s
            self._changed.notify()

    def _run(self) -> None:
        try:
            while self._is_due():
                if not self._apply():
                    self._wake_within(RETRY_S)
        finally:
            self._ended()

    def _is_due(self) -> bool:
        """Wait until there is something to do; False when it is to end.

        What is asked for while it applies makes it look once more.
        """
        with self._changed:
            while self._due_s is None or self._due_s > time.monotonic():
                left_s = None if self._due_s is None else self._due_s - time.monotonic()
                self._changed.wait(left_s)
            self._due_s = None
        return not self._stopping

    def _apply(self) -> bool:
        try:
            self._apply_pending()
        except (Fault, SQLAlchemyError) as error:
            _LOG.error("applying failed, it is tried again", reason=str(error))
            return False
        return True


class ForeignWrites:
    """Notices what other programs wrote: published things wake the long polls for them.

    SQLite tells nobody of another process's commit; `PRAGMA data_version` is its answer for free
    as long as nothing happened. On a database server other HQ processes write all the time: the
    positions themselves are looked at, often enough that nobody notices whom he is connected to.
    """

    def __init__(
        self,
        engine: Engine,
        signal: FeedSignal,
        ended: Callable[[], None],
        beside: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare the thread.

        Args:
            engine: the ledger.
            signal: told of the scopes that were published in.
            ended: called in the thread when it ends, asked for or not.
            beside: on a shared database, called at each look.
        """
        self._engine = engine
        self._signal = signal
        self._ended = ended
        self._beside = beside
        self._stop = Event()
        self._known: dict[str, int] = {}
        self._thread = Thread(target=self._run, name="feed-watch", daemon=True)

    def start(self) -> None:
        """Begin from what is published now."""
        self._known = self._positions()
        self._thread.start()

    def is_alive(self) -> bool:
        """Tell whether the thread runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End it."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            (self._watch_shared if is_shared(self._engine) else self._watch_file)()
        finally:
            self._ended()

    def _watch_file(self) -> None:
        with closing(self._engine.raw_connection()) as connection:
            try:
                self._watch_versions(connection.cursor())
            except LedgerMoved as fault:
                _LOG.error("the database was taken away", reason=fault.detail, remedy=fault.remedy)
                self._rescue(connection)

    def _watch_versions(self, cursor: DBAPICursor) -> None:
        """Look until it is to end, or the file is no longer the one that is open."""
        before = None
        while not self._stop.wait(WATCH_S):
            check_file(self._engine)
            cursor.execute("PRAGMA data_version")
            version = cursor.fetchone()
            if version != before:
                self._tell()
            before = version

    def _rescue(self, connection: PoolProxiedConnection) -> None:
        """Keep what this connection holds of a file that was taken away."""
        try:
            kept = rescue(self._engine, connection.cursor())
            _LOG.error("what HQ still held of it is kept", path=str(kept))
        except LedgerFault as fault:
            _LOG.error("what HQ still held is lost", reason=fault.detail, remedy=fault.remedy)

    def _watch_shared(self) -> None:
        is_away = False
        while not self._stop.wait(SHARED_WATCH_S):
            try:
                self._beside()
                self._tell()
                is_away = False
            except (Fault, SQLAlchemyError) as error:
                # A server that is started again is looked at again; it is said once.
                if not is_away:
                    _LOG.error("the database is away, it is tried again", reason=str(error))
                is_away = True

    def _tell(self) -> None:
        positions = self._positions()
        moved = [scope for scope, fseq in positions.items() if self._known.get(scope) != fseq]
        self._known = positions
        if moved:
            self._signal.notify(moved)

    def _positions(self) -> dict[str, int]:
        with reading(self._engine) as conn:
            query = select(FEED_SCOPES.c.scope, FEED_SCOPES.c.fseq)
            return {row.scope: row.fseq for row in conn.execute(query)}
