"""A few kills, with the seed of this run in the failure; `make kills` runs a hundred."""

from __future__ import annotations

import random

import pytest

from drivers.virtual.paper import PrintedReceipt
from tests.forked import forked
from tests.journeys.audit import Audit
from tests.journeys.cashier import Book, Broken
from tests.journeys.kills import kills

KILLS = 2


@pytest.mark.timeout(400)
@pytest.mark.asyncio
async def test_nothing_is_lost_or_doubled_by_sigkill(tmp_path):
    """A completed sale would be missing or there twice, or a receipt lost, after a crash."""
    seed = random.SystemRandom().randrange(2**32)
    outcome = await kills(tmp_path, count=KILLS, seed=seed, launch=forked)
    assert KILLS == outcome.kills.total() == outcome.verified, str(outcome)
    assert outcome.sales == outcome.papers.total() > 0, str(outcome)


def _sale(number, sale_id=None, total=100):
    receipt = f"store-0001-till-1-abcd-{number}"
    sale_id = sale_id or f"sale-{number}"
    return {"sale_id": sale_id, "receipt_no": receipt, "total": total, "change": 0}


KEPT = [_sale(1), _sale(2), _sale(3)]


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ([_sale(1), _sale(2)], "missing"),
        ([*KEPT, _sale(4, "sale-3")], "twice"),
        ([_sale(1), _sale(2), _sale(4, "sale-3")], "kept"),
        ([_sale(1), _sale(2), _sale(3, total=99)], "kept"),
        ([*KEPT, _sale(5)], "gaps"),
        ([*KEPT, _sale(4, "gone")], "cancelled"),
    ],
)
def test_the_audit_would_notice(held, words):
    """A check that cannot fail proves nothing: the kills would pass over a broken journal."""
    book = Book(completed={each["sale_id"]: each for each in KEPT}, cancelled={"gone"})
    audit = Audit(None, book)
    audit.sales_are_kept(KEPT, book.completed)
    with pytest.raises(Broken, match=words):
        audit.sales_are_kept(held, book.completed)


class _World:
    """A printer with receipts on its floor, and print jobs that are all confirmed."""

    def __init__(self, *texts):
        self.printer = self
        self.receipts = [PrintedReceipt(tuple(text.splitlines())) for text in texts]

    async def ask_till(self, _method, path):
        """Give a print job."""
        number = path.rpartition("-")[2]
        return {"state": "confirmed", "sale_id": f"sale-{number}", "copy": False}


FIRST, SECOND = "Receipt store-0001-till-1-abcd-1\nTotal", "Receipt store-0001-till-1-abcd-2\nTotal"


@pytest.mark.parametrize(
    ("paper", "words"),
    [
        ([FIRST], "not on paper"),
        ([FIRST, SECOND, SECOND], "twice"),
        ([FIRST, "COPY\n" + SECOND], "not on paper"),
    ],
)
@pytest.mark.asyncio
async def test_the_audit_would_notice_on_paper(paper, words):
    """A receipt that never came out, or came out twice unmarked, would pass."""
    done = {f"sale-{n}": {**_sale(n), "print_id": f"print-{n}"} for n in (1, 2)}
    whole = Audit(_World(FIRST, SECOND, "COPY\n" + SECOND), Book(completed=done))
    assert {"confirmed": 2} == await whole.paper()
    with pytest.raises(Broken, match=words):
        await Audit(_World(*paper), Book(completed=done)).paper()
