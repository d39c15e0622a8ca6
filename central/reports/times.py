"""HQ's own times, compared with each other; never with a till's (P11)."""

from __future__ import annotations

from datetime import UTC, datetime


def seconds_between(earlier: str | None, later: str) -> int | None:
    """Count the seconds from one of HQ's times to another; None if the first is missing.

    >>> seconds_between("2026-11-02T10:00:00.000Z", "2026-11-02T10:03:20.000Z")
    200
    >>> seconds_between(None, "2026-11-02T10:03:20.000Z") is None
    True
    """
    then, here = _moment(earlier), _moment(later)
    return None if then is None or here is None else int((here - then).total_seconds())


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
