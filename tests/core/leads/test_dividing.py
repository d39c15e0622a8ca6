"""The division of a line: exact when sold, exact when it comes back, never against anyone."""

from __future__ import annotations

import itertools

from hypothesis import example, given
from hypothesis import strategies as st

from agent.core.leads.dividing import taken_back

CREDITED = st.lists(st.integers(1, 10**9), min_size=1, max_size=6)


@given(CREDITED, st.lists(st.integers(0, 10**9), max_size=6), st.booleans())
@example([1, 1, 1], [1, 1, 1], False)
def test_returns_in_parts_take_what_one_return_takes(credited, parts, negative):
    """Bringing goods back one by one would cost a channel more than bringing them all at once."""
    sign = -1 if negative else 1
    credited = [sign * each for each in credited]
    running, taken = 0, [0] * len(credited)
    for part in parts:
        back = taken_back(running, sign * part, credited)
        assert sign * part == sum(back)
        assert all(sign * each >= 0 for each in back)
        running += sign * part
        taken = [one + other for one, other in zip(taken, back, strict=True)]
    assert taken_back(0, running, credited) == taken


@given(CREDITED)
def test_return_of_everything_takes_everything(credited):
    """A unit would stay with a channel for goods that have all come back."""
    assert credited == taken_back(0, sum(credited), credited)


def test_order_of_the_parts_makes_no_difference_to_what_each_loses():
    """Which of two returns HQ hears of first would move a cent from one channel to another."""
    credited = [67, 20, 13]
    for parts in itertools.permutations((7, 31, 62)):
        running, taken = 0, [0, 0, 0]
        for part in parts:
            back = taken_back(running, part, credited)
            taken = [one + other for one, other in zip(taken, back, strict=True)]
            running += part
        assert credited == taken


def test_more_than_was_sold_goes_on_in_proportion():
    """More coming back than was sold would be credited to nobody, or stop the report."""
    assert [100, 100] == taken_back(100, 200, [50, 50])
