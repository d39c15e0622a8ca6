"""Dual-marked packs and packs past their date, at a till with a journal."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from agent.contracts.devices import ScanFrame
from agent.core.faults import StateFault
from agent.core.identifiers import DeviceId, ItemId
from agent.core.recognition import Item
from agent.till import commands
from agent.till.requests import LineRequest

MS = 1_000_000
EAN = b"]E09521234543213"
LINK = b"]Q1https://id.gs1.org/01/09521234543213/10/ABC/21/S1?17=271231"
EXPIRED = b"]d2010952123454321317260727"
LAST_DAY = b"]d2010952123454321317260728"
BEST_BEFORE = b"]d2010952123454321315260727"
WEIGHED = b"]e00109521234543213" + b"3103000500" + b"39220250"


def scanned(data, at_ms=0, device="counter"):
    """Make the command of a device's frame."""
    return commands.DeviceScan(DeviceId(device), ScanFrame(data=data, mono_ns=at_ms * MS))


def typed(told):
    """Name the events, and what happened to the sale."""
    return [event.data.get("what") or event.type for event in told]


async def lines(loop):
    """Give the lines of the open sale."""
    return (await loop.view()).sale.sale.lines


def barcode(shop, **rules):
    """Change the settings of the shop's codes."""
    changed = replace(shop.settings.barcode, **rules)
    shop.settings = replace(shop.settings, barcode=changed)


@pytest.mark.asyncio
async def test_the_second_symbol_adds_what_it_knows(shop):
    """A pack with EAN and QR would be sold twice, or its lot and date be lost."""
    async with shop.running() as loop:
        first = await loop.ask(scanned(EAN))
        second = await loop.ask(scanned(LINK, 400))
        (line,) = await lines(loop)
        told = await shop.told()
    assert (first.line, first.pack, first.merged) == (1, 1, False)
    assert (second.merged_into, second.pack, second.merged) == (1, 1, True)
    assert (line.lot, line.serial, line.expiry) == ("ABC", "S1", "2027-12-31")
    assert line.scanned == LINK.decode()
    assert (line.extension, line.line) == (999, 1)
    assert typed(told) == ["scan", "opened", "item", "line-added", "scan", "line-changed"]
    assert told[4].data["merged_into"] == 1


@pytest.mark.asyncio
async def test_the_richer_symbol_first_needs_no_change(shop):
    """The line would be rewritten for nothing, or the EAN be a second one."""
    async with shop.running() as loop:
        await loop.ask(scanned(LINK))
        await loop.ask(scanned(EAN, 400))
        (line,) = await lines(loop)
        told = await shop.told()
    assert (line.lot, line.scanned) == ("ABC", LINK.decode())
    assert typed(told)[4:] == ["scan"]


@pytest.mark.asyncio
@pytest.mark.parametrize("between_ms", [1, 300, 1000])
async def test_the_same_symbol_again_is_another_pack(shop, between_ms):
    """The second of two packs would be for nothing."""
    async with shop.running() as loop:
        for n in range(3):
            await loop.ask(scanned(EAN, n * between_ms))
        assert len(await lines(loop)) == 3


@pytest.mark.asyncio
async def test_alternating_symbols_are_as_many_packs(shop):
    """Two dual-marked packs scanned at once would be one, three or four."""
    async with shop.running() as loop:
        for n, symbol in enumerate([EAN, LINK, EAN, LINK.replace(b"S1", b"S2")]):
            await loop.ask(scanned(symbol, n * 150))
        assert [line.serial for line in await lines(loop)] == ["S1", "S2"]


@pytest.mark.asyncio
async def test_pos_software_is_told_one_item(shop):
    """POS software would sell a dual-marked pack twice."""
    async with shop.running(2) as loop:
        await loop.ask(scanned(EAN))
        found = await loop.ask(scanned(LINK, 200))
        told = await shop.told("pos")
    assert typed(told) == ["scan", "item", "scan"]
    assert (found.merged, found.merged_into) == (True, None)
    assert told[2].data["pack"] == told[1].data["pack"] == 1
    assert told[2].data["reading"]["lot"] == "ABC"


@pytest.mark.asyncio
async def test_pos_software_hears_of_what_cannot_be_a_line(shop):
    """An item without a price would vanish between the scanner and POS software."""
    shop.directory.import_items([Item(ItemId("gift"), "Gift", ("standard",), ("09501101530003",))])
    async with shop.running(2) as loop:
        found = await loop.ask(scanned(b"]E09501101530003"))
        told = await shop.told("pos")
    assert "no price" in found.refused
    assert typed(told) == ["scan"]


@pytest.mark.asyncio
async def test_a_price_in_the_second_symbol_is_the_lines_price(shop):
    """The label's own price and weight would be ignored behind the plain EAN."""
    kilogram = Item(ItemId("ham"), "Ham", ("reduced",), ("09521234543213",), unit="kg")
    shop.directory.import_items([replace(kilogram, item_id=ItemId("socks"))])
    async with shop.running() as loop:
        refused = await loop.ask(scanned(EAN))
        sold = await loop.ask(scanned(WEIGHED, 100))
        (line,) = await lines(loop)
    assert refused.refused
    assert (sold.merged, sold.line, sold.merged_into) == (True, 1, None)
    assert (line.quantity, line.extension) == (500, 250)


@pytest.mark.asyncio
async def test_a_measure_in_the_second_symbol_prices_the_line_anew(shop):
    """A pack sold by its EAN would keep the list price although its label says another."""
    async with shop.running() as loop:
        await loop.ask(scanned(EAN))
        await loop.ask(scanned(b"]C10109521234543213" + b"3002" + b"\x1d39220500", 100))
        (line,) = await lines(loop)
    assert (line.quantity, line.extension, line.line) == (2000, 500, 1)


@pytest.mark.asyncio
async def test_a_measure_that_cannot_be_sold_leaves_the_line(shop):
    """One bad label would take a line away that is right."""
    async with shop.running() as loop:
        await loop.ask(scanned(EAN))
        bad = b"]C10109521234543213" + b"30" + b"99999999"
        refused = await loop.ask(scanned(bad, 100))
        (line,) = await lines(loop)
    assert refused.refused
    assert (line.quantity, line.extension) == (1000, 999)


@pytest.mark.asyncio
async def test_a_line_that_went_meanwhile_stays_away(shop):
    """A voided line would come back with the second symbol of its pack."""
    async with shop.running() as loop:
        found = await loop.ask(scanned(EAN))
        await loop.ask(commands.VoidLine(found.sale_id, 1, "wrong"))
        second = await loop.ask(scanned(LINK, 200))
        (line,) = await lines(loop)
    assert (line.voided, line.lot, second.merged) == (True, None, True)


@pytest.mark.asyncio
async def test_an_expired_pack_is_refused_and_says_how_to_go_on(shop):
    """Spoilt goods would be sold, or the cashier stand there without a word."""
    async with shop.running() as loop:
        found = await loop.ask(scanned(EXPIRED))
        assert (await loop.view()).sale is None
        told = await shop.told()
    assert found.expired
    assert "2026-07-27" in found.refused
    assert "2026-07-28" in found.refused
    assert "reason" in found.remedy
    assert "clock" in found.remedy
    assert told[0].data["expired"] is True
    assert told[0].data["reading"]["expiry"] == "2026-07-27"
    assert told[0].data["reading"]["expiry_kind"] == "use_by"


@pytest.mark.asyncio
async def test_on_its_last_day_a_pack_is_good(shop):
    """Good food would be thrown away a day early."""
    async with shop.running() as loop:
        found = await loop.ask(scanned(LAST_DAY))
    assert (found.expired, found.line) == (False, 1)


@pytest.mark.asyncio
async def test_a_reason_sells_an_expired_pack(shop):
    """A till whose clock is years ahead would sell nothing dated any more."""
    async with shop.running() as loop:
        sale = await loop.ask(commands.OpenSale())
        request = LineRequest(scan=EXPIRED.decode())
        with pytest.raises(StateFault) as refused:
            await loop.ask(commands.AddLine(sale.sale.sale_id, request))
        assert refused.value.name == "expired"
        allowed = replace(request, reason="checked by Anna")
        view = await loop.ask(commands.AddLine(sale.sale.sale_id, allowed))
    line = view.sale.lines[0]
    assert (line.reason, line.expiry) == ("checked by Anna", "2026-07-27")


@pytest.mark.asyncio
async def test_an_expired_pack_comes_back(shop):
    """A customer who brings spoilt goods back would not get the money."""
    async with shop.running() as loop:
        await loop.ask(commands.SignOn("anna"))
        sale = await loop.ask(commands.OpenSale())
        request = LineRequest(scan=EXPIRED.decode(), quantity=-1000, reason="mouldy")
        view = await loop.ask(commands.AddLine(sale.sale.sale_id, request))
    assert view.totals.total == -999


@pytest.mark.asyncio
async def test_a_warning_sells_and_tells(shop):
    """A shop that only wants to be told would have to explain itself with every pack."""
    barcode(shop, expired="warn")
    async with shop.running() as loop:
        found = await loop.ask(scanned(EXPIRED))
        told = await shop.told()
    assert (found.line, found.expired, found.refused) == (1, True, None)
    item = next(event.data for event in told if event.type == "item")
    assert item["expired"] is True


@pytest.mark.asyncio
@pytest.mark.parametrize(("rule", "sells"), [("warn", True), ("refuse", False)])
async def test_best_before_is_the_shops_own_choice(shop, rule, sells):
    """Food that may be sold would be refused by itself, or a strict shop could not forbid it."""
    barcode(shop, best_before=rule)
    async with shop.running() as loop:
        found = await loop.ask(scanned(BEST_BEFORE))
    assert (found.best_before_passed, found.expired) == (True, False)
    assert sells == (found.refused is None)


@pytest.mark.asyncio
async def test_the_symbol_with_the_date_takes_the_line_out(shop):
    """A pack scanned by its EAN first would be sold although its other symbol forbids it."""
    async with shop.running() as loop:
        await loop.ask(scanned(EAN))
        found = await loop.ask(scanned(EXPIRED, 300))
        (line,) = await lines(loop)
        again = await loop.ask(scanned(b"]Q1https://a/01/09521234543213/10/ABC", 600))
    assert (found.refused is not None, found.merged_into) == (True, 1)
    assert line.voided
    assert "2026-07-27" in line.reason
    assert (again.refused is not None, again.pack) == (True, 1)


@pytest.mark.asyncio
async def test_a_line_that_cannot_be_voided_is_told(shop):
    """An expired pack would stay in the basket without a word."""
    async with shop.running() as loop:
        found = await loop.ask(scanned(EAN))
        await loop.ask(commands.DiscountSale(found.sale_id, 500, "regular"))
        refused = await loop.ask(scanned(EXPIRED, 300))
    assert refused.expired
    assert "discount" in refused.refused


@pytest.mark.asyncio
async def test_a_refused_pack_is_not_sold_by_its_other_symbol(shop):
    """The EAN of an expired pack would sell it right after the refusal."""
    async with shop.running() as loop:
        await loop.ask(scanned(EXPIRED))
        found = await loop.ask(scanned(EAN, 300))
        assert (await loop.view()).sale is None
    assert found.expired
    assert found.refused


@pytest.mark.asyncio
async def test_pos_software_decides_itself_what_it_sells(shop):
    """POS software would not hear of a pack that it may sell."""
    async with shop.running(2) as loop:
        await loop.ask(scanned(EXPIRED))
        told = await shop.told("pos")
    assert typed(told) == ["scan", "item"]
    assert told[1].data["expired"] is True


@pytest.mark.asyncio
async def test_a_scan_is_told_with_its_bytes(shop):
    """A lost FNC1 could not be found out afterwards: no one would know what the scanner sent."""
    raw = b"]C1010952123454321310A\x1d21\x42"
    async with shop.running() as loop:
        await loop.ask(scanned(raw))
        await loop.ask(scanned(b"caf\xe9", 2000))
        told = [event.data for event in await shop.told() if event.type == "scan"]
    assert told[0]["raw"].encode("latin-1") == raw
    assert told[0]["aim"] == "]C1"
    assert told[0]["reading"]["symbology"] == "gs1-128"
    assert told[0]["reading"]["lot"] == "A"
    assert told[1]["raw"].encode("latin-1") == b"caf\xe9"


@pytest.mark.asyncio
async def test_a_customers_code_is_told_to_nobody(shop):
    """Whoever reads the events could make the customer's card."""
    async with shop.running() as loop:
        await loop.ask(scanned(b"LC1PB1X9SFPE"))
        (told,) = [event.data for event in await shop.told() if event.type == "scan"]
    assert told["raw"] is None
    assert "0041061059" not in str(told)
