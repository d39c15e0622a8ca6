"""Selling through the till's loop, on a real journal."""

from __future__ import annotations

import pytest

from agent.core.identifiers import SaleId
from agent.core.quantities import Minor
from agent.till import commands
from agent.till.requests import LineRequest, TenderRequest

SALE = SaleId("019a2222-0000-7000-8000-000000000001")


async def paid(loop, sale_id=SALE, **line):
    """Sell one line for cash and complete the sale."""
    await loop.ask(commands.OpenSale(sale_id))
    view = await loop.ask(commands.AddLine(sale_id, LineRequest(**(line or {"item_id": "coffee"}))))
    tender = TenderRequest(kind="cash", amount=Minor(view.totals.due))
    await loop.ask(commands.AddTender(sale_id, tender))
    return await loop.ask(commands.CompleteSale(sale_id))


@pytest.mark.asyncio
async def test_a_sale_is_numbered_once_however_often_it_is_completed(shop):
    """A lost answer would give the customer two receipts for one sale."""
    async with shop.running() as loop:
        first = await paid(loop)
        again = await loop.ask(commands.CompleteSale(SALE))
        assert first == again
        assert first.receipt_no.startswith("s1-till-1-")
        assert first.receipt_no.endswith("-1")
        assert first.print_id is not None
        second = await paid(loop, SaleId("019a2222-0000-7000-8000-000000000002"))
        assert second.receipt_no.endswith("-2")
