"""Wake-ups for those who follow the journal: a number that only grows, and waiting for more.

The numbers are read from the journal itself at each commit (the newest event cursor, the entries
written, the newest turn of the print queue), so a follower that starts late or reads slowly
misses nothing: it compares what it has seen with what there is. They grow a moment after the write
behind them was answered.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from threading import Lock


class Signal:
    """A growing number, advanced by the writer's thread, awaited by any event loop."""

    def __init__(self) -> None:
        self._value = 0
        self._waiting: dict[asyncio.Future[None], None] = {}
        """In the order they came, which is the order they are woken in."""
        self._lock = Lock()

    @property
    def value(self) -> int:
        """The number as of the last commit."""
        return self._value

    async def wait(self, seen: int) -> int:
        """Wait until the number is greater than `seen`, and return it."""
        while True:
            with self._lock:
                if self._value > seen:
                    return self._value
                woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._waiting[woken] = None
            try:
                await woken
            finally:
                with self._lock:
                    self._waiting.pop(woken, None)

    def advance(self, value: int) -> None:
        """Raise the number and wake those who wait; called from any thread."""
        with self._lock:
            if value <= self._value:
                return
            self._value = value
            woken, self._waiting = self._waiting, {}
        for future in woken:
            # A loop that was closed meanwhile has nobody left to wake.
            with suppress(RuntimeError):
                future.get_loop().call_soon_threadsafe(_wake, future)


class Signals:
    """What can be followed."""

    def __init__(self) -> None:
        self.events = Signal()
        """The newest event's cursor."""
        self.entries = Signal()
        """How many entries all journals hold together."""
        self.prints = Signal()
        """The newest turn in the print queue."""
        self.damage = Signal()
        """Above 0 once SQLite has found the file damaged."""


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
