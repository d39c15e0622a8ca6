"""What happens on the web is at the till at once, and the other way round; and a backlog goes fast.

`python -m tests.journeys.freshness` says by how much.
"""

from __future__ import annotations

import pytest

from tests.forked import forked
from tests.journeys.freshness import freshness

pytestmark = [pytest.mark.long, pytest.mark.timeout(900), pytest.mark.asyncio]


async def test_each_side_knows_within_seconds_and_a_backlog_within_a_minute(tmp_path):
    """A customer would have to tell the cashier what they have just done on the web (G11)."""
    outcome = await freshness(tmp_path, events=20, queued=1000, seed=11, launch=forked)
    assert [20, 20, 1] == [len(found) for found in outcome.spent.values()]
