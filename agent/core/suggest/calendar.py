"""Days between two business dates. What day it is, the caller says."""

from __future__ import annotations

from datetime import date


def number(day: str, otherwise: int = 0) -> int:
    """Number a day; give `otherwise` for what is none.

    >>> number("2026-11-22") - number("2026-10-22"), number("soon", 7)
    (31, 7)
    """
    try:
        return date.fromisoformat(day).toordinal()
    except ValueError:
        return otherwise


def written(number_of_day: int) -> str:
    """Write a numbered day.

    >>> written(number("2026-11-22"))
    '2026-11-22'
    """
    return date.fromordinal(number_of_day).isoformat()
