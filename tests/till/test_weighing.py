from __future__ import annotations

import asyncio

import pytest

from agent.contracts.devices import DeviceFault, WeightReading, WeightState
from agent.core.faults import StateFault
from agent.till.commands import AddLine, OpenSale, TypedScan
from agent.till.requests import LineRequest
from tests.till.conftest import Shop, till

GOUDA_BY_LABEL = "]E02112345005003"


class Beside:
    """The scale and the display beside a till, played."""

    has_scale = True
    display_columns = None
    display_rows = 0

    def __init__(self, *weights):
        self.weights = list(weights)
        self.asked = []

    def show(self, lines):
        raise AssertionError(lines)

    async def weigh(self, within_s):
        self.asked.append(within_s)
        weight = self.weights.pop(0)
        if isinstance(weight, Exception):
            raise weight
        return WeightReading(WeightState.STABLE, 1, weight)


@pytest.fixture
def weigh_shop(tmp_path):
    made = Shop(tmp_path, till(scale="scale"))
    yield made
    made.close()


async def sell(loop, **request):
    opened = loop.desk.open_sale() or (await loop.ask(OpenSale())).sale
    return await loop.ask(AddLine(opened.sale_id, LineRequest(**request)))


@pytest.mark.asyncio
async def test_a_typed_item_takes_the_weight_that_lies_on_the_scale(weigh_shop):
    """A cashier would have to copy the weight from the scale by hand."""
    async with weigh_shop.running() as loop:
        loop.desk.peripherals = beside = Beside(345, 700)
        view = await sell(loop, item_id="cheese")
        assert (345, 431) == (view.sale.lines[0].quantity, view.sale.lines[0].extension)
        view = await sell(loop, item_id="cheese")
        assert [345, 700] == [line.quantity for line in view.sale.lines]
        assert 2 == len(beside.asked)
        assert max(beside.asked) <= 2


@pytest.mark.asyncio
async def test_a_told_quantity_wins_over_the_scale(weigh_shop):
    """A weight that was typed because the scale is wrong would be ignored."""
    async with weigh_shop.running() as loop:
        loop.desk.peripherals = beside = Beside()
        view = await sell(loop, item_id="cheese", quantity=250)
        assert 250 == view.sale.lines[0].quantity
        assert [] == beside.asked


@pytest.mark.asyncio
async def test_a_weight_in_the_code_and_pieces_are_not_weighed(weigh_shop):
    """A labelled pack would be sold by what happens to lie on the scale."""
    async with weigh_shop.running() as loop:
        loop.desk.peripherals = beside = Beside()
        await sell(loop, item_id="coffee")
        found = await loop.ask(TypedScan(GOUDA_BY_LABEL))
        assert found.refused is None
        assert [] == beside.asked
        assert [1000, 400] == [line.quantity for line in loop.desk.open_sale().lines]


@pytest.mark.asyncio
async def test_an_open_priced_item_by_weight_is_weighed(weigh_shop):
    """Unlisted fruit would be sold as a kilogram, whatever it weighs."""
    async with weigh_shop.running() as loop:
        loop.desk.peripherals = Beside(820)
        view = await sell(loop, name="Plums", unit="kg", unit_price=300, taxes=("reduced",))
        assert (820, 246) == (view.sale.lines[0].quantity, view.sale.lines[0].extension)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "fault",
    [
        StateFault("nothing lies on scale scale", remedy="put the goods on", name="no-weight"),
        StateFault("it swings", remedy="let go", name="unstable-weight"),
        DeviceFault("it is away", remedy="check its cable", name="scale-not-ready"),
    ],
)
async def test_without_a_weight_nothing_is_sold_and_the_cashier_told_why(weigh_shop, fault):
    """Nothing, or a swinging load, would be sold, or the line vanish without a word."""
    async with weigh_shop.running() as loop:
        loop.desk.peripherals = Beside(fault, fault)
        with pytest.raises(type(fault)) as caught:
            await sell(loop, item_id="cheese")
        assert (fault.name, fault.remedy) == (caught.value.name, caught.value.remedy)
        assert () == loop.desk.open_sale().lines
        found = await loop.ask(TypedScan("]E02112345000008"))
        assert (fault.detail, fault.remedy) == (found.refused, found.remedy)
        assert () == loop.desk.open_sale().lines


@pytest.mark.asyncio
async def test_a_till_without_a_scale_asks_for_the_weight(weigh_shop):
    """A till without a scale would say nothing of what it needs."""
    async with weigh_shop.running() as loop:
        with pytest.raises(Exception, match="sold by weight") as caught:
            await sell(loop, item_id="cheese")
        assert "quantity" in caught.value.remedy
        with pytest.raises(StateFault) as caught:
            await loop.weigh(0)
        assert "no-scale" == caught.value.name


@pytest.mark.asyncio
async def test_waiting_for_a_weight_holds_no_other_till_up(tmp_path):
    """A load that swings at one till would stop the shop."""
    shop = Shop(tmp_path, till("till-1", scale="scale"), till("till-2"))

    asked, settled = asyncio.Event(), asyncio.Event()

    class Slow(Beside):
        async def weigh(self, _within_s):
            asked.set()
            await settled.wait()
            return WeightReading(WeightState.STABLE, 1, 500)

    async with shop.running(0) as first, shop.running(1) as second:
        first.desk.peripherals = Slow()
        weighing = asyncio.create_task(sell(first, item_id="cheese"))
        async with asyncio.timeout(30):
            await asked.wait()
            await sell(second, item_id="coffee")
        assert not weighing.done()
        settled.set()
        assert 500 == (await weighing).sale.lines[0].quantity
    shop.close()
