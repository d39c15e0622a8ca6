"""A few seeds of every scenario; `make simulate` plays thousands."""

from __future__ import annotations

import secrets

import pytest

from tests.simulation import headquarters
from tests.simulation.environment import simulated
from tests.simulation.run import play
from tests.simulation.scenarios import SCENARIOS

SEEDS = dict.fromkeys(SCENARIOS, range(1)) | {
    "cuts": range(2),
    "rewind": range(2),
}


@pytest.mark.parametrize(
    ("scenario", "seed"), [(name, seed) for name in SCENARIOS for seed in SEEDS[name]]
)
def test_no_invariant_breaks(scenario, seed):
    """A receipt that was released, or an ack that was signed, does not survive this history."""
    outcome = play(seed, scenario)
    assert ("", "") == (outcome.broken, outcome.seen), "\n".join(outcome.history)


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(1002712, id="ended journals of a till that lost its credential"),
        pytest.param(1002878, id="what is no text, carried by a successor"),
        pytest.param(1003295, id="a till that was forgotten, after a long outage"),
        pytest.param(1005690, id="stopped while it installs, on a disk that refuses"),
        pytest.param(1020132, id="a log that was hurt took the only acks with it"),
    ],
)
def test_what_a_long_run_has_found_stays_mended(seed):
    """A fault the simulator has shown once comes back."""
    outcome = play(seed)
    assert ("", "") == (outcome.broken, outcome.seen), "\n".join(outcome.history)


def test_nothing_is_left_over_of_what_hq_no_longer_has():
    """A till goes on with articles of a feed that is empty since HQ was put back."""
    outcome = play(200149)
    assert ("", "") == (outcome.broken, outcome.seen), "\n".join(outcome.history)


def test_a_seed_is_one_history():
    """A failing seed cannot be played again: two runs of it go different ways."""
    first, second = play(3, "disks"), play(3, "disks")
    assert first.history == second.history
    assert (first.cuts, first.receipts) == (second.cuts, second.receipts)


def test_the_first_life_draws_what_the_others_draw():
    """The first seed of a process goes another way than when it is played again."""
    headquarters._EMPTY.clear()
    first, second = _drawn_after_the_ledger(), _drawn_after_the_ledger()
    assert first == second


def _drawn_after_the_ledger():
    with simulated(1):
        headquarters._empty_ledger()
        return secrets.token_bytes(8)
