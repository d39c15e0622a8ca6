"""Dates and times as GS1 writes them into element strings."""

from __future__ import annotations

import calendar
from datetime import date

from agent.core.barcode.unreadable import Unreadable

_PIVOT = 76
_LAST_HOUR, _LAST_MINUTE = 23, 59


def iso_date(yymmdd: str, *, day_may_be_zero: bool = True) -> str:
    """Read a date as YYMMDD into ISO 8601; day 00 is the last day of the month.

    The century follows a fixed window, 1976 to 2075, instead of GS1's window that moves with the
    calendar (GS1 General Specifications, 7.12): the core has no clock, and no goods at a till
    expire fifty years from now.

    Raises:
        Unreadable: `bad-date`.

    >>> iso_date("280200")
    '2028-02-29'
    """
    year = int(yymmdd[:2])
    year += 1900 if year >= _PIVOT else 2000
    return _iso(year, yymmdd[2:6], yymmdd[:6], day_may_be_zero=day_may_be_zero)


def iso_birth_date(yyyymmdd: str) -> str:
    """Read a date as YYYYMMDD (AI 7250 and 7251).

    Raises:
        Unreadable: `bad-date`.
    """
    return _iso(int(yyyymmdd[:4]), yyyymmdd[4:8], yyyymmdd, day_may_be_zero=False)


def _iso(year: int, mmdd: str, said: str, *, day_may_be_zero: bool) -> str:
    month, day = int(mmdd[:2]), int(mmdd[2:])
    try:
        last = calendar.monthrange(year, month)[1]
        return date(year, month, last if day == 0 and day_may_be_zero else day).isoformat()
    except ValueError as error:
        raise Unreadable("bad-date", f"{said} is no date (year, month, day)") from error


def time_of_day(digits: str) -> str:
    """Read hours and minutes, and seconds where there are any, as HHMM or HHMMSS.

    Raises:
        Unreadable: `bad-date`.

    >>> time_of_day("2359")
    '23:59'
    """
    hour, minute, second = int(digits[:2]), int(digits[2:4] or 0), int(digits[4:6] or 0)
    if hour > _LAST_HOUR or max(minute, second) > _LAST_MINUTE:
        raise Unreadable("bad-date", f"{digits} is no time of day")
    return f"{hour:02}:{minute:02}"
