"""Where whoever presents something waits until it is stretched: what is sold goes past them.

A stretch takes milliseconds of a processor, on purpose (`core.privacy.keys`). Made in the till's
turn, it would hold up the line that is scanned next; and software that looks up a whole list would
fill the inbox before the cashier. So it is made before, and one request at a time goes on from here
into the inbox: a sale waits for one of them at most.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from agent.core.faults import UnavailableFault
from agent.till.commands import Identify
from agent.till.desk import Desk

LOBBY_MAX = 256
"""Who wait: some seconds of stretches, as many as the inbox holds."""

R = TypeVar("R")


class Lobby:
    """The line before one till's inbox."""

    def __init__(self, desk: Desk, busy: Callable[[int], UnavailableFault]) -> None:
        """Begin empty.

        Args:
            desk: the till's; its settings may change meanwhile.
            busy: makes the fault for whoever comes when so many wait already.
        """
        self._desk, self._busy = desk, busy
        self._first = asyncio.Lock()
        self.waiting = 0
        """How many are in it, the one whose turn it is included."""

    async def pass_through(self, ask: Identify, in_turn: Callable[[], Awaitable[R]]) -> R:
        """Wait in line, have what is presented stretched, and then have it decided.

        Args:
            ask: who presents what.
            in_turn: has it decided in the till's turn.

        Raises:
            UnavailableFault: `till-busy`: too many wait.
            Fault: why it was refused.
        """
        if self.waiting >= LOBBY_MAX:
            raise self._busy(self.waiting)
        self.waiting += 1
        try:
            async with self._first:
                await self._stretch(ask)
                return await in_turn()
        finally:
            self.waiting -= 1

    async def _stretch(self, ask: Identify) -> None:
        request = ask.request
        if request.scan is not None:
            await self._desk.looking.prepare_scanned(request.scan.encode())
        elif request.value is not None:
            await self._desk.looking.prepare_typed(request.value, request.type)
