"""A short while over a bad line; `make badline` sells longer."""

from __future__ import annotations

import random

import pytest

from tests.journeys import bad_line

pytestmark = pytest.mark.long


@pytest.mark.timeout(300)
@pytest.mark.asyncio
async def test_what_was_sold_over_a_bad_line_arrives_once(tmp_path, monkeypatch):
    """A lost answer, a flipped bit or a clock ten years off would lose a sale or double it."""
    monkeypatch.setattr(bad_line, "CLOCKS", ("+0", "-3650d"))
    seed = random.SystemRandom().randrange(2**32)
    outcome = await bad_line.bad_line(tmp_path, seconds=4, seed=seed)
    assert outcome.sales > 0, str(outcome)
    assert outcome.chunks.total() > outcome.chunks["none"] > 0, str(outcome)
