from __future__ import annotations

from tests.drivers.printers.fuzz import fuzz


def test_a_small_fuzz():
    """Noise on a wire would end a conversation with a bug instead of a result."""
    assert 1500 == fuzz(1500, seed=7)
