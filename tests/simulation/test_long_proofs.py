"""Small runs of the long proofs: power cuts, exactly once, flipped bytes, planted bugs."""

from __future__ import annotations

import pytest

from tests.simulation import flips
from tests.simulation.exactly_once import of_slice
from tests.simulation.mutants.hunt import hunt
from tests.simulation.mutants.table import PLANTED
from tests.simulation.powercuts import lives


def test_no_power_cut_loses_a_receipt():
    """A till that lost its power has lost a receipt it had released, or does not start."""
    cuts, released = lives(0, 40)
    assert 40 == cuts
    assert released > 0


def test_a_bad_line_loses_and_doubles_nothing():
    """Lost replies and repeated requests change what the shop is said to have taken."""
    sales, _ = of_slice((0, 100))
    assert 100 == sales


def test_no_changed_byte_goes_unseen():
    """A byte changed on the wire or in HQ's inbox is taken for what the till has sealed."""
    batch = flips.batch_of(4)
    assert [] == flips.on_the_wire(batch, step=9)[1]
    assert [] == flips.without_digest(batch, step=3)[1]
    assert [] == flips.at_hq(batch, step=3)[1]


@pytest.mark.parametrize("name", ["skip-the-fsync", "cursor-outside-the-transaction"])
def test_a_planted_bug_is_caught(name):
    """The simulator lets a product pass that loses what it has promised."""
    assert hunt(name).invariant


def test_every_planted_bug_has_a_place():
    """A planted bug whose function was renamed is planted nowhere, and proves nothing."""
    assert len(PLANTED) >= 36
    missing = [
        (planted.name, name)
        for planted in PLANTED
        for owner, name, _ in planted.patches
        if not hasattr(owner, name)
    ]
    assert [] == missing
