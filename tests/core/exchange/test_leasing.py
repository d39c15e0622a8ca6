"""What a till asks HQ for, as HQ decides it."""

from __future__ import annotations

from agent.core.exchange.leasing import LeaseAsk
from agent.core.loyalty import Ask


def test_hq_decides_on_its_own_day_what_was_asked_for():
    """A till whose clock is wrong would choose the day its lease is counted on."""
    said = LeaseAsk("lease-1", "party-1", "points", 0, "store-1", "till-1", "j-1", "sale-1")
    due = Ask("party-1", "points", 50, "store-1", "till-1", "j-1", "2026-11-22", "sale-1")
    assert due == said.on("2026-11-22", 50)
