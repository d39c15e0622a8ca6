"""Recency, frequency and money, and where a customer stands among all."""

from __future__ import annotations

from agent.core.suggest import Profile, cut_points, profile_of, repeats, score
from tests.core.suggest.shoppers import TODAY, YES, a_booking, day


def test_repeats_are_counted_from_the_first_purchase():
    """A model of customer lifetime would be fed with figures it does not mean."""
    bookings = [a_booking(ago, "x", event=f"b{n}") for n, ago in enumerate((100, 100, 60, 30))]
    profile = profile_of(YES, bookings, today=TODAY)
    assert (2, 70, 100) == repeats(profile, TODAY)
    assert (0, 0, 0) == repeats(profile_of(YES, bookings[:1], today=day(100)), day(100))
    assert (0, 0, 0) == repeats(Profile(as_of=TODAY), TODAY)


def test_scores_part_all_customers_into_fifths():
    """The best customers would be told apart wrongly, or one customer alone stop the run."""
    values = [n * n for n in range(100)]
    cuts = cut_points(values)
    counts = [0] * 6
    for value in values:
        counts[score(value, cuts)] += 1
    assert [0, 20, 20, 20, 20, 20] == counts
    assert () == cut_points([])
    assert 5 == score(7, cut_points([7]))
