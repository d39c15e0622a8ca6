"""What a receipt says of loyalty points: earned, balance, and as of when."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.exchange.wire import FeedItem, FeedPage
from agent.core.history import Card
from agent.core.quantities import Minor
from agent.core.receipt import plain_text
from agent.core.recognition import Identifier, IdentifierType
from agent.journal import prints
from agent.till import commands
from agent.till.numbers import print_id_for
from agent.till.printing import receipt
from agent.till.requests import TenderRequest
from tests.sealed import RULES
from tests.till.conftest import ADA, ADA_CARD, Shop, till
from tests.till.test_value import PROGRAMME

COFFEE, OLD_CARD = "4006381333931", "LC004123"


@pytest.fixture
def shop(tmp_path):
    shop = Shop(tmp_path, till(printer="receipt"))
    body = msgspec.Raw(msgspec.json.encode(PROGRAMME))
    page = FeedPage((FeedItem(1, "rule:loyalty", 1, "put", body),), "1-a.1.x")
    shop.directory.apply("global", page)
    held = Card(party_id=ADA, name="Ada Example", points=130)
    cards = [Identifier(IdentifierType.LOYALTY_CARD, each) for each in (ADA_CARD, OLD_CARD)]
    shop.directory.put_local(held, cards, RULES)
    yield shop
    shop.close()


async def bought(loop, *scans, copy=False):
    """Sell a coffee for 4.99; gives the lines of the receipt that speak of points."""
    for scan in (*scans, COFFEE):
        found = await loop.ask(commands.TypedScan(scan))
    paid = TenderRequest(kind="card", amount=Minor(499))
    await loop.ask(commands.AddTender(found.sale_id, paid))
    done = await loop.ask(commands.CompleteSale(found.sale_id))
    paper = await loop.desk.journal.read(
        lambda conn: receipt(loop.desk.papers, conn, done.sale_id, copy=copy)
    )
    text = [" ".join(line.split()) for line in plain_text(paper, 42).splitlines()]
    job = await loop.desk.journal.read(
        lambda conn: prints.get(conn, print_id_for("receipt", done.sale_id))
    )
    assert ADA not in str(job.payload)
    return [line for line in text if line.startswith(("Points", "as of"))]


@pytest.mark.asyncio
async def test_the_receipt_says_what_was_earned_and_what_there_is(shop):
    """A customer could not see that the sale counted, or would believe an old balance."""
    async with shop.running() as loop:
        assert ["Points earned 4", "Points balance 134"] == await bought(loop, ADA_CARD)
        loop.desk.unheard_since = lambda: "2026-07-28T09:00:00.000Z"
        found = await bought(loop, ADA_CARD)
        assert ["Points earned 4", "Points balance 138"] == found[:2]
        assert found[2].startswith("as of ")
        assert [] == await bought(loop, ADA_CARD, copy=True)
        assert [] == await bought(loop)


@pytest.mark.asyncio
async def test_a_card_number_that_is_easily_guessed_prints_no_balance(shop):
    """Whoever types a neighbour's number would read their balance off a receipt (P9)."""
    async with shop.running() as loop:
        assert ["Points earned 4"] == await bought(loop, OLD_CARD)
