"""Sales of POS software: recorded as they were, and only those that can be right."""

from __future__ import annotations

import pytest

from agent.core.faults import InputFault, StateFault
from agent.core.identifiers import SaleId
from agent.core.sale import SaleFault
from agent.till import commands
from agent.till.requests import ExternalLine, ExternalSale, ReturnedLine, TenderRequest

POS = 2
"""The external till of the shop."""
SALE = SaleId("019a2222-0000-7000-8000-000000000001")
SOCKS = ExternalLine(name="Socks", quantity=1000, unit_price=999, taxes=("standard",))
CASH = (TenderRequest(kind="cash", amount=5000),)


def sale(*lines, **fields):
    """Make the request of a sale that is paid in cash."""
    return ExternalSale(lines=lines or (SOCKS,), **{"tenders": CASH, **fields})


@pytest.mark.asyncio
async def test_figures_stay_as_they_were_charged(shop):
    """The journal would say another weight or price than the customer's receipt."""
    line = ExternalLine(
        name="Cheese", quantity=1000, unit_price=1250, extension=999, unit="kg", taxes=("reduced",)
    )
    async with shop.running(POS) as loop:
        await loop.ask(commands.RecordSale(SALE, sale(line)))
        (kept,) = (await loop.sale(SALE)).sale.lines
    assert (kept.quantity, kept.unit_price, kept.extension) == (1000, 1250, 999)


@pytest.mark.asyncio
@pytest.mark.parametrize(("quantity", "extension"), [(1000, -200), (-1000, 200)])
async def test_an_extension_has_the_sign_of_its_quantity(shop, quantity, extension):
    """A coupon sent as a negative line would be charged instead of given."""
    line = ExternalLine(
        name="Coupon", quantity=quantity, unit_price=200, extension=extension, taxes=("standard",)
    )
    async with shop.running(POS) as loop:
        with pytest.raises(InputFault) as refused:
            await loop.ask(commands.RecordSale(SALE, sale(SOCKS, line)))
    assert refused.value.name == "extension-sign"
    assert "Coupon" in refused.value.detail


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "other",
    [
        sale(discount=100, discount_reason="staff"),
        sale(ExternalLine(name="Socks", quantity=1000, unit_price=999, taxes=("reduced",))),
        sale(ExternalLine(name="Socks", quantity=1000, unit_price=999, taxes=(), discount=0)),
        sale(tenders=(TenderRequest(kind="cash", amount=5001),)),
        sale(external_receipt_no="7"),
    ],
    ids=["discount", "tax", "no tax", "tender", "number"],
)
async def test_another_sale_under_the_same_id_is_refused(shop, other):
    """POS software would believe that a sale is recorded which is not."""
    async with shop.running(POS) as loop:
        first = await loop.ask(commands.RecordSale(SALE, sale()))
        assert first == await loop.ask(commands.RecordSale(SALE, sale()))
        with pytest.raises(StateFault) as refused:
            await loop.ask(commands.RecordSale(SALE, other))
    assert refused.value.name == "sale-differs"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("line", "name", "says"),
    [(1, "more-than-sold", "only 1 may"), (7, "no-such-line", "did not sell")],
)
async def test_a_return_that_cannot_be_says_why(shop, line, name, says):
    """POS software would look for another till where there is none."""
    back = ExternalLine(
        name="Socks",
        quantity=-2000,
        unit_price=999,
        taxes=("standard",),
        returns=ReturnedLine(SALE, line),
    )
    refund = (TenderRequest(kind="card", amount=-1998),)
    async with shop.running(POS) as loop:
        await loop.ask(commands.RecordSale(SALE, sale()))
        other = SaleId(SALE[:-1] + "2")
        with pytest.raises(SaleFault) as refused:
            await loop.ask(commands.RecordSale(other, sale(back, tenders=refund)))
    assert (refused.value.name, says in refused.value.detail) == (name, True)
