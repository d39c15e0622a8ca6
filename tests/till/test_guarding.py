"""Card numbers at a till: refused where a person writes, masked where a sale has happened."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from agent.contracts.devices import ScanFrame
from agent.core.card_numbers import CardNumberGiven, CardNumbersMasked
from agent.core.faults import InputFault
from agent.core.identifiers import ActorId, DeviceId, SaleId
from agent.core.quantities import Minor
from agent.journal import chains
from agent.till import commands
from agent.till.guarding import ContactWritten
from agent.till.requests import (
    EnrolRequest,
    ExternalLine,
    ExternalSale,
    LineRequest,
    TenderRequest,
)

VISA = "4111 1111 1111 1111"
DIGITS = VISA.replace(" ", "")
STRIPE = f";{DIGITS}=25121010000?"
SALE = SaleId("019a3333-0000-7000-8000-000000000001")
SOCKS_GTIN = "09521234543213"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "written",
    [
        commands.AddLine(SALE, LineRequest(name=f"Refund {VISA}", unit_price=Minor(100))),
        commands.AddLine(SALE, LineRequest(scan=STRIPE)),
        commands.VoidLine(SALE, 1, VISA),
        commands.PriceLine(SALE, 1, Minor(5), VISA),
        commands.DiscountLine(SALE, 1, Minor(5), VISA),
        commands.DiscountSale(SALE, Minor(5), f"card {DIGITS}"),
        commands.CancelSale(SALE, VISA),
        commands.AddTender(SALE, TenderRequest(kind="card", amount=Minor(999), reference=VISA)),
        commands.MoveCash(Minor(100), f"paid back to {VISA}"),
        commands.SignOn(ActorId(DIGITS)),
        commands.Enrol(EnrolRequest(name=f"Ada {VISA}")),
        commands.Enrol(EnrolRequest(name="Ada", card=STRIPE)),
    ],
    ids=[
        "name of a line",
        "scan of a line",
        "void",
        "price",
        "discount",
        "discount of the sale",
        "cancel",
        "tender",
        "cash",
        "actor",
        "name of a person",
        "card of a person",
    ],
)
async def test_a_card_number_is_refused_wherever_a_person_writes(shop, written):
    """A payment card's number would stand in journal, print jobs and at HQ for years (P9)."""
    async with shop.running() as loop:
        with pytest.raises(CardNumberGiven) as refused:
            await loop.ask(written)
    assert ("card-number", 400) == (refused.value.name, refused.value.status)
    assert DIGITS not in f"{refused.value} {refused.value.remedy}".replace(" ", "")
    assert not _on_disk(shop, DIGITS, VISA)


ADA = "ask ada@example.com"
CALL = "call 0171 555 01 99"


@pytest.mark.asyncio
@pytest.mark.parametrize("said", [ADA, CALL])
@pytest.mark.parametrize(
    "written",
    [
        lambda said: commands.AddLine(SALE, LineRequest(name=said, unit_price=Minor(100))),
        lambda said: commands.AddLine(SALE, LineRequest(gtin=SOCKS_GTIN, reason=said)),
        lambda said: commands.VoidLine(SALE, 1, said),
        lambda said: commands.PriceLine(SALE, 1, Minor(5), said),
        lambda said: commands.DiscountLine(SALE, 1, Minor(5), said),
        lambda said: commands.DiscountSale(SALE, Minor(5), said),
        lambda said: commands.CancelSale(SALE, said),
        lambda said: commands.MoveCash(Minor(100), said),
    ],
    ids=["line", "line's reason", "void", "price", "discount", "of the sale", "cancel", "cash"],
)
async def test_how_to_reach_somebody_is_refused_in_what_nobody_may_erase(shop, written, said):
    """A customer's number would stand in the books for years after they were erased (P9)."""
    async with shop.running() as loop:
        with pytest.raises(ContactWritten) as refused:
            await loop.ask(written(said))
    assert ("contact-written", 400) == (refused.value.name, refused.value.status)
    assert "note about the customer" in refused.value.remedy
    assert said.rpartition(" ")[2] not in f"{refused.value}"
    assert not _on_disk(shop, said)


@pytest.mark.asyncio
async def test_how_to_reach_somebody_is_hidden_in_a_sale_that_has_happened(shop):
    """POS software would write its customers' numbers into the books, or lose a sale (P6, P9)."""
    line = ExternalLine(
        name=f"Repair, {CALL}", quantity=1000, unit_price=999, taxes=("standard",), reason=ADA
    )
    cash = (TenderRequest(kind="cash", amount=Minor(999), reference="0171555019"),)
    told = ExternalSale(
        lines=(line,), tenders=cash, discount_reason=ADA, external_receipt_no="0171555019"
    )
    async with shop.running(2) as loop:
        done = await loop.ask(commands.RecordSale(SALE, told))
        again = await loop.ask(commands.RecordSale(SALE, told))
        kept = (await loop.sale(SALE)).sale
    assert ("Repair, call ***", "ask ***") == (kept.lines[0].name, kept.lines[0].reason)
    paths = ["discount_reason", "lines[0].name", "lines[0].reason"]
    assert paths == [each.field for each in done.left_out]
    assert done.receipt_no == again.receipt_no
    assert not _on_disk(shop, ADA, CALL)


@pytest.mark.asyncio
async def test_a_number_keyed_for_goods_is_not_kept_with_their_line(shop):
    """A phone number typed into the scan field would stay in the books with an open price."""
    keyed = "0171 5550199"
    request = LineRequest(scan=keyed, name="Import", unit_price=Minor(5), taxes=("standard",))
    async with shop.running() as loop:
        sale = (await loop.ask(commands.OpenSale())).sale.sale_id
        with suppress(InputFault):
            await loop.ask(commands.AddLine(sale, request))
    assert not _on_disk(shop, keyed)


@pytest.mark.asyncio
async def test_a_gtin_is_never_refused(shop):
    """An article that begins like a card and passes Luhn could not be sold."""
    luhn_gtin = "36000000123537"
    async with shop.running() as loop:
        sale = (await loop.ask(commands.OpenSale())).sale.sale_id
        request = LineRequest(gtin=luhn_gtin, name="Import", unit_price=Minor(5), taxes=())
        await loop.ask(commands.AddLine(sale, request))
        request = LineRequest(scan=luhn_gtin, name=luhn_gtin, unit_price=Minor(5), taxes=())
        view = await loop.ask(commands.AddLine(sale, request))
    assert [luhn_gtin, luhn_gtin] == [line.gtin for line in view.sale.lines]
    assert luhn_gtin == view.sale.lines[-1].name


@pytest.mark.asyncio
@pytest.mark.parametrize("text", [STRIPE, f"%B{DIGITS}^BYRON/ADA^25121010000?"])
async def test_a_swiped_bank_card_leaves_no_number_in_the_events(shop, text):
    """A stripe reader among the scanners would fill the journal with card numbers."""
    frame = ScanFrame(text.encode(), 0)
    async with shop.running() as loop:
        await loop.ask(commands.DeviceScan(DeviceId("counter"), frame))
        await loop.ask(commands.TypedScan(text))
    told = [event.data for event in await shop.told() if event.type == "scan"]
    assert 2 == len(told)
    assert [True, False] == ["****1111" in str(data) for data in told]
    assert not _on_disk(shop, DIGITS)


@pytest.mark.asyncio
async def test_a_card_number_typed_as_a_scan_is_not_kept_and_a_scanned_code_is(shop):
    """A number read off a bank card would be kept; or POS software lose the codes of its own."""
    async with shop.running() as loop:
        await loop.ask(commands.TypedScan(DIGITS))
        assert not _on_disk(shop, DIGITS)
        await loop.ask(commands.DeviceScan(DeviceId("counter"), ScanFrame(DIGITS.encode(), 0)))
    typed, scanned = [event.data["text"] for event in await shop.told() if event.type == "scan"]
    assert (None, DIGITS) == (typed, scanned)


@pytest.mark.asyncio
async def test_a_finished_sale_is_kept_without_its_card_numbers(shop):
    """The sale would be lost over a cashier's note, or the note with the number kept."""
    line = ExternalLine(name=f"Gift {VISA}", quantity=1000, unit_price=999, taxes=("standard",))
    goods = ExternalLine(
        name="Socks", quantity=1000, unit_price=999, taxes=("standard",), gtin=SOCKS_GTIN
    )
    paid = TenderRequest(kind=f"c{DIGITS}", amount=1998, reference=VISA, tender_id=DIGITS)
    request = ExternalSale(
        lines=(line, goods), tenders=(paid,), external_receipt_no=DIGITS, total=1998
    )
    async with shop.running(2) as loop:
        first = await loop.ask(commands.RecordSale(SALE, request))
        assert first == await loop.ask(commands.RecordSale(SALE, request))
        sale = (await loop.sale(SALE)).sale
        bodies = await shop.journal.read(_side_bodies)
    assert ["Gift ****1111", "Socks"] == [line.name for line in sale.lines]
    assert ("cxxxx1111", "****1111") == (sale.tenders[0].kind, sale.tenders[0].reference)
    assert DIGITS == sale.external_receipt_no
    (fact,) = [body for body in bodies if isinstance(body, CardNumbersMasked)]
    found = [(each.path, each.shown, each.scheme) for each in fact.findings]
    assert sorted(found) == [
        ("lines[0].name", "1111", "Visa"),
        ("tenders[0].kind", "1111", "Visa"),
        ("tenders[0].reference", "1111", "Visa"),
    ]
    assert (SALE, "pos") == (fact.sale_id, fact.till)


def _side_bodies(conn):
    rows = conn.execute(
        "SELECT j.id, c.seq FROM chain c JOIN journal j ON j.no = c.journal ORDER BY 1, 2"
    ).fetchall()
    return [chains.body_at(conn, *row) for row in rows]


def _on_disk(shop, *texts):
    files = [file for file in shop.folder.iterdir() if file.is_file()]
    content = b"".join(file.read_bytes() for file in files)
    return any(text.encode() in content for text in texts)


def test_the_journal_is_searched(shop):
    """The search for numbers on the disk would find nothing, whatever is there."""
    asyncio.run(shop.journal.write(lambda conn: conn.execute("SELECT 1").fetchall()))
    assert _on_disk(shop, "CREATE TABLE")
