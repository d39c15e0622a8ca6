"""How fast one token may change things: a bucket of calls that fills up again at a steady rate.

A till at its busiest makes some ten calls a second. What is refused here is a program that runs
wild, before it fills the disk of a shop with sales nobody made.
"""

from __future__ import annotations

from http import HTTPStatus
from math import ceil

from agent.core.faults import UnavailableFault

CALLS_PER_S = 100
BURST_CALLS = 1000
"""A page that sends a whole day of a till that was away, at once."""


class TooOftenFault(UnavailableFault):
    """Too many calls of one token in a short time."""

    name = "too-many-requests"
    status = HTTPStatus.TOO_MANY_REQUESTS
    title = "Too many requests"

    def __init__(self, wait_s: int) -> None:
        """Keep how long to wait, for the header Retry-After (RFC 9110, 10.2.3)."""
        super().__init__(
            f"this token made more than {CALLS_PER_S} changes a second",
            remedy=f"wait {wait_s} s, then ask again with the same ids: nothing is done twice; "
            "if a till needs this many, look for a loop in its software",
        )
        self.wait_s = wait_s


class Pace:
    """The buckets of all tokens; only tokens that are known get one, so there are few."""

    def __init__(self, calls_per_s: int = CALLS_PER_S, burst: int = BURST_CALLS) -> None:
        """Begin with every bucket full."""
        self._calls_per_s = calls_per_s
        self._burst = burst
        self._levels: dict[str, tuple[float, float]] = {}

    def spend(self, who: str, now_s: float) -> None:
        """Take one call out of a bucket.

        Args:
            who: whose bucket.
            now_s: of a monotonic clock.

        Raises:
            TooOftenFault: it is empty.
        """
        level, since = self._levels.get(who, (self._burst, now_s))
        level = min(self._burst, level + (now_s - since) * self._calls_per_s)
        if level < 1:
            self._levels[who] = level, now_s
            raise TooOftenFault(ceil((1 - level) / self._calls_per_s))
        self._levels[who] = level - 1, now_s

    def forget(self, who: str) -> None:
        """Drop the bucket of a token that was revoked."""
        self._levels.pop(who, None)
