"""All planted bugs."""

from __future__ import annotations

from tests.simulation.mutants import (
    applying,
    authority,
    clocks,
    crowd,
    damage,
    exchange,
    feeds,
    hq,
    journal,
    successors,
)

PLANTED = (
    *journal.PLANTED,
    *successors.PLANTED,
    *exchange.PLANTED,
    *hq.PLANTED,
    *applying.PLANTED,
    *authority.PLANTED,
    *feeds.PLANTED,
    *clocks.PLANTED,
    *damage.PLANTED,
    *crowd.PLANTED,
)
NAMED = {planted.name: planted for planted in PLANTED}
