"""Which step says how much of a line.

Things are told by quantity (this till handed out 1) or of the whole (the web store says: shipped).
A quantity counts as told; the whole counts for what the quantities leave open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from agent.core.orders.model import Stage, Step


class Claim(NamedTuple):
    """So many thousandths of a line, by this step."""

    step: Step
    quantity: int


class Claims:
    """The steps of an order, found by line and stage."""

    def __init__(self, steps: Iterable[Step]) -> None:
        """Sort steps; those given first come first in every answer."""
        self._named: dict[tuple[int, Stage], list[Claim]] = {}
        self._whole: dict[Stage, list[Step]] = {}
        for step in steps:
            if not step.parts:
                self._whole.setdefault(step.stage, []).append(step)
            for part in step.parts:
                claim = Claim(step, part.quantity)
                self._named.setdefault((part.line, step.stage), []).append(claim)

    @property
    def lines(self) -> frozenset[int]:
        """The numbers of all lines that are named."""
        return frozenset(line for line, _ in self._named)

    def is_whole(self, stages: Iterable[Stage]) -> bool:
        """Tell whether one of these stages is told of the whole order."""
        return any(stage in self._whole for stage in stages)

    def named(self, line: int, stages: Sequence[Stage]) -> tuple[Claim, ...]:
        """Give what is told of a line by quantity."""
        return tuple(claim for stage in stages for claim in self._named.get((line, stage), ()))

    def of(self, line: int, stages: Sequence[Stage], most: int) -> tuple[Claim, ...]:
        """Give what is told by quantity, and the rest up to `most` if it is told of the whole.

        Told of the whole more than once, the first stage's first step stands for it.
        """
        named = self.named(line, stages)
        whole = [step for stage in stages for step in self._whole.get(stage, ())]
        rest = most - total(named)
        return (*named, Claim(whole[0], rest)) if whole and rest > 0 else named


def total(claims: Iterable[Claim]) -> int:
    """Add claims up."""
    return sum(claim.quantity for claim in claims)


def beyond(claims: Iterable[Claim], first: int) -> tuple[Claim, ...]:
    """Leave out the first so many thousandths of claims.

    >>> step = Step("e", "o", Stage.READY)
    >>> [claim.quantity for claim in beyond([Claim(step, 2), Claim(step, 3)], 4)]
    [1]
    """
    left = []
    for claim in claims:
        rest = claim.quantity - first
        first = max(0, -rest)
        if rest > 0:
            left.append(Claim(claim.step, rest))
    return tuple(left)
