"""Clocks that lie: the wall clock of a machine may stand ten years off, and jump."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agent.core.sale.model import Stamp

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
TEN_YEARS_S = 10 * 365 * 86_400


class WallClock:
    """Simulated time plus an error nobody at the machine knows of."""

    def __init__(self, time):
        self._time = time
        self.error_s = 0

    def now(self):
        wall = BEGIN + timedelta(seconds=self._time() + self.error_s)
        return wall.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class MachineClock:
    """What `agent.contracts.clock.Clock` asks for, from a seed."""

    def __init__(self, wall, rng, time):
        self._wall, self._rng, self._time = wall, rng, time

    def stamp(self):
        return Stamp(self._wall.now(), int(self._time() * 1e9), "boot")

    def uuid7(self):
        digits = f"{self._rng.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-7{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"

    def random(self, size):
        return self._rng.randbytes(size)
