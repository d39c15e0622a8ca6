"""Endpoints of orders and goods: how they stand, what waits here, what a till does with them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from agent.api.access import Sender, loop_for, loop_of_sale
from agent.api.backend import Served
from agent.api.bodies import Json
from agent.api.described import ANSWERS, SaleIdPath, TillPath
from agent.core.identifiers import SaleId, TillId
from agent.core.orders import Part, Stage
from agent.till import order_commands, orders
from agent.till.order_commands import OrderNo, Pieces, Reordered, SpecialOrdered, SpecialRequest
from agent.till.orders import OrderSheet
from agent.till.replies import SaleView
from agent.till.requests import LINES_MAX, CallerId, Words
from agent.till.stocking import Booked, BookGoods, BookingRequest

StateQuery = Annotated[
    str | None,
    QueryParameter(name="state", description="Only those in this state: `ready` …", max_length=20),
]


class PartBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Some of a line of an order."""

    line: Annotated[int, msgspec.Meta(ge=1, le=LINES_MAX)]
    quantity: Pieces


class StepBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something happens to an order's goods."""

    stage: Stage
    """`reserved`, `released`, `picked`, `sent`, `arrived`, `ready`, `collected`, `cancelled`."""
    parts: Annotated[tuple[PartBody, ...], msgspec.Meta(max_length=LINES_MAX)] = ()
    """Which goods; none named means all that this can be said of now."""
    to: Annotated[str, msgspec.Meta(max_length=64)] = ""
    """Of `sent`: the store the goods go to."""
    until: Annotated[str, msgspec.Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$(?!\n)")] = ""
    """Of `ready`: the last day the goods are kept."""
    reason: Words | None = None
    event: CallerId | None = None
    """Repeat the request with the same id, and it happened once."""
    till: TillId | None = None
    """Needed only with the admin token."""


class CollectBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hands goods of an order over in a sale, in which they are paid."""

    order_no: OrderNo
    parts: Annotated[tuple[PartBody, ...], msgspec.Meta(max_length=LINES_MAX)] = ()
    """Which goods; none named means all that wait."""
    taxes: tuple[Words, ...] | None = None
    """Names of rates, of goods whose channel told none and that are in no catalogue here."""


class GiveBackBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Takes goods of an order back in a sale."""

    order_no: OrderNo
    line: Annotated[int, msgspec.Meta(ge=1, le=LINES_MAX)]
    quantity: Pieces | None = None
    """All that may come back where it is absent."""
    reason: Words | None = None
    damaged: bool = False
    """The goods do not go back on the shelf; what is given back for them is the same."""
    taxes: tuple[Words, ...] | None = None
    """As in `orders`."""
    line_id: CallerId | None = None


class ReorderBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Buys again what was ordered before."""

    order_no: OrderNo | None = None
    """The customer's last order where it is absent."""


@get("/v1/orders/{order_no:str}", responses=ANSWERS)
async def show_order(order_no: FromPath[str], backend: Served) -> OrderSheet:
    """Show how an order of any channel stands, by the number its customer brings."""
    # All tills of an agent know the same of orders.
    return orders.sheet(next(iter(backend.tills.values())).desk, order_no)


@get("/v1/tills/{till:str}/orders", responses=ANSWERS)
async def list_orders(
    till: TillPath, backend: Served, speaker: Sender, in_state: StateQuery = None
) -> list[OrderSheet]:
    """List the orders that wait, or will wait, at this store to be collected."""
    return orders.here(loop_for(backend, speaker, till).desk, in_state)


@post("/v1/orders/{order_no:str}/steps", dto=Json[StepBody], status_code=200, responses=ANSWERS)
async def order_step(
    order_no: FromPath[str], data: JSONBody[StepBody], backend: Served, speaker: Sender
) -> OrderSheet:
    """Have something happen to an order's goods: picked, ready, collected; offline, too."""
    command = order_commands.OrderStep(
        order_no,
        data.stage,
        _parts(data.parts),
        data.to,
        data.until,
        data.reason,
        data.event,
    )
    return await loop_for(backend, speaker, data.till).ask(command)


@post("/v1/sales/{sale_id:str}/orders", dto=Json[CollectBody], responses=ANSWERS)
async def collect_in_sale(
    sale_id: SaleIdPath, data: JSONBody[CollectBody], backend: Served, speaker: Sender
) -> SaleView:
    """Put goods of an order into a sale, at the order's price, less what was paid before."""
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    command = order_commands.CollectInSale(
        SaleId(sale_id), data.order_no, _parts(data.parts), data.taxes
    )
    return await loop.ask(command)


@post("/v1/sales/{sale_id:str}/order-returns", dto=Json[GiveBackBody], responses=ANSWERS)
async def give_back(
    sale_id: SaleIdPath, data: JSONBody[GiveBackBody], backend: Served, speaker: Sender
) -> SaleView:
    """Take goods of an order back, of any channel and store, for what was paid for them."""
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    command = order_commands.GiveBack(
        SaleId(sale_id),
        data.order_no,
        data.line,
        data.quantity,
        data.reason,
        data.damaged,
        data.taxes,
        data.line_id,
    )
    return await loop.ask(command)


@post("/v1/sales/{sale_id:str}/special-orders", dto=Json[SpecialRequest], responses=ANSWERS)
async def order_specially(
    sale_id: SaleIdPath, data: JSONBody[SpecialRequest], backend: Served, speaker: Sender
) -> SpecialOrdered:
    """Order what the store does not have; its deposit becomes a line of the sale."""
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    return await loop.ask(order_commands.OrderSpecially(SaleId(sale_id), data))


@post("/v1/sales/{sale_id:str}/reorder", dto=Json[ReorderBody], status_code=200, responses=ANSWERS)
async def reorder(
    sale_id: SaleIdPath, data: JSONBody[ReorderBody], backend: Served, speaker: Sender
) -> Reordered:
    """Buy again what the customer ordered before, at today's prices."""
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    return await loop.ask(order_commands.Reorder(SaleId(sale_id), data.order_no))


@post("/v1/tills/{till:str}/stock", dto=Json[BookingRequest], status_code=200, responses=ANSWERS)
async def book_goods(
    till: TillPath, data: JSONBody[BookingRequest], backend: Served, speaker: Sender
) -> Booked:
    """Book goods that came in, went to another store, broke or got lost."""
    return await loop_for(backend, speaker, till).ask(BookGoods(data))


def _parts(parts: tuple[PartBody, ...]) -> tuple[Part, ...]:
    return tuple(msgspec.convert(msgspec.to_builtins(each), Part) for each in parts)


ENDPOINTS = (
    show_order,
    list_orders,
    order_step,
    collect_in_sale,
    give_back,
    order_specially,
    reorder,
    book_goods,
)
