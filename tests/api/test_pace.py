"""The pace of one token: a real till is never held up, a loop is."""

from __future__ import annotations

import pytest

from agent.api.pace import BURST_CALLS, CALLS_PER_S, Pace, TooOftenFault


def test_a_busy_till_is_never_held_up():
    """The Saturday before Christmas would end in refusals."""
    assert CALLS_PER_S >= 50
    assert BURST_CALLS >= 200
    pace = Pace()
    for n in range(100_000):
        pace.spend("till", n / 50)


def test_a_loop_is_held_up_and_told_for_how_long():
    """A program run wild would fill the disk, or never learn that it may go on."""
    pace = Pace(calls_per_s=10, burst=5)
    for _ in range(5):
        pace.spend("wild", 100.0)
    with pytest.raises(TooOftenFault) as caught:
        pace.spend("wild", 100.0)
    assert (1, 429) == (caught.value.wait_s, caught.value.status)
    assert "wait 1 s" in caught.value.remedy
    pace.spend("calm", 100.0)
    pace.spend("wild", 100.2)
    pace.forget("wild")
    for _ in range(5):
        pace.spend("wild", 100.2)
