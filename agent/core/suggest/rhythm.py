"""How recent, how often, how much: the three figures of buying, and where they stand among all.

`Buying.repeats` gives them as models of customer lifetime take them (Fader, Hardie and Lee 2005:
"Counting your customers the easy way"): repeat purchases, the age of the last, the age of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from agent.core.suggest.calendar import number
from agent.core.suggest.model import Profile

PARTS = 5


class Repeats(NamedTuple):
    """Frequency, recency and T, in days."""

    frequency: int
    """Days with a purchase after the first such day."""
    recency: int
    """From the first purchase to the last."""
    age: int
    """From the first purchase to the end of the time looked at."""


def repeats(profile: Profile, until: str) -> Repeats:
    """Give the figures of a customer; zeros where nothing was bought."""
    first = number(profile.first)
    if not profile.days:
        return Repeats(0, 0, 0)
    return Repeats(profile.days - 1, number(profile.last) - first, number(until) - first)


def cut_points(values: Iterable[int], parts: int = PARTS) -> tuple[int, ...]:
    """Find where to cut all customers' values into equal parts; none where there are no values.

    >>> cut_points(range(1, 11))
    (3, 5, 7, 9)
    """
    ranked = sorted(values)
    return tuple(ranked[len(ranked) * part // parts] for part in range(1, parts) if ranked)


def score(value: int, cuts: Sequence[int]) -> int:
    """Tell in which part a value lies, from 1; a value on a cut lies above it.

    For how long ago the last purchase was, less is better: score the negative.

    >>> score(2, (3, 5, 7, 9)), score(9, (3, 5, 7, 9)), score(0, ())
    (1, 5, 1)
    """
    return 1 + sum(value >= cut for cut in cuts)


def middle_gap(days: Sequence[int]) -> int:
    """Give the middle of the gaps between days, the lower of two; 0 of fewer than two gaps.

    >>> middle_gap([1, 8, 15, 29]), middle_gap([1, 8])
    (7, 0)
    """
    ordered = sorted(set(days))
    gaps = sorted(later - day for day, later in pairwise(ordered))
    return gaps[(len(gaps) - 1) // 2] if len(gaps) > 1 else 0
