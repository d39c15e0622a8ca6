"""What time alone brings about: heartbeats, and the alarm for transfers that stand still."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from agent.core.entries.kinds import SALES
from agent.core.exchange.progress import LOOK_MS, Progress, begin, look
from agent.core.exchange.steps import Event, HeartbeatDue, Stalled
from agent.core.exchange.upward import Upward
from agent.journal.chains import Head

LOOK_S = LOOK_MS / 1000
SALES_SILENT_S = 60
"""HQ hears at least so often from an open `sales` journal: it is there, and this is its end."""
SIDE_SILENT_S = 900
"""And from `side`, which has nothing to add to that while it rests."""


class Watched(Protocol):
    """What is watched: the pump of a journal."""

    head: Head
    state: Upward
    spoke_at: float
    """When HQ last answered it, by the loop's clock."""

    def post(self, event: Event) -> None:
        """Tell it what happened."""
        ...


class Watch:
    """Looks at every journal now and then."""

    def __init__(
        self, watched: Callable[[], Iterable[Watched]], is_online: Callable[[], bool]
    ) -> None:
        """Take who is watched, and whether HQ answers at all."""
        self._watched, self._is_online = watched, is_online
        self._seen: dict[str, Progress] = {}

    def is_stalled(self, journal_id: str) -> bool:
        """Tell whether a journal has stood still for too long."""
        seen = self._seen.get(journal_id)
        return seen is not None and seen.is_stalled

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            # That nothing happens is no event to be awaited: somebody has to look.
            await asyncio.sleep(LOOK_S)
            now = asyncio.get_running_loop().time()
            for pump in list(self._watched()):
                self.look(pump, now)

    def look(self, pump: Watched, now_s: float) -> None:
        """Look at one journal: has it moved, has HQ heard from it?"""
        state, now_ms, online = pump.state, int(now_s * 1000), self._is_online()
        if state.is_foreign:
            return  # It waits for a person at HQ, for as long as that takes.
        seen = self._seen.get(pump.head.journal_id) or begin(state.acked, now_ms)
        seen, again = look(
            seen, acked=state.acked, tail=state.tail, is_answering=online, now_ms=now_ms
        )
        self._seen[pump.head.journal_id] = seen
        if again:
            pump.post(Stalled(_why(state)))
        elif online and not state.is_closed and now_s - pump.spoke_at >= _silence_s(pump):
            pump.post(HeartbeatDue())


def _silence_s(pump: Watched) -> float:
    # Looked at every `LOOK_S`: half of it early is on time on average.
    allowed = SALES_SILENT_S if pump.head.lane == SALES else SIDE_SILENT_S
    return allowed - LOOK_S


def _why(state: Upward) -> str:
    waiting = state.tail - state.acked
    doing = {
        "sending": "an exchange with HQ does not end",
        "paced": "HQ keeps asking for patience",
        "backing-off": f"{state.failures} attempts in a row failed"
        + (f" ({state.alarmed})" if state.alarmed else ""),
    }
    why = doing.get(state.mode.value, "nothing is being sent")
    return f"{waiting} entries wait and none has been acknowledged for minutes: {why}"
