"""Endpoints of sales: from the first scan to the receipt number."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import delete, get, post, put
from litestar.params import FromQuery, JSONBody

from agent.api.access import Sender, loop_for, loop_of_sale
from agent.api.backend import Served
from agent.api.bodies import EmptyBody, Json
from agent.api.described import ANSWERS, LinePath, SaleIdPath, TenderPath, TillPath
from agent.api.value import lease_first, lease_whole
from agent.core.identifiers import PartyId, SaleId
from agent.till import commands
from agent.till.replies import Completed, SaleView
from agent.till.requests import (
    UUID_PATTERN,
    ExternalSale,
    LineRequest,
    Positive,
    Quantity,
    TenderRequest,
    Words,
)


class OpenBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Opens a sale."""

    sale_id: Annotated[SaleId, msgspec.Meta(pattern=UUID_PATTERN)] | None = None
    """UUIDv7 made by the caller; made here where it is absent. Repeated, it opens nothing new."""


class ReasonBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Says why."""

    reason: Words | None = None


class PriceBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Overrides a line's price."""

    unit_price: Positive
    reason: Words | None = None
    """Required; refused with 400 where it is missing."""


class DiscountBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Takes an amount off; 0 takes the discount back."""

    amount: Positive
    reason: Words | None = None
    """Required; refused with 400 where it is missing."""


class QuantityBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Changes a line's quantity."""

    quantity: Quantity


class CustomerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sets the customer; null takes them off."""

    party_id: Annotated[PartyId, msgspec.Meta(pattern=UUID_PATTERN)] | None


@post("/v1/tills/{till:str}/sales", dto=Json[OpenBody], responses=ANSWERS)
async def open_sale(
    till: TillPath, data: JSONBody[OpenBody], backend: Served, speaker: Sender
) -> SaleView:
    """Open a sale, with the customer who was recognised before it."""
    return await loop_for(backend, speaker, till).ask(commands.OpenSale(data.sale_id))


@get("/v1/sales/{sale_id:str}", responses=ANSWERS)
async def show_sale(sale_id: SaleIdPath, backend: Served, speaker: Sender) -> SaleView:
    """Show a basket, or a completed sale, with its totals."""
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    return await loop.sale(SaleId(sale_id))


@put("/v1/sales/{sale_id:str}", dto=Json[ExternalSale], responses=ANSWERS)
async def record_sale(
    sale_id: SaleIdPath, data: JSONBody[ExternalSale], backend: Served, speaker: Sender
) -> Completed:
    """Record a finished sale of POS software, exactly once (tills with basket = "external").

    Its tenders of `points` and `gift_card` (`reference`: the number) are spent, HQ is asked where
    it is reached; what nothing covers stays in the sale, is told in `unspent` and listed at HQ.
    A line that sells a gift card charges it (`gift_card`: the number); else `uncharged` says why.
    """
    loop = loop_for(backend, speaker, data.till)
    await lease_whole(backend, loop, SaleId(sale_id), data)
    return await loop.ask(commands.RecordSale(SaleId(sale_id), data))


@post("/v1/sales/{sale_id:str}/lines", dto=Json[LineRequest], responses=ANSWERS)
async def add_line(
    sale_id: SaleIdPath, data: JSONBody[LineRequest], backend: Served, speaker: Sender
) -> SaleView:
    """Add a line by scan, GTIN, item or open price, or take goods back."""
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    return await loop.ask(commands.AddLine(SaleId(sale_id), data))


@delete(
    "/v1/sales/{sale_id:str}/lines/{line:int}",
    dto=Json[ReasonBody],
    status_code=200,
    responses=ANSWERS,
)
async def void_line(
    sale_id: SaleIdPath,
    line: LinePath,
    data: JSONBody[ReasonBody],
    backend: Served,
    speaker: Sender,
    reason: FromQuery[Words | None] = None,
) -> SaleView:
    """Void a line; say why in the body or as `?reason=`."""
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    return await loop.ask(commands.VoidLine(SaleId(sale_id), line, data.reason or reason))


@post(
    "/v1/sales/{sale_id:str}/lines/{line:int}/quantity",
    dto=Json[QuantityBody],
    status_code=200,
    responses=ANSWERS,
)
async def change_quantity(
    sale_id: SaleIdPath,
    line: LinePath,
    data: JSONBody[QuantityBody],
    backend: Served,
    speaker: Sender,
) -> SaleView:
    """Sell another quantity of a line, in thousandths."""
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    return await loop.ask(commands.ChangeQuantity(SaleId(sale_id), line, data.quantity))


@post(
    "/v1/sales/{sale_id:str}/lines/{line:int}/price",
    dto=Json[PriceBody],
    status_code=200,
    responses=ANSWERS,
)
async def price_line(
    sale_id: SaleIdPath, line: LinePath, data: JSONBody[PriceBody], backend: Served, speaker: Sender
) -> SaleView:
    """Override a line's unit price, with a reason."""
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    asked = commands.PriceLine(SaleId(sale_id), line, data.unit_price, data.reason)
    return await loop.ask(asked)


@post(
    "/v1/sales/{sale_id:str}/lines/{line:int}/discount",
    dto=Json[DiscountBody],
    status_code=200,
    responses=ANSWERS,
)
async def discount_line(
    sale_id: SaleIdPath,
    line: LinePath,
    data: JSONBody[DiscountBody],
    backend: Served,
    speaker: Sender,
) -> SaleView:
    """Take an amount off a line, with a reason; it replaces an earlier discount."""
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    asked = commands.DiscountLine(SaleId(sale_id), line, data.amount, data.reason)
    return await loop.ask(asked)


@post(
    "/v1/sales/{sale_id:str}/discount",
    dto=Json[DiscountBody],
    status_code=200,
    responses=ANSWERS,
)
async def discount_sale(
    sale_id: SaleIdPath, data: JSONBody[DiscountBody], backend: Served, speaker: Sender
) -> SaleView:
    """Take an amount off the whole sale, with a reason; it replaces an earlier discount."""
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    return await loop.ask(commands.DiscountSale(SaleId(sale_id), data.amount, data.reason))


@put("/v1/sales/{sale_id:str}/customer", dto=Json[CustomerBody], responses=ANSWERS)
async def set_customer(
    sale_id: SaleIdPath, data: JSONBody[CustomerBody], backend: Served, speaker: Sender
) -> SaleView:
    """Put a customer on the sale, or take them off."""
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    return await loop.ask(commands.SetCustomer(SaleId(sale_id), data.party_id))


@post("/v1/sales/{sale_id:str}/tenders", dto=Json[TenderRequest], responses=ANSWERS)
async def add_tender(
    sale_id: SaleIdPath, data: JSONBody[TenderRequest], backend: Served, speaker: Sender
) -> SaleView:
    """Take money, or with a negative amount give it back for a return.

    `points` of the customer on the sale and `gift_card` (its number as the reference) are paid out
    of what HQ lets this till spend; what is lacking is asked of HQ first, if it is reached.
    """
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    await lease_first(backend, loop, SaleId(sale_id), data)
    return await loop.ask(commands.AddTender(SaleId(sale_id), data))


@delete(
    "/v1/sales/{sale_id:str}/tenders/{tender:int}",
    status_code=200,
    responses=ANSWERS,
)
async def remove_tender(
    sale_id: SaleIdPath, tender: TenderPath, backend: Served, speaker: Sender
) -> SaleView:
    """Take a tender back before the sale is completed."""
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    return await loop.ask(commands.RemoveTender(SaleId(sale_id), tender))


@post(
    "/v1/sales/{sale_id:str}/complete",
    dto=Json[EmptyBody],
    status_code=200,
    responses=ANSWERS,
)
async def complete(
    sale_id: SaleIdPath, data: JSONBody[EmptyBody], backend: Served, speaker: Sender
) -> Completed:
    """Complete a paid sale: on disk before the answer, the receipt on its way to the printer."""
    del data
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    return await loop.ask(commands.CompleteSale(SaleId(sale_id)))


@post(
    "/v1/sales/{sale_id:str}/cancel",
    dto=Json[ReasonBody],
    status_code=200,
    responses=ANSWERS,
)
async def cancel(
    sale_id: SaleIdPath, data: JSONBody[ReasonBody], backend: Served, speaker: Sender
) -> SaleView:
    """Give the basket up."""
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    return await loop.ask(commands.CancelSale(SaleId(sale_id), data.reason))


@post(
    "/v1/sales/{sale_id:str}/park",
    dto=Json[EmptyBody],
    status_code=200,
    responses=ANSWERS,
)
async def park(
    sale_id: SaleIdPath, data: JSONBody[EmptyBody], backend: Served, speaker: Sender
) -> SaleView:
    """Put the basket aside."""
    del data
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    return await loop.ask(commands.ParkSale(SaleId(sale_id)))


@post(
    "/v1/sales/{sale_id:str}/resume",
    dto=Json[EmptyBody],
    status_code=200,
    responses=ANSWERS,
)
async def resume(
    sale_id: SaleIdPath, data: JSONBody[EmptyBody], backend: Served, speaker: Sender
) -> SaleView:
    """Take a parked basket up again."""
    del data
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    return await loop.ask(commands.ResumeSale(SaleId(sale_id)))


ENDPOINTS = (
    open_sale,
    show_sale,
    record_sale,
    add_line,
    void_line,
    change_quantity,
    price_line,
    discount_line,
    discount_sale,
    set_customer,
    add_tender,
    remove_tender,
    complete,
    cancel,
    park,
    resume,
)
