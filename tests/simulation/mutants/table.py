"""All planted bugs."""

from __future__ import annotations

from tests.simulation.mutants import exchange, feeds, hq, journal

PLANTED = (*journal.PLANTED, *exchange.PLANTED, *hq.PLANTED, *feeds.PLANTED)
NAMED = {planted.name: planted for planted in PLANTED}
