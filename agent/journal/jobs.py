"""A function on its way to a database thread, and its answer on the way back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from agent.journal.connection import Connection

T = TypeVar("T")


class Caught:
    """Keeps whatever was raised: one caller's mistake never ends the thread all callers share."""

    __slots__ = ("problem",)

    def __init__(self) -> None:
        self.problem: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self.problem = problem
        return True


class Job(Caught, Generic[T]):
    """One function of a connection; `deliver` resolves its future, `run` never does.

    Between the two lies the commit: nobody hears of a result that is not on disk.
    """

    __slots__ = ("_function", "_result", "future", "loop")

    def __init__(
        self,
        function: Callable[[Connection], T],
        future: asyncio.Future[T] | Future[T],
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._function = function
        self.future = future
        self.loop = loop
        self.problem = None
        """What it raised when it was run last, or why what it gave was not stored."""

    def run(self, conn: Connection) -> None:
        """Call the function and keep what it gives or raises; it may be run again."""
        self.problem = None
        with self:
            self._result = self._function(conn)

    def fail(self, problem: BaseException) -> None:
        """Let the caller see a problem, whatever the function gave."""
        self.problem = problem

    def deliver(self) -> None:
        """Resolve the future, in its own thread; a caller that gave up is left in peace."""
        if self.future.done():
            return
        if self.problem is None:
            self.future.set_result(self._result)
        else:
            self.future.set_exception(self.problem)


def settle(jobs: Iterable[Job[Any]]) -> None:
    """Resolve the futures of all jobs, waking each event loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Job[Any]]] = {}
    for job in jobs:
        if job.loop is None:
            job.deliver()
        else:
            by_loop.setdefault(job.loop, []).append(job)
    for loop, theirs in by_loop.items():
        # A loop that was closed meanwhile has nobody left to tell.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_deliver_all, theirs)


def _deliver_all(jobs: list[Job[Any]]) -> None:
    for job in jobs:
        job.deliver()
