"""A scale on a pseudo-terminal or a TCP port: load it, overload it, silence it, pull it out."""

from __future__ import annotations

import asyncio
from pathlib import Path

from drivers.virtual.platter import Platter
from drivers.virtual.port import VirtualPort


class VirtualScale(VirtualPort):
    """Answers on its port as the real one does.

    Attributes:
        platter: what lies on it, how long it swings, its faults, its silence.
        late_s: how long it takes for each answer.
        garbage: sent instead of the next answers, one by one.
    """

    def __init__(
        self, platter: Platter | None = None, *, link: Path | None = None, tcp: bool = False
    ) -> None:
        """Take the scale itself (an empty one in kilograms, protocol 8217, where None)."""
        super().__init__(link=link, tcp=tcp)
        self.platter = platter or Platter()
        self.late_s = 0.0
        self.garbage: list[bytes] = []

    def put(self, grams: int, *, swings_ms: int = 0) -> None:
        """Put a load on it; it swings for so long."""
        self.platter.put(grams, swings_ms=swings_ms)

    def hear(self, data: bytes) -> None:
        """Answer what the host asks."""
        answer = self.platter(data)
        if answer and self.garbage:
            answer = self.garbage.pop(0)
        if answer and self.late_s:
            self.spawn(self._answer_late(answer, self.late_s))
        elif answer:
            self.say(answer)

    async def _answer_late(self, answer: bytes, late_s: float) -> None:
        await asyncio.sleep(late_s)
        self.say(answer)
