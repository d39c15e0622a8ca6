"""Who comes next: small ones and those who have waited long, then sales, then the rest.

Among equals it is the store that was served longest ago in this lane: what it says besides costs
its sales no turn. With thousands in line nobody is looked at twice: heaps give the next one, and
what has changed since somebody joined (the store was served meanwhile, the wait became long, the
connection broke) is found out when that one comes up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import count

import msgspec

from agent.core.entries.kinds import SALES

AGED_S = 5.0
"""After so long it is everybody's turn, whatever they bring."""
_URGENT, _SALES, _OTHER = range(3)
_SLACK = 64
"""So many entries that no longer count may lie in a heap besides."""


class Sender(msgspec.Struct, frozen=True):
    """Whose a journal is, as far as it was heard before."""

    store: str
    lane: str


@dataclass(eq=False, slots=True)
class Place:
    """One batch in line."""

    sender: Sender
    is_small: bool
    since: float
    turn: asyncio.Event = field(default_factory=asyncio.Event)
    rank: int = _OTHER
    """In which heap it counts."""
    is_gone: bool = False


_Entry = tuple[float, float, int, Place]
"""When its lane was served last, since when it waits, a number that tells equals apart, it."""


class Line:
    """Those who wait."""

    def __init__(self, served: Mapping[Sender, float]) -> None:
        """Begin with nobody; `served` tells when each lane of a store was last, and only grows."""
        self._served = served
        self._heaps: tuple[list[_Entry], ...] = ([], [], [])
        self._by_age: deque[Place] = deque()
        self._numbers = count()
        self._count = 0

    def __len__(self) -> int:
        """Count those who wait."""
        return self._count

    def join(self, place: Place) -> None:
        """Go to one's place; those who join later have waited no longer."""
        place.rank = _SALES if place.sender.lane == SALES else _OTHER
        if place.is_small:
            place.rank = _URGENT
        else:
            self._by_age.append(place)
        self._count += 1
        self._push(place)

    def leave(self, place: Place) -> None:
        """Give up; the place was not given its turn."""
        place.is_gone = True
        self._count -= 1

    def take(self, now: float) -> Place:
        """Take out whose turn it is.

        Raises:
            LookupError: nobody waits.
        """
        self._raise_aged(now)
        for rank in (_URGENT, _SALES, _OTHER):
            if (place := self._first(rank)) is not None:
                self.leave(place)
                return place
        raise LookupError

    def _raise_aged(self, now: float) -> None:
        """Make who has waited long everybody's equal."""
        waiting = self._by_age
        while waiting and (waiting[0].is_gone or now - waiting[0].since > AGED_S):
            place = waiting.popleft()
            if not place.is_gone:
                place.rank = _URGENT
                self._push(place)

    def _first(self, rank: int) -> Place | None:
        heap = self._heaps[rank]
        while heap:
            served, *_, place = heappop(heap)
            if place.is_gone or place.rank != rank:
                continue
            if served == self._last(place):
                return place
            self._push(place)
        return None

    def _push(self, place: Place) -> None:
        heap = self._heaps[place.rank]
        if len(heap) > 2 * self._count + _SLACK:
            heap[:] = [entry for entry in heap if self._counts(entry[-1], place.rank)]
            heapify(heap)
        heappush(heap, (self._last(place), place.since, next(self._numbers), place))

    def _counts(self, place: Place, rank: int) -> bool:
        return not place.is_gone and place.rank == rank

    def _last(self, place: Place) -> float:
        return self._served.get(place.sender, 0.0)
