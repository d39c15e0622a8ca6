"""A handful of kills while receipts are printed; `make paper` runs hundreds."""

from __future__ import annotations

import random

import pytest

from drivers.virtual.mechanism import PrintedReceipt
from tests.forked import forked
from tests.journeys.cashier import Broken
from tests.journeys.paper_kills import FAULTS, TRANSPORTS, Cell, Killer, paper
from tests.journeys.paper_shop import on_paper

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(300)]
KILLS = 4


async def test_no_receipt_is_lost_or_printed_twice_unmarked(tmp_path):
    """A crash in the middle of a receipt would lose it silently, or print it again."""
    cells = await paper(tmp_path, kills=KILLS, seed=4, launch=forked)
    assert {f"{name}, {fault}" for name in TRANSPORTS for fault in FAULTS} == set(cells)
    assert sum(cell.kills for cell in cells.values()) == KILLS
    assert sum(cell.receipts for cell in cells.values()) >= KILLS


DONE = {"receipt_no": "shop-till-1-abcd-1", "print_id": "print-1", "sale_id": "sale-1"}


class _Counter:
    """What lies on the counter, and a print job that ended in a state."""

    def __init__(self, state, *receipts):
        self.state = state
        self.receipts = receipts

    async def insist(self, _method, _path, _body):
        """Queue a copy."""

    async def job(self, print_id):
        """Give a print job; that of a copy is confirmed."""
        return {"state": self.state if print_id == "print-1" else "confirmed"}

    def on_paper(self):
        """Count."""
        return on_paper([PrintedReceipt(tuple(text.splitlines())) for text in self.receipts])


PLAIN, COPIED = "Receipt shop-till-1-abcd-1", "COPY\nReceipt shop-till-1-abcd-1"


@pytest.mark.parametrize(
    ("state", "receipts", "words"),
    [
        ("confirmed", [], "not on paper"),
        ("confirmed", [PLAIN, PLAIN], "2 times unmarked"),
        ("uncertain", [PLAIN, PLAIN], "2 times unmarked"),
        ("uncertain", [PLAIN], "the copy"),
        ("failed", [COPIED, COPIED], "the copy"),
    ],
)
async def test_the_audit_of_the_paper_would_notice(state, receipts, words):
    """A check that cannot fail proves nothing."""
    with pytest.raises(Broken, match=words):
        await Killer(_Counter(state, *receipts), random.Random(1)).audit([DONE], Cell())


@pytest.mark.parametrize(
    ("state", "receipts"), [("confirmed", [PLAIN]), ("uncertain", [PLAIN, COPIED])]
)
async def test_the_audit_of_the_paper_is_content(state, receipts):
    """A run in which all is well would fail."""
    cell = Cell()
    await Killer(_Counter(state, *receipts), random.Random(1)).audit([DONE], cell)
    assert {state: 1} == cell.states
