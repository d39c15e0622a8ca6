"""Days and periods: what the law counts must come out to the day."""

from __future__ import annotations

import pytest

from agent.core.days import FOREVER, day, day_of, plus_days, plus_months, plus_years
from agent.core.faults import InputFault


@pytest.mark.parametrize("text", ["", "20261122", "2026-W47-7", "2026-02-30", "22.11.2026", "soon"])
def test_what_is_no_day_is_named(text):
    """A period would be counted from a day nobody meant."""
    with pytest.raises(InputFault) as caught:
        day(text)
    assert "bad-day" == caught.value.name


def test_the_day_of_a_time_is_its_day():
    """An entry would count from another day than it was made on."""
    assert "2026-11-22" == day_of("2026-11-22T23:59:59.999Z")


def test_a_month_ends_with_its_last_day():
    """A request of 31 January would have no day by which it is due."""
    assert ["2027-02-28", "2028-02-29", "2027-03-01", "2026-12-30"] == [
        plus_months("2027-01-31", 1),
        plus_months("2028-01-31", 1),
        plus_months("2027-02-01", 1),
        plus_months("2026-11-30", 1),
    ]


def test_years_of_the_books_begin_with_the_end_of_the_year():
    """An invoice of January would be erased most of a year before the law allows."""
    assert "2034-12-31" == plus_years("2026-01-02", 8, whole=True)
    assert "2034-01-02" == plus_years("2026-01-02", 8)
    assert "2029-02-28" == plus_years("2028-02-29", 1)


def test_no_period_runs_over_the_calendar():
    """A period for good would end in an error instead of never."""
    assert [FOREVER] * 3 == [
        plus_days("2026-01-01", 10**10),
        plus_days(FOREVER, 1),
        plus_months("2026-01-01", 10**6),
    ]
