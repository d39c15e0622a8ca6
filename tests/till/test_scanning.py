"""Scans at the till: what they are, what follows, and that none is silent."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from agent.contracts.devices import ScanFrame
from agent.core.entries.bodies import PartyIdentified
from agent.core.identifiers import DeviceId, TillId
from agent.core.quantities import Minor
from agent.journal import chains
from agent.till import commands
from agent.till.requests import TenderRequest

COUNTER = DeviceId("counter")
COFFEE = b"]E04006381333931"
ADA_CARD = b"LC1PB1X9SFPE"
ADA = "019a0000-0000-7000-8000-00000000ada0"


def scanned(data, noise=None):
    """Make the command of a device's frame."""
    return commands.DeviceScan(COUNTER, ScanFrame(data=data, mono_ns=0, noise=noise))


def of_type(told, kind):
    """Pick the data of events of one type."""
    return [event.data for event in told if event.type == kind]


@pytest.mark.asyncio
async def test_an_item_opens_a_sale_and_becomes_a_line(shop):
    """A cashier would have to press a key before the first scan."""
    async with shop.running() as loop:
        found = await loop.ask(scanned(COFFEE))
        assert (found.kind, found.line) == ("item", 1)
        view = (await loop.view()).sale
        assert view.sale.lines[0].gtin == "04006381333931"
        assert view.sale.lines[0].scanned == "]E04006381333931"
        assert view.totals.total == 499
        told = await shop.told()
    assert [event.type for event in told] == ["scan", "sale", "item", "sale"]
    assert told[0].data["device"] == "counter"
    assert told[0].data["text"] == "4006381333931"
    assert told[0].data["aim"] == "]E0"
    assert told[0].data["item_id"] == "coffee"


@pytest.mark.asyncio
async def test_price_and_weight_of_a_label_are_what_is_paid(shop):
    """Cheese from the scale would be sold at the price of a kilogram."""
    async with shop.running() as loop:
        await loop.ask(scanned(b"]E02112345003108"))
        line = (await loop.view()).sale.sale.lines[0]
    assert (line.name, line.extension, line.quantity, line.unit) == ("Gouda", 310, 248, "kg")


@pytest.mark.asyncio
async def test_a_digital_link_is_the_item_it_names(shop):
    """The QR code on a product would be taken for a web address."""
    async with shop.running() as loop:
        link = b"]Q1https://id.gs1.org/01/09521234543213/10/ABC?17=271231"
        found = await loop.ask(scanned(link))
        assert found.kind == "item"
        line = (await loop.view()).sale.sale.lines[0]
    assert (line.item_id, line.lot, line.expiry) == ("socks", "ABC", "2027-12-31")


@pytest.mark.asyncio
async def test_a_customer_waits_for_the_sale(shop):
    """A card shown before the first item would be forgotten."""
    async with shop.running() as loop:
        found = await loop.ask(scanned(ADA_CARD))
        assert (found.kind, found.answer, found.party_id) == ("customer", "found", ADA)
        assert (await loop.view()).party_id == ADA
        assert (await loop.party(ADA)).card.name == "Ada Example"
        await loop.ask(scanned(COFFEE))
        sale = (await loop.view()).sale.sale
        assert sale.party_id == ADA
        assert len(sale.customer_ref) == 32
        told = await shop.told()
        facts = await shop.journal.read(
            lambda conn: chains.entries(conn, TillId("till-1"), "side", 0)
        )
    assert [type(body) for _, body in facts] == [PartyIdentified]
    assert [data["party_id"] for data in of_type(told, "customer")] == [ADA, ADA]
    assert of_type(told, "scan")[0]["text"] == "…SFPE"


@pytest.mark.asyncio
async def test_the_waiting_customer_can_be_sent_away(shop):
    """The next customer's goods would land in the history of the one before."""
    async with shop.running() as loop:
        await loop.ask(scanned(ADA_CARD))
        await loop.ask(commands.ForgetCustomer())
        await loop.ask(scanned(COFFEE))
        assert (await loop.view()).sale.sale.party_id is None
        assert of_type(await shop.told(), "customer")[-1]["answer"] == "none"


@pytest.mark.asyncio
async def test_each_sale_of_a_customer_has_its_own_pseudonym(shop):
    """Two sales in the fiscal journal could be tied to one person by anybody."""
    async with shop.running() as loop:
        refs = []
        for _ in range(2):
            await loop.ask(scanned(ADA_CARD))
            found = await loop.ask(scanned(COFFEE))
            refs.append((await loop.view()).sale.sale.customer_ref)
            tender = TenderRequest(kind="cash", amount=Minor(499))
            await loop.ask(commands.AddTender(found.sale_id, tender))
            await loop.ask(commands.CompleteSale(found.sale_id))
    assert refs[0] != refs[1]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"]E04006381333932", "expected 1"),
        (b"]E09521000000056", "no item is listed"),
        (b"hello", "nothing here has such a code"),
        (bytes(range(128, 160)), "noise"),
        (b"x" * 9000, "bytes came without an end"),
    ],
)
async def test_what_is_not_known_says_why(shop, data, reason):
    """A cashier would scan the same code again and again without a word from the till."""
    async with shop.running() as loop:
        found = await loop.ask(scanned(data))
        assert found.kind == "unknown"
        told = of_type(await shop.told(), "scan")[0]
        assert (await loop.view()).sale is None
    assert told["kind"] == "unknown"
    assert reason in " ".join(told["why"])


@pytest.mark.asyncio
async def test_noise_on_the_line_is_told(shop):
    """A scanner set to the wrong speed would look like one that is not used."""
    async with shop.running() as loop:
        loop.offer_scan(COUNTER, ScanFrame(data=b"\xff" * 500, mono_ns=0, noise="too long"))
        await loop.ask(commands.TypedScan("x"))
        told = of_type(await shop.told(), "scan")[0]
        assert loop.scans == {"noise": 1}
    assert (told["kind"], told["why"]) == ("noise", ["too long"])
    assert "baud" in told["remedy"]
    assert len(told["text"]) == 64


@pytest.mark.asyncio
async def test_an_order_names_its_customer_and_a_receipt_its_sale(shop):
    """The code on a parcel slip or an old receipt would lead nowhere."""
    async with shop.running() as loop:
        found = await loop.ask(scanned(COFFEE))
        tender = TenderRequest(kind="card", amount=Minor(499))
        await loop.ask(commands.AddTender(found.sale_id, tender))
        done = await loop.ask(commands.CompleteSale(found.sale_id))
        receipt = await loop.ask(scanned(done.receipt_no.encode()))
        assert (receipt.kind, receipt.sale_id) == ("receipt", found.sale_id)
        order = await loop.ask(scanned(b"WEB-9999"))
        assert (order.kind, order.party_id) == ("order", None)


@pytest.mark.asyncio
async def test_nobody_sells_before_signing_on_where_that_is_asked(shop):
    """Sales of unknown cashiers would be made where the chain forbids it."""
    strict = replace(shop.settings.tills[0], require_sign_on=True)
    shop.settings = replace(shop.settings, tills=(strict, *shop.settings.tills[1:]))
    async with shop.running() as loop:
        refused = await loop.ask(scanned(COFFEE))
        assert "signed on" in refused.refused
        assert refused.remedy
        assert of_type(await shop.told(), "scan")[0]["refused"]
        await loop.ask(commands.SignOn("eva"))
        assert (await loop.ask(scanned(COFFEE))).line == 1
        assert (await loop.view()).sale.sale.actor == "eva"


@pytest.mark.asyncio
async def test_external_software_is_told_and_nothing_else_happens(shop):
    """A till whose POS keeps the basket would get a second one."""
    async with shop.running(2) as loop:
        found = await loop.ask(scanned(b"]E02112345003108"))
        assert (found.kind, found.sale_id) == ("item", None)
        await loop.ask(scanned(ADA_CARD))
        assert (await loop.view()).sale is None
        told = await shop.told("pos")
    assert [event.type for event in told] == ["scan", "item", "scan", "customer"]
    assert told[1].data["extension"] == 310
    assert told[1].data["sale_id"] is None


@pytest.mark.asyncio
async def test_a_full_inbox_refuses_at_once(shop):
    """A stuck till would swallow scans for minutes and then sell them all."""
    async with shop.running() as loop:
        stuck = loop
        loop_size = 256
        for _ in range(loop_size + 10):
            stuck.offer_scan(COUNTER, ScanFrame(data=b"x", mono_ns=0))
        assert stuck.refused == 10
        assert stuck.waiting == loop_size


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "typed", ["Ada Byron", "Byron, 10115", "ada@exmple", "0170 123456", "015112345678"]
)
async def test_what_a_cashier_typed_of_a_person_stands_in_no_event(shop, typed):
    """A name, or a number with a slip, would be read in the journal for weeks (P9)."""
    async with shop.running() as loop:
        found = await loop.ask(commands.TypedScan(typed))
    assert found.party_id is None
    [event] = [each for each in await shop.told() if each.type == "scan"]
    assert typed not in str(event.data)
