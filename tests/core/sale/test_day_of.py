"""The business date: cut-off, time zone, and the two nights of the clock change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.faults import InputFault
from agent.core.sale import business_date, local_time

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("wall", "timezone", "starts", "expected"),
    [
        ("2026-07-28T12:00:00.000Z", BERLIN, "04:00", "2026-07-28"),
        ("2026-07-28T01:59:59.999Z", BERLIN, "04:00", "2026-07-27"),
        ("2026-07-28T02:00:00.000Z", BERLIN, "04:00", "2026-07-28"),
        ("2026-07-27T22:00:00.000Z", BERLIN, "00:00", "2026-07-28"),
        ("2026-12-31T23:30:00.000Z", BERLIN, "00:00", "2027-01-01"),
        ("2026-12-31T23:30:00.000Z", "America/New_York", "04:00", "2026-12-31"),
        ("2026-12-31T23:30:00.000Z", "Asia/Tokyo", "04:00", "2027-01-01"),
        ("2026-07-28T12:00:00+00:00", "UTC", "23:00", "2026-07-27"),
        # 29 March 2026, 01:00Z: 02:00 becomes 03:00, so 02:30 is never shown.
        ("2026-03-29T00:59:00.000Z", BERLIN, "02:30", "2026-03-28"),
        ("2026-03-29T01:29:59.000Z", BERLIN, "02:30", "2026-03-28"),
        ("2026-03-29T01:30:00.000Z", BERLIN, "02:30", "2026-03-29"),
        # 25 October 2026, 01:00Z: 03:00 becomes 02:00, so 02:30 is shown twice.
        ("2026-10-25T00:29:59.000Z", BERLIN, "02:30", "2026-10-24"),
        ("2026-10-25T00:30:00.000Z", BERLIN, "02:30", "2026-10-25"),
        ("2026-10-25T01:10:00.000Z", BERLIN, "02:30", "2026-10-25"),
    ],
)
def test_a_moment_belongs_to_one_day(wall, timezone, starts, expected):
    """A sale after midnight would be in the wrong report, twice a year or every night."""
    assert expected == business_date(wall, timezone, starts)


@given(
    st.integers(0, 15 * 366 * 86_400),
    st.integers(0, 100_000),
    st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.integers(0, 23 * 60),
)
def test_the_business_date_never_goes_back(second, later, timezone, starts):
    """The night the clocks are turned would reopen a day that is closed."""
    cut = f"{starts // 60:02d}:{starts % 60:02d}"
    first = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    dates = [
        business_date(each.isoformat(), timezone, cut)
        for each in (first, first + timedelta(seconds=later))
    ]
    assert sorted(dates) == dates


def test_local_time_is_the_shops():
    """The receipt would show another hour than the clock on the wall."""
    assert "14:03" == local_time("2026-07-28T12:03:05.123Z", BERLIN).strftime("%H:%M")


@pytest.mark.parametrize(
    ("wall", "timezone", "starts"),
    [
        ("yesterday", BERLIN, "04:00"),
        ("2026-07-28T12:00:00", BERLIN, "04:00"),
        ("2026-07-28T12:00:00+02:00", BERLIN, "04:00"),
        ("2026-07-28T12:00:00Z", "Mars/Olympus", "04:00"),
        ("2026-07-28T12:00:00Z", "../etc/passwd", "04:00"),
        ("2026-07-28T12:00:00Z", "Europe", "04:00"),
        ("2026-07-28T12:00:00Z", BERLIN, "4 o'clock"),
        ("2026-07-28T12:00:00Z", BERLIN, "04:00Z"),
    ],
)
def test_what_cannot_be_read_says_so(wall, timezone, starts):
    """A wrong setting would end as a traceback at the till."""
    with pytest.raises(InputFault) as fault:
        business_date(wall, timezone, starts)
    assert fault.value.remedy
