"""What is known of the time without asking this machine's clock, for judging certificates.

A till's clock may be ten years off, and sales must still reach HQ. What is certain is that it is
later than this program was released, and whatever HQ itself last said the time was.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

RELEASED = datetime(2026, 1, 1, tzinfo=UTC)
"""Before this release of the program; raised with each one."""
FRESH_S = 3_600.0
"""So long HQ's word counts. An HQ whose own clock once went wrong is asked again after that: it
must not lock a till out for good."""


class KnownTime:
    """The latest time that certainly has passed."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Begin with the release of the program alone."""
        self._monotonic = monotonic
        self._said: datetime | None = None
        self._heard_at = 0.0

    def heard(self, date: str | None) -> None:
        """Take what HQ says the time is: an HTTP Date (RFC 9110, 6.6.1)."""
        try:
            said = parsedate_to_datetime(date or "")
        except ValueError:
            return
        self._said = said if said.tzinfo else said.replace(tzinfo=UTC)
        self._heard_at = self._monotonic()

    def at_least(self) -> datetime:
        """Give a time that is not later than now, as far as anybody but this machine knows."""
        passed = self._monotonic() - self._heard_at
        if self._said is None or passed > FRESH_S:
            return RELEASED
        return max(RELEASED, self._said + timedelta(seconds=passed))
