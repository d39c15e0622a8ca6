"""How long entries have waited for HQ: by clocks nobody can set, where there is one."""

from __future__ import annotations

from collections import deque
from datetime import datetime

from agent.core.entries.bodies import Body
from agent.core.sale.model import Stamp

_FIELDS = ("completed", "cancelled", "at")
_NS = 1_000_000_000
MARKS_MAX = 1_000


class Ages:
    """Remembers when a journal's entries were there, to say how old the oldest unsent one is."""

    def __init__(self) -> None:
        """Begin with nothing that waits."""
        self._marks: deque[tuple[int, float]] = deque()

    def note(self, tail: int, acked: int, now_s: float) -> None:
        """Note where the journal ends and what HQ has of it now."""
        while self._marks and self._marks[0][0] <= acked:
            self._marks.popleft()
        known = self._marks[-1][0] if self._marks else acked
        if tail <= known:
            return
        if self._marks and (now_s - self._marks[-1][1] < 1 or len(self._marks) >= MARKS_MAX):
            self._marks[-1] = (tail, self._marks[-1][1])
        else:
            self._marks.append((tail, now_s))

    def oldest_s(self, now_s: float) -> int:
        """Tell for how many seconds the oldest entry above the ack has waited; 0 if none does."""
        return max(0, int(now_s - self._marks[0][1])) if self._marks else 0


def waited_s(written: Stamp, now: Stamp) -> int:
    """Tell how long ago something was written; within one boot no clock that can be set is asked.

    >>> waited_s(Stamp("2026-01-01T00:00:00.000Z", 5 * 10**9, "b"), Stamp("", 9 * 10**9, "b"))
    4
    """
    if written.boot_id and written.boot_id == now.boot_id:
        return max(0, (now.mono_ns - written.mono_ns) // _NS)
    try:
        passed = datetime.fromisoformat(now.wall) - datetime.fromisoformat(written.wall)
        return max(0, int(passed.total_seconds()))
    except (ValueError, TypeError):
        return 0


def written(body: Body | None) -> Stamp | None:
    """Find when a fact was recorded; None of an erased one."""
    stamps = (getattr(body, field, None) for field in _FIELDS)
    return next((stamp for stamp in stamps if isinstance(stamp, Stamp)), None)
