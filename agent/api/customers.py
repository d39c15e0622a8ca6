"""Endpoints of customers: who is this, a first meeting, a card, a history; and the catalogue."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from agent.api.access import Sender, loop_for
from agent.api.backend import Served
from agent.api.bodies import Json
from agent.api.described import ANSWERS, PartyPath
from agent.core.faults import NotFoundFault
from agent.core.history import Order
from agent.core.identifiers import PartyId
from agent.core.recognition import Item
from agent.till import commands
from agent.till.replies import Enrolled, Identified, PartyView, TimelineView
from agent.till.requests import EnrolRequest, IdentifyRequest

TillQuery = Annotated[
    str | None, QueryParameter(description="Needed only with the admin token.", max_length=64)
]
SearchQuery = Annotated[
    str, QueryParameter(description="Part of a name, GTIN or PLU.", min_length=1, max_length=100)
]
LimitQuery = Annotated[int, QueryParameter(ge=1, le=100)]


class ImportBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Part of a catalogue, for an agent without HQ."""

    items: Annotated[tuple[Item, ...], msgspec.Meta(max_length=5000)]


class Imported(msgspec.Struct, frozen=True):
    """How many items were taken over."""

    items: int


@post("/v1/identify", dto=Json[IdentifyRequest], status_code=200, responses=ANSWERS)
async def identify(data: JSONBody[IdentifyRequest], backend: Served, speaker: Sender) -> Identified:
    """Say who presented a card, phone number, e-mail address, order or receipt."""
    return await loop_for(backend, speaker, data.till).ask(commands.Identify(data))


@post("/v1/parties", dto=Json[EnrolRequest], responses=ANSWERS)
async def enrol(data: JSONBody[EnrolRequest], backend: Served, speaker: Sender) -> Enrolled:
    """Enrol a person met for the first time; with or without HQ in reach."""
    return await loop_for(backend, speaker, data.till).ask(commands.Enrol(data))


@get("/v1/parties/{party_id:str}", responses=ANSWERS)
async def show_party(
    party_id: PartyPath, backend: Served, speaker: Sender, till: TillQuery = None
) -> PartyView:
    """Show a customer who is on an open sale or was identified within the last 15 minutes."""
    return await loop_for(backend, speaker, till).party(PartyId(party_id))


@get("/v1/parties/{party_id:str}/timeline", responses=ANSWERS)
async def show_timeline(
    party_id: PartyPath, backend: Served, speaker: Sender, till: TillQuery = None
) -> TimelineView:
    """Show what the till holds of a customer's history, newest first."""
    return await loop_for(backend, speaker, till).timeline(PartyId(party_id))


@get("/v1/items", responses=ANSWERS)
async def search_items(text: SearchQuery, backend: Served, limit: LimitQuery = 20) -> list[Item]:
    """Search the catalogue by name, GTIN or PLU."""
    return backend.directory.items(text, limit)


@post("/v1/items", dto=Json[ImportBody], status_code=200, responses=ANSWERS)
async def import_items(data: JSONBody[ImportBody], backend: Served, speaker: Sender) -> Imported:
    """Take over a catalogue where there is no HQ to send it (admin only)."""
    speaker.require_admin()
    return Imported(backend.directory.import_items(data.items))


@get("/v1/orders/{order_no:str}", responses=ANSWERS)
async def show_order(order_no: FromPath[str], backend: Served) -> Order:
    """Show an order of another channel by the number its customer brings."""
    order = backend.directory.order(order_no)
    if order is None:
        raise NotFoundFault(
            f"order {order_no[:64]} is not held here",
            remedy="check the number; orders for other stores are at HQ",
            name="no-such-order",
        )
    return order


ENDPOINTS = (
    identify,
    enrol,
    show_party,
    show_timeline,
    search_items,
    import_items,
    show_order,
)
