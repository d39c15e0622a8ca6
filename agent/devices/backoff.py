"""How long to leave a device alone before it is tried again."""

from __future__ import annotations

import random


class Backoff:
    """Doubles from `first_s` to `cap_s`; each wait is drawn from the upper half of its span.

    The jitter keeps ten tills that share a switch from knocking in step when it comes back.
    """

    def __init__(self, first_s: float, cap_s: float, rng: random.Random) -> None:
        """Begin with the shortest wait."""
        self._first_s = first_s
        self._cap_s = cap_s
        self._span_s = first_s
        self._rng = rng

    def next_s(self) -> float:
        """Give the seconds to wait now; the next wait is twice as long."""
        drawn = self._span_s * (1 + self._rng.random()) / 2
        self._span_s = min(self._cap_s, self._span_s * 2)
        return drawn

    def reset(self) -> None:
        """Begin again with the shortest wait."""
        self._span_s = self._first_s
