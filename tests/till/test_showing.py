from __future__ import annotations

import asyncio

import msgspec
import pytest

from agent.core.faults import StateFault
from agent.till.commands import (
    AddLine,
    AddTender,
    CompleteSale,
    OpenSale,
    SetCustomer,
    TypedScan,
    VoidLine,
)
from agent.till.requests import LineRequest, TenderRequest
from tests.till.conftest import ADA, ADA_CARD, Shop, till

WELCOME = ("      Welcome", "    Corner Shop")


class Pole:
    """A line display, played: it keeps what it was told to show."""

    has_scale = False
    display_columns = 20
    display_rows = 2

    def __init__(self):
        self.lines = ()
        self.fails = False

    def show(self, lines):
        if self.fails:
            raise RuntimeError("a bug")
        self.lines = lines

    async def weigh(self, within_s):
        raise AssertionError(within_s)


@pytest.fixture
def pole():
    return Pole()


@pytest.fixture
def shown_shop(tmp_path):
    made = Shop(tmp_path, till(display="pole"))
    yield made
    made.close()


async def sold(loop, item="coffee", quantity=None):
    opened = loop.desk.open_sale() or (await loop.ask(OpenSale())).sale
    request = LineRequest(item_id=item, quantity=quantity)
    return (await loop.ask(AddLine(opened.sale_id, request))).sale


async def paid(loop, sale_id, amount, kind="cash"):
    await loop.ask(AddTender(sale_id, TenderRequest(kind=kind, amount=amount)))


async def settled(loop):
    """Let the loop turn once more: the display is refreshed after the answer."""
    await loop.ask(TypedScan("]E00000000000000"))
    await asyncio.sleep(0)


@pytest.mark.asyncio
async def test_a_sale_from_welcome_to_change_and_back(shown_shop, pole):
    """A customer could not follow the sale, or would see the sale of the one before."""
    async with shown_shop.running() as loop:
        loop.desk.peripherals = pole
        await settled(loop)
        assert WELCOME == pole.lines
        sale = await sold(loop)
        await settled(loop)
        assert ("Coffee 250 g    4.99", "Total          €4.99") == pole.lines
        await sold(loop, "cheese", 400)
        await settled(loop)
        assert ("Gouda           5.00", "Total          €9.99") == pole.lines
        await loop.ask(VoidLine(sale.sale_id, 2, "wrong"))
        await settled(loop)
        assert ("Coffee 250 g    4.99", "Total          €4.99") == pole.lines
        await paid(loop, sale.sale_id, 200)
        await settled(loop)
        assert ("Coffee 250 g    4.99", "To pay         €2.99") == pole.lines
        await paid(loop, sale.sale_id, 1000)
        await loop.ask(CompleteSale(sale.sale_id))
        await settled(loop)
        assert ("Given         €12.00", "Change         €7.01") == pole.lines
        shown_shop.clock.seconds += 61
        await settled(loop)
        assert WELCOME == pole.lines


@pytest.mark.asyncio
async def test_lines_of_pos_software_stand_until_the_till_has_something_to_say(tmp_path, pole):
    """POS software could show nothing, or its lines would be wiped at once."""
    shop = Shop(tmp_path, till(display="pole", basket="external"))
    async with shop.running() as loop:
        with pytest.raises(StateFault) as caught:
            loop.display(("Tea",))
        assert "no-display" == caught.value.name
        loop.desk.peripherals = pole
        await settled(loop)
        assert WELCOME == pole.lines
        loop.display(("Tea", "2.50"))
        await settled(loop)
        assert ("Tea", "2.50") == pole.lines
    shop.close()


@pytest.mark.asyncio
async def test_own_lines_are_overwritten_by_the_basket(shown_shop, pole):
    """An advertisement would hide what is charged."""
    async with shown_shop.running() as loop:
        loop.desk.peripherals = pole
        await settled(loop)
        loop.display(("Try our", "strawberries"))
        await settled(loop)
        assert ("Try our", "strawberries") == pole.lines
        await sold(loop)
        await settled(loop)
        assert "Coffee 250 g    4.99" == pole.lines[0]


@pytest.mark.asyncio
async def test_a_display_that_was_replaced_shows_what_there_is(shown_shop, pole):
    """A new display would stay dark until the next line."""
    async with shown_shop.running() as loop:
        loop.desk.peripherals = pole
        await sold(loop)
        await settled(loop)
        loop.desk.peripherals = other = Pole()
        await settled(loop)
        assert pole.lines == other.lines


@pytest.mark.asyncio
async def test_a_display_that_fails_keeps_no_till_from_selling(shown_shop, pole):
    """A mistake about a display would stop the till."""
    async with shown_shop.running() as loop:
        pole.fails = True
        loop.desk.peripherals = pole
        sale = await sold(loop)
        assert 1 == len(sale.lines)


@pytest.mark.asyncio
async def test_the_customer_view_knows_goods_and_no_person(shown_shop):
    """A name, an e-mail address or an id of a customer would be read by the whole queue."""
    async with shown_shop.running() as loop:
        assert "idle" == loop.customer_view().state
        await loop.ask(TypedScan(f"]C0{ADA_CARD}"))
        sale = await sold(loop, "cheese", 400)
        await loop.ask(SetCustomer(sale.sale_id, ADA))
        view = loop.customer_view()
        assert ("selling", 500, None) == (view.state, view.total, view.due)
        assert ("Gouda", 400, "kg", 1250, 500) == msgspec.structs.astuple(view.lines[0])
        await paid(loop, sale.sale_id, 100)
        assert 400 == loop.customer_view().due
        await paid(loop, sale.sale_id, 400, "card")
        await loop.ask(CompleteSale(sale.sale_id))
        view = loop.customer_view()
        assert ("paid", 500, 500, 0) == (view.state, view.total, view.given, view.change)
        told = msgspec.json.encode(view).decode() + str(loop.desk.ended)
        for secret in ("Ada", "gold", ADA, ADA_CARD, ADA_CARD[-4:]):
            assert secret not in told
