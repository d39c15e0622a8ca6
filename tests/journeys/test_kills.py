"""A few kills, with the seed of this run in the failure; `make kills` runs a hundred."""

from __future__ import annotations

import random

import pytest

from tests.journeys.kills import kills

KILLS = 3


@pytest.mark.timeout(400)
@pytest.mark.asyncio
async def test_nothing_is_lost_or_doubled_by_sigkill(tmp_path):
    """A completed sale would be missing or there twice, or a receipt lost, after a crash."""
    seed = random.SystemRandom().randrange(2**32)
    outcome = await kills(tmp_path, count=KILLS, seed=seed)
    assert KILLS == outcome.kills.total() == outcome.verified, str(outcome)
    assert outcome.sales == outcome.papers.total() > 0, str(outcome)
