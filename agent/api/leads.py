"""Endpoints of leads and suggestions: what another channel began, and what to point out."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get, post
from litestar.params import JSONBody

from agent.api.access import Sender, loop_for, loop_of_sale
from agent.api.backend import Backend, Served
from agent.api.bodies import Json
from agent.api.described import ANSWERS, SaleIdPath, TillPath
from agent.core.entries.written import END
from agent.core.identifiers import PartyId, SaleId
from agent.core.leads import LeadItem
from agent.core.quantities import Thousandths
from agent.till import commands
from agent.till.lead_replies import LeadKept, LeadShown, Suggestions
from agent.till.requests import LINES_MAX, QUANTITY_MAX, UUID_PATTERN

_LeadId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[\x21-\x7e]{1,120}" + END,
        description="As the channel made it, its name in front: `web/cart-17`.",
    ),
]
_ItemKey = Annotated[
    str, msgspec.Meta(min_length=1, max_length=64, description="Item id, or GTIN of 14 digits.")
]


class ShownBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code of a cart, wish list or quote that the customer shows."""

    lead_id: _LeadId
    add: bool = False
    """Put what is left of it into the basket, where the customer's card carries it."""


class WishedItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing a lead is about."""

    item: _ItemKey
    quantity: Annotated[Thousandths, msgspec.Meta(ge=1, le=QUANTITY_MAX)] = Thousandths(1000)


class LeadBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lead that begins at this till: of items, or of what is in a basket."""

    kind: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}" + END)] = "quote"
    """`quote`, `wishlist`, `pick-up` …"""
    sale_id: Annotated[SaleId, msgspec.Meta(pattern=UUID_PATTERN)] | None = None
    """Of an open basket: its lines and its customer."""
    items: Annotated[tuple[WishedItem, ...], msgspec.Meta(max_length=LINES_MAX)] = ()
    party_id: Annotated[PartyId, msgspec.Meta(pattern=UUID_PATTERN)] | None = None
    """Of a customer who was recognised here."""
    lead_id: _LeadId | None = None
    """Repeat the request with the same id, and the lead is there once."""
    valid_until: Annotated[str, msgspec.Meta(max_length=32)] | None = None
    """UTC, ISO 8601: its own end."""


class AnswerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the customer said to a suggestion."""

    item: _ItemKey
    reason: Annotated[str, msgspec.Meta(max_length=40)]
    """As the suggestion gave it."""
    taken: bool


@post("/v1/sales/{sale_id:str}/leads", dto=Json[ShownBody], status_code=200, responses=ANSWERS)
async def show_lead(
    sale_id: SaleIdPath, data: JSONBody[ShownBody], backend: Served, speaker: Sender
) -> LeadShown:
    """Keep that the code of a cart, wish list or quote was shown: who brought it is credited."""
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    return await loop.ask(commands.RedeemLead(SaleId(sale_id), data.lead_id, data.add))


@post("/v1/tills/{till:str}/leads", dto=Json[LeadBody], responses=ANSWERS)
async def begin_lead(
    till: TillPath, data: JSONBody[LeadBody], backend: Served, speaker: Sender
) -> LeadKept:
    """Begin a lead at this till: a quote of a basket, or a wish; any channel may fulfil it."""
    items = tuple(LeadItem(each.item, each.quantity) for each in data.items)
    command = commands.TellLead(
        kind=data.kind,
        items=items,
        sale_id=data.sale_id,
        party_id=data.party_id,
        lead_id=data.lead_id,
        valid_until=data.valid_until,
    )
    return await loop_for(backend, speaker, till).ask(command)


@get("/v1/sales/{sale_id:str}/suggestions", responses=ANSWERS)
async def show_suggestions(sale_id: SaleIdPath, backend: Served, speaker: Sender) -> Suggestions:
    """Show at most three things to point out to the customer of a basket, each with its reason."""
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    return await loop.suggestions(SaleId(sale_id), _in_step(backend))


@post(
    "/v1/sales/{sale_id:str}/suggestions",
    dto=Json[AnswerBody],
    status_code=200,
    responses=ANSWERS,
)
async def answer_suggestion(
    sale_id: SaleIdPath, data: JSONBody[AnswerBody], backend: Served, speaker: Sender
) -> Suggestions:
    """Keep what the customer said to a suggestion, on every channel; gives those that are left."""
    loop = await loop_of_sale(backend, speaker, SaleId(sale_id))
    command = commands.AnswerSuggestion(
        SaleId(sale_id), data.item, data.reason, data.taken, _in_step(backend)
    )
    return await loop.ask(command)


def _in_step(backend: Backend) -> str:
    """Tell on which day HQ was last heard; empty where there is no HQ."""
    status = backend.sync()
    if status is None:
        return ""
    at = backend.clock.stamp().wall if status.online else status.since
    return at[:10]


ENDPOINTS = (show_lead, begin_lead, show_suggestions, answer_suggestion)
