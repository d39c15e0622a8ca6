"""Small runs of the long proofs: power cuts, exactly once, flipped bytes."""

from __future__ import annotations

from tests.simulation import flips
from tests.simulation.exactly_once import of_slice
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
    assert [] == flips.in_the_head(batch, step=7)[1]
    assert [] == flips.without_digest(batch, step=3)[1]
    assert [] == flips.without_digest(flips.in_step_of(batch), step=3)[1]
    assert [] == flips.at_hq(batch, step=3)[1]
