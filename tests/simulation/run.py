"""Playing seeds: one, or a range of them on several processes."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, field
from itertools import zip_longest

from tests.simulation.environment import simulated
from tests.simulation.invariants import Violation
from tests.simulation.loop import Stuck, run
from tests.simulation.scenarios import SCENARIOS, of_seed
from tests.simulation.world import World


@dataclass
class Outcome:
    """What became of one seed."""

    seed: int
    scenario: str
    broken: str = ""
    """The invariant that did not hold; `crash` where the product or the simulator raised."""
    seen: str = ""
    history: list[str] = field(default_factory=list)
    cuts: int = 0
    receipts: int = 0
    rewinds: int = 0
    end: object = None
    """Which entries HQ took in, and which it set aside."""
    seconds: float = 0.0


def play(seed, scenario=None):
    """Play one seed to its end, or to the first violation."""
    chosen = SCENARIOS[scenario] if scenario else of_seed(seed)
    outcome = Outcome(seed, chosen.name)
    began = time.perf_counter()
    with simulated(seed):
        world = World(seed, chosen)
        try:
            run(_life(world, outcome))
        except Stuck as stuck:
            outcome.broken, outcome.seen, outcome.history = "stuck", str(stuck), world.history
    if chosen.is_twofold and not outcome.broken:
        _compare(outcome, seed, chosen)
    outcome.seconds = time.perf_counter() - began
    return outcome


def _compare(outcome, seed, chosen):
    """I11: the same fate under clocks that are right ends in the same."""
    right = Outcome(seed, chosen.name)
    with simulated(seed):
        run(_life(World(seed, chosen, are_clocks_right=True), right))
    for first, second in zip_longest(outcome.history, right.history):
        if first != second:
            outcome.broken = "I11"
            outcome.seen = f"with jumping clocks: {first!r}; with right ones: {second!r}"
            return
    if outcome.end != right.end:
        outcome.broken, outcome.seen = "I11", f"{outcome.end}; with right clocks: {right.end}"


async def _life(world, outcome):
    try:
        await world.live()
        outcome.end = world.at_end()
    except Violation as violation:
        outcome.broken, outcome.seen = violation.name, violation.seen
    except Exception as problem:  # noqa: BLE001, whatever is raised belongs to this seed
        outcome.broken, outcome.seen = "crash", f"{problem!r}\n{traceback.format_exc()}"
    finally:
        await world.end()
    outcome.history = world.history
    outcome.cuts, outcome.receipts = world.cuts, len(world.oracle.released)
    outcome.rewinds = sum("restored to backup" in line for line in world.history)
