"""Endpoints of customers: who is this, a first meeting, a card, a history; and the catalogue."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get, post
from litestar.params import JSONBody, QueryParameter

from agent.api.access import Sender, loop_for
from agent.api.backend import Served
from agent.api.bodies import Json
from agent.api.described import ANSWERS, PartyPath, PromptPath
from agent.core.identifiers import PartyId
from agent.core.recognition import Item
from agent.till import commands
from agent.till.replies import (
    ConsentKept,
    Enrolled,
    Identified,
    PartyView,
    PromptAnswered,
    TimelineView,
)
from agent.till.requests import AnswerRequest, ConsentRequest, EnrolRequest, IdentifyRequest

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
    """Say who presented a card, wallet pass, phone number, e-mail address, order or receipt.

    What is opened depends on how much the means vouches for: `strength` says so, and `ask` what
    to ask for to see more. Changes no sale.
    """
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


@post("/v1/parties/{party_id:str}/consents", dto=Json[ConsentRequest], responses=ANSWERS)
async def record_consent(
    party_id: PartyPath, data: JSONBody[ConsentRequest], backend: Served, speaker: Sender
) -> ConsentKept:
    """Record a yes or no of a customer who is here to a use of their data; it holds at once."""
    command = commands.RecordConsent(PartyId(party_id), data)
    return await loop_for(backend, speaker, data.till).ask(command)


@post(
    "/v1/parties/{party_id:str}/prompts/{prompt_id:str}",
    dto=Json[AnswerRequest],
    responses=ANSWERS,
)
async def answer_prompt(
    party_id: PartyPath,
    prompt_id: PromptPath,
    data: JSONBody[AnswerRequest],
    backend: Served,
    speaker: Sender,
) -> PromptAnswered:
    """Keep what a customer who is here said to a question, or that they would rather not say."""
    command = commands.AnswerPrompt(PartyId(party_id), prompt_id, data)
    return await loop_for(backend, speaker, data.till).ask(command)


@get("/v1/items", responses=ANSWERS)
async def search_items(text: SearchQuery, backend: Served, limit: LimitQuery = 20) -> list[Item]:
    """Search the catalogue by name, GTIN or PLU."""
    return backend.directory.items(text, limit)


@post("/v1/items", dto=Json[ImportBody], status_code=200, responses=ANSWERS)
async def import_items(data: JSONBody[ImportBody], backend: Served, speaker: Sender) -> Imported:
    """Take over a catalogue where there is no HQ to send it (admin only)."""
    speaker.require_admin()
    return Imported(backend.directory.import_items(data.items))


ENDPOINTS = (
    identify,
    enrol,
    show_party,
    show_timeline,
    record_consent,
    answer_prompt,
    search_items,
    import_items,
)
