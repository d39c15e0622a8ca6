"""A device without hardware that lives within the running event loop, and what it does beside."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self


class LiveDevice(ABC):
    """In use while entered; whatever it does beside ends with it."""

    def __init__(self) -> None:
        self._errands: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Put it to use."""
        await self.begin()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put it away."""
        await self.end()

    @abstractmethod
    async def begin(self) -> None:
        """Make what drivers open."""

    @abstractmethod
    async def end(self) -> None:
        """Take it away, and end what still runs beside."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside: answer late, serve a connection, print on."""
        task = asyncio.get_running_loop().create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    def call_back(self) -> None:
        """Cancel whatever still runs, without waiting for its end."""
        for task in self._errands:
            task.cancel()

    async def put_away(self) -> None:
        """End whatever still runs."""
        self.call_back()
        await asyncio.gather(*self._errands, return_exceptions=True)
