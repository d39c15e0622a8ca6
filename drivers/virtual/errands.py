"""What a device without hardware does beside: answering late, serving a connection, working on."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Errands:
    """Whoever has something done beside, within the running event loop, and sees it ended."""

    def __init__(self) -> None:
        self._errands: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside; it ends when the device is put away."""
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
