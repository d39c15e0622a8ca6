"""When something happened, as a history shows it: a clock known to be wrong is put right.

A till whose clock is years ahead would hold the top of every history it ever touched. What its
clock was off by was measured against HQ's and stands in each stamp; below a minute the time is
left as it is, so that it reads like the receipt.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from agent.core.sale.model import Stamp

WRONG_MS = 60_000
"""A clock off by this is put right."""


def shown_at(stamp: Stamp) -> str:
    """Give the time to show: UTC, ISO 8601 with milliseconds and `Z`.

    >>> shown_at(Stamp("2031-01-01T00:00:00.000Z", 1, "boot", offset_ms=-86_400_000))
    '2030-12-31T00:00:00.000Z'
    """
    if stamp.offset_ms is None or abs(stamp.offset_ms) < WRONG_MS:
        return stamp.wall
    with suppress(ValueError, OverflowError):
        right = datetime.fromisoformat(stamp.wall) + timedelta(milliseconds=stamp.offset_ms)
        return right.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return stamp.wall
