"""Selling through the till's loop, on a real journal."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from agent.core.entries.bodies import SaleAttributed, SaleCancelled, SaleCompleted
from agent.core.exchange.wire import FeedItem, FeedPage
from agent.core.faults import NotFoundFault, StateFault
from agent.core.identifiers import PrintId, SaleId, TillId
from agent.core.quantities import Minor, Thousandths
from agent.core.sale import ReturnOf, SaleFault
from agent.journal import JournalNotWritable, chains, prints
from agent.till import commands
from agent.till.requests import (
    EnrolRequest,
    IdentifyRequest,
    LineRequest,
    ReturnedLine,
    TenderRequest,
)

SALE = SaleId("019a2222-0000-7000-8000-000000000001")
OTHER = SaleId("019a2222-0000-7000-8000-000000000002")
ADA = "019a0000-0000-7000-8000-00000000ada0"
ADA_CARD = "LC1PB1X9SFPE"


async def paid(loop, sale_id=SALE, kind="cash", **line):
    """Sell one line and complete the sale."""
    await loop.ask(commands.OpenSale(sale_id))
    request = LineRequest(**(line or {"item_id": "coffee"}))
    view = await loop.ask(commands.AddLine(sale_id, request))
    tender = TenderRequest(kind=kind, amount=view.totals.due)
    await loop.ask(commands.AddTender(sale_id, tender))
    return await loop.ask(commands.CompleteSale(sale_id))


async def bodies(shop, lane, till="till-1"):
    """Read the facts of a till's lane."""
    entries = await shop.journal.read(lambda conn: chains.entries(conn, TillId(till), lane, 0))
    return [body for _, body in entries]


@pytest.mark.asyncio
async def test_a_sale_is_numbered_once_however_often_it_is_completed(shop):
    """A lost answer would give the customer two receipts for one sale."""
    async with shop.running() as loop:
        first = await paid(loop)
        again = await loop.ask(commands.CompleteSale(SALE))
        assert first == again
        assert first.receipt_no.startswith("s1-till-1-")
        assert first.receipt_no.endswith("-1")
        second = await paid(loop, OTHER)
        assert second.receipt_no.endswith("-2")
    assert len(await bodies(shop, "sales")) == 2


@pytest.mark.asyncio
async def test_receipt_drawer_and_customer_come_with_the_sale(shop):
    """A sale could be on disk without its receipt, or its customer without the sale."""
    async with shop.running() as loop:
        await loop.ask(commands.TypedScan(ADA_CARD))
        done = await paid(loop)
        jobs = await shop.journal.read(lambda conn: prints.unfinished(conn, "receipt"))
        assert [(job.kind, job.sale_id) for job in jobs] == [("drawer", SALE), ("receipt", SALE)]
        assert jobs[1].print_id == done.print_id
        by_card = await paid(loop, OTHER, kind="card")
        jobs = await shop.journal.read(lambda conn: prints.unfinished(conn, "receipt"))
        assert jobs[-1].print_id == by_card.print_id
        assert len(jobs) == 3
    (sale, _) = await bodies(shop, "sales")
    ties = [body for body in await bodies(shop, "side") if isinstance(body, SaleAttributed)]
    assert isinstance(sale, SaleCompleted)
    assert [(tie.customer_ref, tie.party_id) for tie in ties] == [(sale.customer_ref, ADA)]


@pytest.mark.asyncio
async def test_an_unpaid_sale_is_not_completed(shop):
    """Goods would leave the shop for nothing."""
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        await loop.ask(commands.AddLine(SALE, LineRequest(item_id="coffee")))
        with pytest.raises(SaleFault) as refused:
            await loop.ask(commands.CompleteSale(SALE))
        assert refused.value.name == "not-paid"
        assert (await loop.view()).sale.sale.state == "open"
    assert await bodies(shop, "sales") == []


@pytest.mark.asyncio
async def test_a_write_that_fails_leaves_the_till_as_it_was(shop, monkeypatch):
    """After a full disk the page would show a basket the journal does not have."""
    async with shop.running() as loop:
        before = await loop.ask(commands.OpenSale(SALE))

        async def full(_change):
            raise JournalNotWritable("the disk is full", remedy="make room")

        with monkeypatch.context() as patched:
            patched.setattr(shop.journal, "write", full)
            with pytest.raises(JournalNotWritable):
                await loop.ask(commands.AddLine(SALE, LineRequest(item_id="coffee")))
            assert (await loop.view()).sale.sale == before.sale
        view = await loop.ask(commands.AddLine(SALE, LineRequest(item_id="coffee")))
        assert [line.line for line in view.sale.lines] == [1]


@pytest.mark.asyncio
async def test_a_sale_id_belongs_to_one_till(shop):
    """One till's basket would overwrite another's."""
    async with shop.running(0) as first, shop.running(1) as second:
        await first.ask(commands.OpenSale(SALE))
        with pytest.raises(StateFault) as refused:
            await second.ask(commands.OpenSale(SALE))
        assert refused.value.name == "sale-id-used"
        assert (await second.view()).sale is None
        await first.ask(commands.CancelSale(SALE))
        await paid(first, OTHER)
        with pytest.raises(StateFault):
            await second.ask(commands.OpenSale(OTHER))


@pytest.mark.asyncio
async def test_the_same_goods_do_not_come_back_at_two_tills(shop):
    """Money would be given back twice for one thing."""
    back, again = SaleId(SALE[:-1] + "3"), SaleId(SALE[:-1] + "4")
    request = LineRequest(returns=ReturnedLine(SALE, 1))
    async with shop.running(0) as first, shop.running(1) as second:
        await paid(first)
        for loop, sale_id in ((first, back), (second, again)):
            await loop.ask(commands.OpenSale(sale_id))
            await loop.ask(commands.AddLine(sale_id, request))
            refund = TenderRequest(kind="cash", amount=Minor(-499))
            await loop.ask(commands.AddTender(sale_id, refund))
        await first.ask(commands.CompleteSale(back))
        with pytest.raises(SaleFault) as refused:
            await second.ask(commands.CompleteSale(again))
        assert refused.value.name == "more-than-sold"


@pytest.mark.asyncio
async def test_goods_of_another_store_come_back_at_what_is_said(shop):
    """A customer would be sent away because the sale was made elsewhere."""
    elsewhere = ReturnedLine(SaleId("019a9999-0000-7000-8000-000000000001"), 3)
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        request = LineRequest(gtin="4006381333931", returns=elsewhere, quantity=Thousandths(1000))
        view = await loop.ask(commands.AddLine(SALE, request))
        assert view.sale.lines[0].quantity == -1000
        assert view.sale.lines[0].returns == ReturnOf(elsewhere.sale_id, elsewhere.line)
        with pytest.raises(NotFoundFault) as refused:
            await loop.ask(commands.AddLine(SALE, LineRequest(returns=elsewhere)))
        assert refused.value.name == "sale-not-held"


@pytest.mark.asyncio
async def test_a_given_up_basket_says_who_gave_it_up(shop):
    """A cashier would answer for a basket that somebody else cancelled."""
    async with shop.running() as loop:
        await loop.ask(commands.SignOn("anna"))
        await loop.ask(commands.OpenSale(SALE))
        await loop.ask(commands.AddLine(SALE, LineRequest(item_id="coffee")))
        await loop.ask(commands.SignOn("ben"))
        await loop.ask(commands.CancelSale(SALE, "changed their mind"))
    (gone,) = await bodies(shop, "sales")
    assert gone.actor == "ben"


@pytest.mark.asyncio
async def test_a_given_up_basket_is_a_fact_and_an_empty_one_is_not(shop):
    """Baskets could vanish without a trace, or a misclick would fill the journal."""
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        await loop.ask(commands.CancelSale(SALE))
        await loop.ask(commands.OpenSale(OTHER))
        await loop.ask(commands.AddLine(OTHER, LineRequest(item_id="coffee")))
        await loop.ask(commands.CancelSale(OTHER, "left"))
        await loop.ask(commands.CancelSale(OTHER, "left"))
        with pytest.raises(StateFault) as refused:
            await loop.ask(commands.AddLine(OTHER, LineRequest(item_id="coffee")))
        assert refused.value.name == "already-cancelled"
    (fact,) = await bodies(shop, "sales")
    assert isinstance(fact, SaleCancelled)
    assert fact.reason == "left"


@pytest.mark.asyncio
async def test_a_card_closes_after_a_quarter_of_an_hour(shop):
    """The page left open at noon would show the morning's customers."""
    async with shop.running() as loop:
        await loop.ask(commands.Identify(IdentifyRequest(scan=ADA_CARD)))
        shop.clock.seconds += 15 * 60 - 1
        assert (await loop.party(ADA)).card.name == "Ada Example"
        shop.clock.seconds += 1
        with pytest.raises(StateFault) as refused:
            await loop.party(ADA)
        assert refused.value.name == "identify-first"
        await loop.ask(commands.OpenSale(SALE))
        await loop.ask(commands.SetCustomer(SALE, ADA))
        shop.clock.seconds += 3600
        assert (await loop.timeline(ADA)).interactions == ()


@pytest.mark.asyncio
async def test_news_from_hq_about_who_is_here_is_told(shop):
    """An order placed on the web a minute ago would not show while its customer stands there."""
    async with shop.running() as loop:
        await loop.ask(commands.TypedScan(ADA_CARD))
        order = (
            b'{"order_no":"WEB-7","channel":"web","state":"ready","placed_at":"","total":100,'
            b'"currency":"EUR","party_id":"' + ADA.encode() + b'","collect_at":"s1"}'
        )
        item = FeedItem(fseq=1, key="order:WEB-7", ver=1, op="put", body=order)
        keys = shop.directory.apply("store:s1", FeedPage((item,), "e.1.0"))
        await loop.ask(commands.DirectoryChanged("store:s1", (*keys, f"party:{ADA}")))
        told = await shop.told()
        assert [event.type for event in told[-2:]] == ["sync", "customer"]
        assert [each.order_no for each in (await loop.party(ADA)).card.orders] == ["WEB-7"]
        found = await loop.ask(commands.TypedScan("WEB-7"))
        assert (found.kind, found.party_id, found.means) == ("order", ADA, "order_no")


@pytest.mark.asyncio
async def test_a_till_without_printer_sells_all_the_same(shop):
    """A missing printer would stop the shop."""
    bare = replace(shop.settings.tills[0], printer=None, drawer=None)
    shop.settings = replace(shop.settings, tills=(bare, *shop.settings.tills[1:]))
    async with shop.running() as loop:
        assert (await paid(loop)).print_id is None
        with pytest.raises(StateFault) as refused:
            await loop.ask(commands.OpenDrawer())
        assert refused.value.name == "no-drawer"
        with pytest.raises(StateFault) as refused:
            await loop.ask(commands.Print(PrintId(OTHER), sale_id=SALE))
        assert refused.value.name == "no-printer"


@pytest.mark.asyncio
async def test_the_day_cannot_end_in_the_middle_of_a_sale(shop):
    """The Z report would miss the sale on the counter."""
    async with shop.running() as loop:
        await paid(loop)
        await loop.ask(commands.OpenSale(OTHER))
        await loop.ask(commands.AddLine(OTHER, LineRequest(item_id="coffee")))
        with pytest.raises(StateFault) as refused:
            await loop.ask(commands.CloseTill(Minor(499)))
        assert refused.value.name == "sale-still-open"
        await loop.ask(commands.ParkSale(OTHER))
        closed = await loop.ask(commands.CloseTill(Minor(500)))
        assert closed.report.difference == 1
        assert [sale.sale_id for sale in (await loop.view()).parked] == [OTHER]


@pytest.mark.asyncio
async def test_a_taken_card_is_not_given_to_somebody_else(shop):
    """Two people would share one history."""
    async with shop.running() as loop:
        with pytest.raises(StateFault) as refused:
            await loop.ask(commands.Enrol(EnrolRequest(name="Eve", card=ADA_CARD)))
        assert refused.value.name == "already-known"
