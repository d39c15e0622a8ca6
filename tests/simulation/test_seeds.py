"""A few seeds of every scenario; `make simulate` plays thousands."""

from __future__ import annotations

import pytest

from tests.simulation.run import play
from tests.simulation.scenarios import SCENARIOS

SEEDS = {"cuts": 3, "weather": 2, "rewind": 3, "copies": 2, "disks": 2, "all": 2}


@pytest.mark.parametrize(
    ("scenario", "seed"), [(name, seed) for name in SCENARIOS for seed in range(SEEDS[name])]
)
def test_no_invariant_breaks(scenario, seed):
    """A receipt that was released, or an ack that was signed, does not survive this history."""
    outcome = play(seed, scenario)
    assert ("", "") == (outcome.broken, outcome.seen), "\n".join(outcome.history)


def test_a_seed_is_one_history():
    """A failing seed cannot be played again: two runs of it go different ways."""
    first, second = play(7, "cuts"), play(7, "cuts")
    assert first.history == second.history
    assert (first.cuts, first.receipts) == (second.cuts, second.receipts)
