"""Following the till's events over the WebSocket, as a till page does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

Event = dict[str, Any]
RECONNECT_S = 0.1
PATIENCE_S = 40.0
"""A busy machine may be slow; what does not come at all is told only a little later."""


class Watcher:
    """Keeps all events of a till since the cursor it began at, over restarts of the agent."""

    def __init__(self, url: str, till: str, token: str) -> None:
        """Prepare to watch; `run` does it until cancelled."""
        self._url = f"{url.replace('http', 'ws', 1)}/v1/tills/{till}/events"
        self._token = token
        self._changed = asyncio.Condition()
        self.events: list[Event] = []
        self.cursor = 0
        self.told: Callable[[Event], None] = lambda _: None

    async def run(self) -> None:
        """Watch until cancelled; after a break go on at the last cursor, so nothing is missed."""
        while True:
            with suppress(OSError, ConnectionClosed, InvalidStatus):
                await self._watch()
            await asyncio.sleep(RECONNECT_S)

    async def _watch(self) -> None:
        async with connect(f"{self._url}?after={self.cursor}", proxy=None) as socket:
            await socket.send(json.dumps({"token": self._token}))
            async for frame in socket:
                await self._take(msgspec.json.decode(frame))

    async def _take(self, event: Event) -> None:
        async with self._changed:
            self.cursor = event["cursor"]
            self.events.append(event)
            self._changed.notify_all()
        self.told(event)

    def mark(self) -> int:
        """Give the place after which `until` shall look."""
        return len(self.events)

    async def until(
        self, mark: int, matches: Callable[[Event], bool], timeout_s: float = PATIENCE_S
    ) -> Event:
        """Give the first event after a mark that matches.

        Raises:
            TimeoutError: none came in time.
        """
        async with asyncio.timeout(timeout_s), self._changed:
            while True:
                # Each event is looked at once, however many come.
                for event in self.events[mark:]:
                    if matches(event):
                        return event
                mark = len(self.events)
                await self._changed.wait()
