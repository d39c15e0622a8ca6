"""Calendar days of periods the law counts: as text, `2026-11-22`, in and out.

A period runs on the calendar, not on a machine's clock: what day it is, the caller says.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from agent.core.faults import InputFault

FOREVER = "9999-12-31"
"""The last day there is: of a period without an end."""
_MONTHS = 12
_DECEMBER = 12
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def day(text: str) -> date:
    """Read a day.

    Raises:
        InputFault: `bad-day`: not a day of the calendar in the form of ISO 8601, 5.2.2.1.

    >>> day("2026-11-22").year
    2026
    """
    if not _DAY.fullmatch(text):
        raise _no_day(text)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _no_day(text) from error


def day_of(wall: str) -> str:
    """Give the day of a time in UTC (ISO 8601), as it is written.

    Raises:
        InputFault: `bad-day`: it does not begin with one.

    >>> day_of("2026-11-22T10:00:00.000Z")
    '2026-11-22'
    """
    return day(wall[:10]).isoformat()


def plus_days(text: str, days: int) -> str:
    """Give the day so many days later; `FOREVER` where the calendar ends before.

    Raises:
        InputFault: `bad-day`.

    >>> plus_days("2026-12-31", 1), plus_days("2026-01-01", 10**9)
    ('2027-01-01', '9999-12-31')
    """
    try:
        return (day(text) + timedelta(days=days)).isoformat()
    except OverflowError:
        return FOREVER


def plus_months(text: str, months: int) -> str:
    """Give the same day so many months later, or the last one of a month that is too short.

    So Regulation (EEC, Euratom) 1182/71, Article 3(2)(c), counts periods in months.

    Raises:
        InputFault: `bad-day`.

    >>> plus_months("2027-01-31", 1), plus_months("2026-12-15", 3)
    ('2027-02-28', '2027-03-15')
    """
    start = day(text)
    years, month = divmod(start.month - 1 + months, _MONTHS)
    year = start.year + years
    if year > date.max.year:
        return FOREVER
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last)).isoformat()


def plus_years(text: str, years: int, *, whole: bool = False) -> str:
    """Give the day so many years later.

    Args:
        text: the day.
        years: how many.
        whole: the years begin with the end of the calendar year the day is in, as those of book
            keeping mostly do.

    Raises:
        InputFault: `bad-day`.

    >>> plus_years("2026-03-02", 8), plus_years("2026-03-02", 8, whole=True)
    ('2034-03-02', '2034-12-31')
    """
    from_day = day(text).replace(month=_DECEMBER, day=31).isoformat() if whole else text
    return plus_months(from_day, years * _MONTHS)


def _no_day(text: str) -> InputFault:
    return InputFault(
        f"{text[:40]!r} is no day",
        remedy="write year, month and day with dashes, for example 2026-11-22",
        name="bad-day",
    )
