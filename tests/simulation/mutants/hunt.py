"""Playing seeds with a planted bug until an invariant breaks."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.simulation.mutants.table import NAMED
from tests.simulation.run import play

CRASH = "crash"
"""What is no catch: planted code that raises where the product would not shows no wrong."""
SEEN_MAX = 100


@dataclass(frozen=True)
class Found:
    """What became of one planted bug."""

    name: str
    sentence: str
    scenario: str
    invariant: str
    """Which one broke; empty if the bug survived."""
    seed: int
    """That caught it, or the first that was not played any more."""
    played: int
    cpu_s: float
    seen: str
    crashes: int
    """Seeds that ended because something raised."""

    def __str__(self):
        """Write a row of the table, and under it what is wrong and what was seen."""
        by = self.invariant or "SURVIVED"
        row = (
            f"{self.name:32} {by:12} {self.scenario:8} {self.seed:5} {self.played:7}"
            f" {self.cpu_s:7.1f}"
        )
        crashed = f" ({self.crashes} seeds only crashed)" if self.crashes else ""
        seen = f"\n    seen: {self.seen}" if self.seen else ""
        return f"{row}\n    bug: {self.sentence}{crashed}{seen}"


HEADER = (
    f"{'planted bug':32} {'caught by':12} {'scenario':8} {'seed':>5} {'played':>7} {'cpu s':>7}"
)


def hunt(name):
    """Play the bug's scenario, seed after seed, until it is caught or its bound is reached."""
    planted, began, crashes = NAMED[name], time.process_time(), []
    for seed in range(planted.start, planted.start + planted.bound):
        with planted.planted():
            outcome = play(seed, planted.scenario)
        if outcome.broken == CRASH:
            crashes.append(outcome.seen)
        elif outcome.broken:
            seen = " ".join(outcome.seen.split())[:SEEN_MAX]
            return _found(planted, outcome.broken, seed, began, seen, len(crashes))
    seen = crashes[-1] if crashes else ""
    return _found(planted, "", planted.start + planted.bound, began, seen, len(crashes))


def clean(place):
    """Play a seed that caught a bug on the product as it is: what broke, if any, and CPU seconds.

    A catch proves something only where the same seed holds without the bug.
    """
    began, (scenario, seed) = time.process_time(), place
    outcome = play(seed, scenario)
    broken = f"{scenario} {seed}: {outcome.broken} {outcome.seen}" if outcome.broken else ""
    return broken, time.process_time() - began


def _found(planted, invariant, seed, began, seen, crashes):
    return Found(
        planted.name,
        planted.sentence,
        planted.scenario,
        invariant,
        seed,
        seed - planted.start + bool(invariant),
        time.process_time() - began,
        seen,
        crashes,
    )
