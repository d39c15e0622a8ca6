from __future__ import annotations

import random

from agent.devices.backoff import Backoff


def test_waits_double_to_the_cap_and_begin_again():
    """A dead device would be knocked at without pause, or a returned one be left for minutes."""
    backoff = Backoff(0.2, 5.0, random.SystemRandom())
    spans = [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    waits = [backoff.next_s() for _ in spans]
    assert all(span / 2 <= wait <= span for span, wait in zip(spans, waits, strict=True))
    backoff.reset()
    assert backoff.next_s() <= 0.2


def test_tills_do_not_knock_in_step():
    """All tills behind one switch would come back in the same instant."""
    backoffs = [Backoff(0.2, 5.0, random.SystemRandom()) for _ in range(10)]
    assert len({backoff.next_s() for backoff in backoffs}) > 1
