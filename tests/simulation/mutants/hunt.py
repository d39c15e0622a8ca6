"""Playing seeds with a planted bug until an invariant breaks."""

from __future__ import annotations

import time
from dataclasses import dataclass

from tests.simulation.mutants.table import NAMED
from tests.simulation.run import play


@dataclass(frozen=True)
class Found:
    """What became of one planted bug."""

    name: str
    scenario: str
    invariant: str
    """Which one broke; empty if the bug survived."""
    seed: int
    seconds: float
    seen: str

    def __str__(self):
        """Write a row of the table."""
        where = f"{self.invariant:6} seed {self.seed:3}" if self.invariant else "SURVIVED       "
        return f"{self.name:32} {self.scenario:8} {where} {self.seconds:6.1f} s  {self.seen}"


def hunt(name):
    """Play the bug's scenario, seed after seed, until it is caught or its bound is reached."""
    planted, began = NAMED[name], time.monotonic()
    for seed in range(planted.bound):
        with planted.planted():
            outcome = play(seed, planted.scenario)
        if outcome.broken and outcome.broken != "crash":
            seen = " ".join(outcome.seen.split())[:90]
            return _found(planted, outcome.broken, seed, began, seen)
    return _found(planted, "", planted.bound, began, planted.sentence)


def clean(place):
    """Play a seed that caught a bug on the product as it is; tells what broke, if anything did."""
    scenario, seed = place
    outcome = play(seed, scenario)
    return f"{scenario} {seed}: {outcome.broken} {outcome.seen}" if outcome.broken else ""


def _found(planted, invariant, seed, began, seen):
    seconds = time.monotonic() - began
    return Found(planted.name, planted.scenario, invariant, seed, seconds, seen)
