"""Long work beside the tills: it rests more than it works, and ends at once when told to."""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Event

from agent.journal.connection import Connection, Cursor

WORK_S = 0.004
"""Worked at a stretch, roughly: what a sale that meets it waits for the interpreter."""
RESTS = 2
"""Rested after it, in units of what was worked."""


class Stopped(Exception):
    """The work was told to end before it was done; it says nothing of what it looked at."""


class Pace:
    """Asked at every turn of some long work, in the work's own thread."""

    def __init__(self, rests: int = RESTS) -> None:
        """Begin to work.

        Args:
            rests: see `RESTS`; 0 works without a rest, as a command does that somebody waits for.
        """
        self._stopping = Event()
        self._rests = rests
        self._since = time.monotonic()

    def stop(self) -> None:
        """End the work at its next turn; called from any thread."""
        self._stopping.set()

    def turn(self) -> None:
        """Rest, if it is time to.

        Raises:
            Stopped: it was told to end.
        """
        worked = time.monotonic() - self._since
        if worked >= WORK_S:
            self._stopping.wait(worked * self._rests)
            self._since = time.monotonic()
        if self._stopping.is_set():
            raise Stopped

    def interrupts(self) -> bool:
        """Do what `turn` does, for SQLite's progress handler: whether to end the statement."""
        try:
            self.turn()
        except Stopped:
            return True
        return False


class Paced:
    """A connection whose statements keep a pace."""

    def __init__(self, conn: Connection, pace: Pace) -> None:
        self._conn = conn
        self._pace = pace

    def execute(self, sql: str, parameters: Sequence[object] = (), /) -> Cursor:
        """Run one statement when it is its turn.

        Raises:
            Stopped: the work was told to end.
        """
        self._pace.turn()
        return self._conn.execute(sql, parameters)
