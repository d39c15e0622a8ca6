from __future__ import annotations

import random

from tests.drivers.scales import fuzz


def test_random_bytes_never_raise():
    """Noise on a line, or a strange name of an item, would end a device's reader."""
    rng = random.Random(7)
    for _ in range(400):
        fuzz.scales(rng)
        fuzz.displays(rng)
