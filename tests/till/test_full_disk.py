"""A till on a disk that fills: refused before anybody has paid, finished once somebody has."""

from __future__ import annotations

import pytest

from agent.core.entries.bodies import PartyIdentified
from agent.core.identifiers import PrintId, SaleId
from agent.core.space import Level
from agent.journal import NoRoom, chains
from agent.journal.verify import verify
from agent.till import commands
from agent.till.requests import (
    EnrolRequest,
    ExternalLine,
    ExternalSale,
    LineRequest,
    TenderRequest,
)
from tests.disks import MB, Hog, needs_root, small_disk
from tests.till.conftest import ADA_CARD, Shop, till

SALE = SaleId("019a2222-0000-7000-8000-000000000001")
OTHER = SaleId("019a2222-0000-7000-8000-000000000002")
COFFEE = LineRequest(item_id="coffee")
COFFEE_SCANNED = "]E04006381333931"
CASH = TenderRequest(kind="cash", amount=499)
SOCKS = ExternalLine(name="Socks", quantity=1000, unit_price=999, taxes=("standard",))
POS = 1
pytestmark = [pytest.mark.asyncio, needs_root]


@pytest.fixture
def shop(tmp_path):
    """A shop whose state directory is a small disk, most of which is taken later."""
    with small_disk(tmp_path, "tmpfs", 32) as place:
        shop = Shop(place, till(), till("pos", basket="external"), reserve_bytes=MB)
        assert shop.journal.space.reserve.fill()
        yield shop
        shop.close()


@pytest.fixture
def hog(shop):
    return Hog(shop.folder)


def level(shop):
    return shop.journal.space.verdict().level


async def refused(loop, command):
    with pytest.raises(NoRoom) as caught:
        await loop.ask(command)
    assert (507, "disk-full") == (caught.value.status, caught.value.name)
    assert "du -xh" in caught.value.remedy
    return caught.value.detail


async def test_a_sale_is_refused_before_anybody_has_paid(shop, hog):
    """The customer would have paid for what no journal knows of."""
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        await loop.ask(commands.AddLine(SALE, COFFEE))
        hog.fill()
        assert Level.FULL == level(shop)
        assert "no money is taken" in await refused(loop, commands.AddTender(SALE, CASH))
        assert "nothing is added" in await refused(loop, commands.AddLine(SALE, COFFEE))
        await loop.ask(commands.CancelSale(SALE))
        assert "no sale is begun" in await refused(loop, commands.OpenSale(OTHER))
        seen = await loop.ask(commands.TypedScan(COFFEE_SCANNED))
        assert "nothing is sold" in seen.refused
        assert "du -xh" in seen.remedy
        assert "full" == (await loop.view()).disk.level
        hog.free()
        assert "ok" == (await loop.view()).disk.level
        await loop.ask(commands.OpenSale(OTHER))


async def test_a_sale_with_money_on_the_counter_is_finished(shop, hog):
    """A customer would stand there without money, goods and receipt."""
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        await loop.ask(commands.AddLine(SALE, COFFEE))
        await loop.ask(commands.AddTender(SALE, TenderRequest(kind="card", amount=200)))
        hog.fill()
        assert Level.FULL == level(shop)
        await loop.ask(commands.AddTender(SALE, TenderRequest(kind="cash", amount=300)))
        done = await loop.ask(commands.CompleteSale(SALE))
        assert (499, 1) == (done.total, done.change)
    shop.close()
    hog.fill()
    shop.open()
    async with shop.running() as loop:
        assert done == await loop.ask(commands.CompleteSale(SALE))
    assert all(report.ok for report in shop.journal.read_blocking(verify))


async def test_a_sale_of_pos_software_is_stored_whole_or_not_at_all(shop, hog):
    """Half a sale would be in the journal, or one that was paid be thrown away with room left."""
    request = ExternalSale(lines=(SOCKS,), tenders=(TenderRequest(kind="cash", amount=999),))
    async with shop.running(POS) as loop:
        hog.fill()
        seen = await loop.ask(commands.TypedScan(COFFEE_SCANNED))
        assert "nothing is to be sold" in seen.refused
        done = await loop.ask(commands.RecordSale(SALE, request))
        assert done == await loop.ask(commands.RecordSale(SALE, request))
    heads = shop.journal.read_blocking(chains.heads)
    assert [1] == [each.tail_seq for each in heads if (each.till, each.lane) == ("pos", "sales")]


async def test_what_can_wait_stops_before_sales_do(shop, hog):
    """New customers and pictures would take the room of the last sales."""
    enrol = commands.Enrol(EnrolRequest(name="Bea", phone="+4930123456"))
    picture = commands.Print(PrintId("019a3333-0000-7000-8000-000000000001"), raw=b"picture")
    async with shop.running() as loop:
        hog.fill(but=MB)
        assert Level.SALES_ONLY == level(shop)
        assert "nobody new" in await refused(loop, enrol)
        assert "only receipts" in await refused(loop, picture)
        await loop.ask(commands.OpenSale(SALE))
        await loop.ask(commands.AddLine(SALE, COFFEE))
        met = await loop.ask(commands.TypedScan(ADA_CARD))
        assert ("customer", SALE) == (met.kind, met.sale_id)
        await loop.ask(commands.AddTender(SALE, CASH))
        await loop.ask(commands.CompleteSale(SALE))
        assert [] == await _met(shop)
        hog.free()
        await loop.ask(commands.TypedScan(ADA_CARD))
        assert 1 == len(await _met(shop))
        await loop.ask(enrol)
        await loop.ask(picture)


async def _met(shop):
    entries = await shop.journal.read(lambda conn: chains.entries(conn, "till-1", "side", 0))
    return [body for _, body in entries if isinstance(body, PartyIdentified)]
