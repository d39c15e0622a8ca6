"""Lots of points from day to day: what ends first pays, and what comes back goes where it was.

A lot is what somebody has that ends together. What is given back for a payment is as old as what
the payment took: a return makes no point younger. What had ended meanwhile gets some days more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappop, heappush

import msgspec
from msgspec.structs import replace

from agent.core.days import plus_days

BACK_DAYS = 30
"""So long what was given back for a payment can be spent at least."""
Ends = Callable[[str], str]
"""Day of earning → the last day on which it can be spent."""
Payment = tuple[str, str]
"""Sale and tender."""


class Left(msgspec.Struct, frozen=True):
    """What is left of all that somebody earned on a day."""

    owner: str
    """As it was booked, whoever that turned out to be."""
    day: str
    last_day: str
    """On which it can be spent; the last of the calendar where it does not end."""
    points: int


class Use(msgspec.Struct, frozen=True):
    """What was taken on a day."""

    day: str
    points: int
    payment: Payment = ("", "")
    """What it paid; nothing of what a till may still pay, or of what is owed."""


class Back(msgspec.Struct, frozen=True):
    """What was given back on a day."""

    day: str
    points: int
    owner: str
    payment: Payment


def lived(steps: Iterable[Left | Use | Back], ends: Ends) -> list[Left]:
    """Tell what is left once everything has happened, whether it has ended or not.

    Args:
        steps: lots, uses and what was given back, in any order: it goes from day to day, and of one
            day what was earned comes first, and what came back last.
        ends: tells of a day when what is earned on it ends.
    """
    purse = _Purse(ends)
    for step in sorted(steps, key=_when):
        if isinstance(step, Left):
            purse.put(step)
        elif isinstance(step, Use):
            purse.use(step)
        else:
            purse.give_back(step)
    return purse.left()


class _Purse:
    """What somebody has from day to day."""

    def __init__(self, ends: Ends) -> None:
        self.over: list[Left] = []
        """What was left of lots when they had ended."""
        self._ends = ends
        self._lots: list[tuple[str, str, str, int]] = []
        """A heap: last day, day, owner, points."""
        self._owed = 0
        self._took: dict[Payment, list[Left]] = {}

    def left(self) -> list[Left]:
        return self.over + [_of(each) for each in self._lots]

    def put(self, lot: Left) -> None:
        """Have a lot, which pays first what is owed."""
        paid = min(self._owed, lot.points)
        self._owed -= paid
        if lot.points > paid:
            heappush(self._lots, (lot.last_day, lot.day, lot.owner, lot.points - paid))

    def use(self, use: Use) -> None:
        """Take from what ends first; what finds nothing is owed, and what comes later pays it."""
        wanted = use.points
        while wanted > 0 and self._lots:
            lot = _of(heappop(self._lots))
            if lot.last_day < use.day:
                self.over.append(lot)
                continue
            taken = min(wanted, lot.points)
            wanted -= taken
            self._took.setdefault(use.payment, []).append(replace(lot, points=taken))
            self.put(replace(lot, points=lot.points - taken))
        self._owed += wanted

    def give_back(self, back: Back) -> None:
        """Put back what a payment took, what ends last first; of what it owed, a lot of its own."""
        wanted, took = back.points, self._took.get(back.payment, [])
        soonest = plus_days(back.day, BACK_DAYS)
        while wanted > 0 and took:
            lot = took.pop()
            given = min(wanted, lot.points)
            wanted -= given
            if lot.points > given:
                took.append(replace(lot, points=lot.points - given))
            last = max(lot.last_day, soonest)
            self.put(Left(back.owner, lot.day, last, given))
        if wanted > 0:
            self.put(Left(back.owner, back.day, max(self._ends(back.day), soonest), wanted))


def _when(step: Left | Use | Back) -> tuple[str, int, Payment, str, int]:
    if isinstance(step, Left):
        return step.day, 0, ("", ""), step.owner, step.points
    if isinstance(step, Use):
        return step.day, 1, step.payment, "", step.points
    return step.day, 2, step.payment, step.owner, step.points


def _of(lot: tuple[str, str, str, int]) -> Left:
    last, day, owner, points = lot
    return Left(owner, day, last, points)
