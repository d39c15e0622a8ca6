"""Labels that carry a price or a weight, and what a request may say beside them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from msgspec.structs import replace

from agent.core.faults import InputFault
from agent.core.identifiers import ItemId, SaleId
from agent.core.quantities import Minor
from agent.core.recognition import Item, Price
from agent.core.sale import SaleFault
from agent.till import commands
from agent.till.requests import LineRequest

SALE = SaleId("019a2222-0000-7000-8000-000000000001")
GOUDA_310 = "]E02112345003108"
GOUDA_000 = "]E02112345000008"
BREAD_250 = "]E02154321002507"
APPLES_345 = "]E02212345003457"
APPLES_000 = "]E02212345000005"
BREAD = Item(ItemId("bread"), "Bread", ("reduced",), (), "2154321", "each", (Price(Minor(300)),))
APPLES = Item(ItemId("apples"), "Apples", ("reduced",), (), "2212345", "kg", (Price(Minor(333)),))


async def line_of(shop, **request):
    """Add one line to a new sale, and show what became of it."""
    shop.directory.import_items([BREAD, APPLES])
    async with shop.running() as loop:
        await loop.ask(commands.SignOn("anna"))
        await loop.ask(commands.OpenSale(SALE))
        view = await loop.ask(commands.AddLine(SALE, LineRequest(**request)))
    line = view.sale.lines[0]
    return (line.quantity, line.unit_price, line.extension, line.list_price)


@pytest.mark.asyncio
async def test_another_price_is_for_the_weight_on_the_label(shop):
    """A quarter of cheese at a special price would be charged as a whole kilogram."""
    seen = await line_of(shop, scan=GOUDA_310, unit_price=1000, reason="end of day")
    weight = round(Fraction(310 * 1000, 1250))
    assert seen == (weight, 1000, round(Fraction(1000 * weight, 1000)), 1250)


@pytest.mark.asyncio
async def test_a_label_is_one_also_where_the_request_says_one(shop):
    """POS software that always sends a quantity would sell a kilogram instead of the label's."""
    assert await line_of(shop, scan=GOUDA_310, quantity=1000) == (248, 1250, 310, None)


@pytest.mark.asyncio
async def test_a_weight_on_the_label_is_one_too(shop):
    """Apples weighed at the shelf would cost a kilogram."""
    assert await line_of(shop, scan=APPLES_345, quantity=1000) == (345, 333, 115, None)


@pytest.mark.asyncio
async def test_a_label_comes_back_as_what_it_says(shop):
    """The customer would get the price of a kilogram back for a third of one."""
    seen = await line_of(shop, scan=APPLES_345, quantity=-1000, reason="brown")
    assert seen == (-345, 333, -115, None)


@pytest.mark.asyncio
async def test_a_told_weight_goes_before_the_label(shop):
    """A cashier who weighs again would charge the old price for the new weight."""
    assert await line_of(shop, scan=GOUDA_310, quantity=2000) == (2000, 1250, 2500, None)


@pytest.mark.asyncio
async def test_two_labelled_pieces_cost_twice_the_label(shop):
    """The second loaf would be for nothing."""
    assert await line_of(shop, scan=BREAD_250, quantity=2000) == (2000, 250, 500, None)


@pytest.mark.asyncio
async def test_another_price_for_a_labelled_piece_is_another_than_the_label_says(shop):
    """The list price on the receipt would be one that nobody saw."""
    seen = await line_of(shop, scan=BREAD_250, unit_price=200, reason="damaged")
    assert seen == (1000, 200, 200, 250)


@pytest.mark.asyncio
@pytest.mark.parametrize("label", [GOUDA_000, APPLES_000])
async def test_a_label_of_nothing_says_no_weight(shop, label):
    """Goods would be given away where the scale printed zeros."""
    with pytest.raises(InputFault) as refused:
        await line_of(shop, scan=label)
    assert refused.value.name == "weight-missing"


@pytest.mark.asyncio
async def test_a_number_of_pieces_on_the_label_is_sold(shop):
    """A bag of seven rolls would cost one."""
    changed = replace(shop.settings.barcode, in_store=("21IIIIINNNNNC",))
    shop.settings = replace(shop.settings, barcode=changed)
    assert await line_of(shop, scan="]E02154321000077") == (7000, 300, 2100, None)


@pytest.mark.asyncio
async def test_nothing_of_an_open_price_line_is_not_one(shop):
    """A quantity of 0 would be sold as one piece."""
    with pytest.raises(SaleFault) as refused:
        await line_of(shop, name="Gift", unit_price=100, taxes=("standard",), quantity=0)
    assert refused.value.name == "zero-quantity"


@pytest.mark.asyncio
async def test_who_signs_on_after_the_first_scan_may_take_goods_back(shop):
    """The till would ask for a sign-on that has happened, without end."""
    async with shop.running() as loop:
        await loop.ask(commands.OpenSale(SALE))
        await loop.ask(commands.SignOn("anna"))
        for request in (
            LineRequest(item_id="coffee", quantity=-1000, reason="stale"),
            LineRequest(name="Cup", unit_price=1, taxes=(), quantity=-1000, reason="chipped"),
        ):
            view = await loop.ask(commands.AddLine(SALE, request))
            assert view.sale.lines[-1].actor == "anna"
