"""A handful of kills while receipts are printed; `make paper` runs hundreds."""

from __future__ import annotations

import pytest

from tests.journeys.paper_kills import FAULTS, TRANSPORTS, paper

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(300)]
KILLS = 6


async def test_no_receipt_is_lost_or_printed_twice_unmarked(tmp_path):
    """A crash in the middle of a receipt would lose it silently, or print it again."""
    cells = await paper(tmp_path, kills=KILLS, seed=4)
    assert {f"{name}, {fault}" for name in TRANSPORTS for fault in FAULTS} == set(cells)
    assert sum(cell.kills for cell in cells.values()) == KILLS
    assert sum(cell.receipts for cell in cells.values()) >= KILLS
