"""One device with the task that works it, and what happens when that task dies or hangs."""

from __future__ import annotations

import asyncio
import random
from typing import Generic, Protocol, TypeVar

import structlog

from agent.devices.backoff import Backoff
from agent.devices.board import Board
from agent.devices.handed import Handed

FIRST_S, CAP_S = 0.5, 5.0
"""Between two starts of a work that ends by itself, which none should."""
END_S = 5.0
"""A work that does not end when told to hangs; the others do not wait for it."""

log = structlog.get_logger(__name__)


class Worker(Protocol):
    """Whoever works a device."""

    async def run(self) -> None:
        """Work until cancelled."""
        ...


W_co = TypeVar("W_co", bound=Worker, covariant=True)


class Kept(Generic[W_co]):
    """A device in use.

    Attributes:
        handed: what it was made from.
        work: who works it.
        unnoticed: at the last look its device was gone and the work did not know.
    """

    def __init__(self, handed: Handed, work: W_co, *, board: Board, rng: random.Random) -> None:
        """Take it; nothing runs yet."""
        self.handed = handed
        self.work = work
        self.unnoticed = False
        self._board = board
        self._backoff = Backoff(FIRST_S, CAP_S, rng)
        self._task: asyncio.Task[None] | None = None

    def start(self, group: asyncio.TaskGroup) -> None:
        """Run the work from now on."""
        self._task = group.create_task(self._run(), name=f"device {self.handed.id}")

    def restart(self, group: asyncio.TaskGroup) -> None:
        """End a work that hangs, and begin it anew."""
        device = self.handed.id
        log.error("a device's reader did not notice that it is gone: restarted", device=device)
        if self._task is not None:
            self._task.cancel()
        self._board.count(device, "restarts")
        self._board.note(device, "gone", "its reader hung and was started again")
        self.start(group)

    async def end(self) -> None:
        """End the work, and wait until it has let go of its device."""
        if self._task is None:
            return
        self._task.cancel()
        _, pending = await asyncio.wait({self._task}, timeout=END_S)
        if pending:
            log.error("a device's work does not end", device=self.handed.id)

    async def _run(self) -> None:
        while True:
            await self._run_once()
            self._board.count(self.handed.id, "restarts")
            await self._board.pause(self.handed.id, self._backoff.next_s())

    async def _run_once(self) -> None:
        """Run the work; a death of it is told, whatever it died of."""
        why = "its work ended without a word"
        try:
            await self.work.run()
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            why = "its work was cancelled from within"
        except Exception as bug:
            # Whatever it is, it must not take the other devices down; it is told in full.
            log.exception("a device's work failed", device=self.handed.id)
            why = f"{type(bug).__name__}: {bug}"
        log.error("a device's work died: it is started again", device=self.handed.id, why=why)
        self._board.note(self.handed.id, "broken", why)
