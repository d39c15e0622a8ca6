"""A thread that looks at the ledger again and again, and outlives what fails in one look."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

import structlog
from sqlalchemy.exc import SQLAlchemyError

from agent.core.faults import Fault

BREATH_S = 0.05
"""Between two lots of work: who waits for the database gets his turn."""
_LOG = structlog.get_logger("central")


class Beating:
    """Calls a look every so often, in a thread of its own."""

    def __init__(
        self,
        name: str,
        look: Callable[[], bool],
        beat_s: float,
        ended: Callable[[], None],
        *,
        first_s: float = 0.0,
    ) -> None:
        """Prepare the thread.

        Args:
            name: the thread's, and what the log calls a look that failed.
            look: does one lot; tells whether there may be more to do at once.
            beat_s: the pause between two looks, where there is no more.
            ended: called in the thread when it ends, asked for or not.
            first_s: the pause before the first look.
        """
        self._name, self._look, self._beat_s, self._first_s = name, look, beat_s, first_s
        self._ended = ended
        self._stop = Event()
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Tell whether the thread runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End it after the look it is in."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            pause_s = self._first_s
            while not self._stop.wait(pause_s):
                pause_s = BREATH_S if self._has_more() else self._beat_s
        finally:
            self._ended()

    def _has_more(self) -> bool:
        try:
            return self._look()
        except (Fault, SQLAlchemyError) as error:
            _LOG.error("a look failed, it is tried again", thread=self._name, reason=str(error))
        return False
