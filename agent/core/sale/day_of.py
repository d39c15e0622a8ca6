"""The business date: to which of the shop's days a moment belongs.

A shop that is open past midnight still sells "today" until the hour at which its day begins. The
business date never goes back as time goes on, also on the night the clocks are turned.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.core.faults import InputFault


def business_date(wall_utc: str, timezone: str, day_starts_at: str) -> str:
    """Tell the business date of a moment.

    Args:
        wall_utc: `Stamp.wall`, ISO 8601 with `Z`.
        timezone: the store's IANA time zone.
        day_starts_at: `HH:MM`, local time; earlier hours belong to the day before. A time that
            the clock change leaves out counts as if the clock had not been changed yet (RFC 5545,
            3.3.5); one that it repeats counts at its first pass.

    Returns:
        ISO 8601 date.

    Raises:
        InputFault: one of the three cannot be read.

    >>> business_date("2026-07-28T01:30:00.000Z", "Europe/Berlin", "04:00")
    '2026-07-27'
    """
    local = local_time(wall_utc, timezone)
    start = datetime.combine(local.date(), _time(day_starts_at), tzinfo=local.tzinfo)
    begun = local.astimezone(UTC) >= start.astimezone(UTC)
    return (local.date() if begun else local.date() - timedelta(days=1)).isoformat()


def local_time(wall_utc: str, timezone: str) -> datetime:
    """Read a wall time as the clock on the shop's wall shows it.

    Raises:
        InputFault: not a UTC time, or not a known time zone.
    """
    return _utc(wall_utc).astimezone(_zone(timezone))


def _utc(wall_utc: str) -> datetime:
    try:
        moment = datetime.fromisoformat(wall_utc)
    except ValueError:
        moment = None
    if moment is None or moment.utcoffset() != timedelta(0):
        raise InputFault(
            f"{wall_utc!r} is not a time in UTC",
            remedy="write ISO 8601 with Z, for example 2026-07-28T14:03:05.123Z",
        )
    return moment


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # absent, malformed, a folder of zones
        raise InputFault(
            f"{name!r} is not a known time zone",
            remedy="write an IANA name such as Europe/Berlin; where all are unknown, install the "
            "package tzdata",
        ) from error


def _time(text: str) -> time:
    try:
        moment = time.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        raise InputFault(f"{text!r} is not a time of day", remedy="write HH:MM, for example 04:00")
    return moment
