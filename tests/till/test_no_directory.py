"""What becomes of a sale when the directory cannot be read: its disk, its file, its rights."""

from __future__ import annotations

import msgspec
import pytest

from agent.contracts.devices import ScanFrame
from agent.core.entries.bodies import SaleCompleted
from agent.core.exchange.wire import FeedItem, FeedPage
from agent.core.history import Card
from agent.core.identifiers import DeviceId
from agent.core.loyalty import ValueEarned
from agent.core.privacy import Stretching
from agent.core.quantities import Minor
from agent.directory import DirectoryFault
from agent.journal import chains, sales
from agent.till import commands
from agent.till.requests import EnrolRequest, TenderRequest
from tests.sealed import MASTER, row_of
from tests.till.conftest import ADA, ADA_CARD
from tests.till.test_asking import prompt
from tests.till.test_value import PROGRAMME

COFFEE = "4006381333931"


@pytest.mark.asyncio
@pytest.mark.parametrize("lost", ["", "before paying", "before completing"])
async def test_a_basket_is_paid_and_completed_though_nothing_is_known_of_its_customer(shop, lost):
    """A sale would be lost over a question, or over a point (P6)."""
    rules = {"prompts": [prompt("size", triggers=("tender",))], "loyalty": PROGRAMME}
    items = tuple(
        FeedItem(n, f"rule:{name}", n, "put", msgspec.Raw(msgspec.json.encode(body)))
        for n, (name, body) in enumerate(rules.items(), 1)
    )
    shop.directory.apply("global", FeedPage(items, "1-ab.2.0123456789abcdef"))
    async with shop.running() as loop:
        assert PROGRAMME == loop.desk.value.programme()  # As by the sale before.
        await loop.ask(commands.TypedScan(ADA_CARD))
        found = await loop.ask(commands.TypedScan(COFFEE))
        if lost == "before paying":
            shop.directory.close()
        paid = TenderRequest(kind="card", amount=Minor(499))
        view = await loop.ask(commands.AddTender(found.sale_id, paid))
        assert (ADA, 1) == (view.sale.party_id, len(view.sale.tenders))
        if lost == "before completing":
            shop.directory.close()
        done = await loop.ask(commands.CompleteSale(found.sale_id))

    def read(conn):
        side = next(each for each in chains.heads(conn) if each.lane == "side")
        facts = (chains.body_at(conn, side.journal_id, n) for n in range(1, side.due_seq + 1))
        return sales.completed(conn, done.sale_id), [each for each in facts if each]

    body, facts = await shop.journal.read(read)
    assert isinstance(body, SaleCompleted)
    [earned] = [each for each in facts if isinstance(each, ValueEarned)]
    assert (499, ADA, 4) == (body.total, earned.owner, earned.earnings[0].value)


@pytest.mark.asyncio
@pytest.mark.parametrize("code", [COFFEE, ADA_CARD])
async def test_a_scan_that_comes_to_nothing_says_why(shop, code):
    """A cashier would scan again and again, and hear the scanner beep each time (P12)."""
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale())
        shop.directory.close()
        frame = ScanFrame(code.encode(), 0)
        found = await loop.ask(commands.DeviceScan(DeviceId("counter"), frame))
    [event] = [each.data for each in await shop.told() if each.type == "scan"]
    assert (event["refused"], event["remedy"]) == (found.refused, found.remedy)
    assert "directory" in event["refused"]
    assert event["remedy"]
    assert code not in str(event)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("unusable", "enrolment_key"),
    [
        ({"stretching": Stretching(cost_log2=21)}, b"e" * 32),
        ({"pepper": b"short"}, b"e" * 32),
        ({"secret": b"short"}, b"e" * 32),
        ({}, b"short"),
    ],
)
async def test_keys_of_another_version_stop_no_sale(shop, unusable, enrolment_key):
    """Nothing could be scanned any more, in every store, from one answer of HQ's on (P1)."""
    key = msgspec.structs.replace(MASTER.key("global", 2), **unusable)
    shop.directory.take_keys([MASTER.key("global", 1)], b"e" * 32)
    sealed = msgspec.Raw(msgspec.json.encode(row_of(Card("x", "X"), generation=2)))
    row = FeedItem(1, "party:x", 1, "put", sealed)
    shop.directory.apply("global", FeedPage((row,), "1-ab.1.0123456789abcdef"))
    with pytest.raises(DirectoryFault) as refused:
        shop.directory.take_keys([key], enrolment_key)
    assert ("keys-unusable", True) == (refused.value.name, "update" in refused.value.remedy)
    async with shop.running() as loop:
        met = await loop.ask(commands.TypedScan(ADA_CARD))
        found = await loop.ask(commands.TypedScan(COFFEE))
        await loop.ask(commands.Enrol(EnrolRequest(name="Bob", phone="+491701234567")))
    assert (ADA, 1) == (met.party_id, found.line)
