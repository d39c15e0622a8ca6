"""Endpoints of notes and tasks about a customer who is here."""

from __future__ import annotations

from litestar import post
from litestar.params import FromPath, JSONBody

from agent.api.access import Sender, loop_for
from agent.api.backend import Served
from agent.api.bodies import Json
from agent.api.described import ANSWERS, PartyPath
from agent.core.entries.written import EndAsked, NoteAsked, TaskAsked
from agent.core.identifiers import PartyId
from agent.till import commands
from agent.till.lead_replies import HandedOver
from agent.till.requests import Words


class NoteBody(NoteAsked, frozen=True, forbid_unknown_fields=True):
    """A note about a customer, for colleagues."""

    till: Words | None = None
    """Needed only with the admin token."""


class TaskBody(TaskAsked, frozen=True, forbid_unknown_fields=True):
    """Something another desk is asked to do."""

    till: Words | None = None


class EndBody(EndAsked, frozen=True, forbid_unknown_fields=True):
    """What became of a task."""

    till: Words | None = None


@post("/v1/parties/{party_id:str}/notes", dto=Json[NoteBody], responses=ANSWERS)
async def write_note(
    party_id: PartyPath, data: JSONBody[NoteBody], backend: Served, speaker: Sender
) -> HandedOver:
    """Write a note about a customer who is here; offline it reaches the others later."""
    command = commands.WriteNote(PartyId(party_id), data)
    return await loop_for(backend, speaker, data.till).ask(command)


@post("/v1/parties/{party_id:str}/tasks", dto=Json[TaskBody], responses=ANSWERS)
async def open_task(
    party_id: PartyPath, data: JSONBody[TaskBody], backend: Served, speaker: Sender
) -> HandedOver:
    """Hand something over to service or to another store, for a customer who is here."""
    command = commands.OpenTask(PartyId(party_id), data)
    return await loop_for(backend, speaker, data.till).ask(command)


@post(
    "/v1/parties/{party_id:str}/tasks/{task_id:str}/close",
    dto=Json[EndBody],
    status_code=200,
    responses=ANSWERS,
)
async def close_task(
    party_id: PartyPath,
    task_id: FromPath[str],
    data: JSONBody[EndBody],
    backend: Served,
    speaker: Sender,
) -> HandedOver:
    """Say what became of a task of a customer who is here."""
    command = commands.CloseTask(PartyId(party_id), task_id, data)
    return await loop_for(backend, speaker, data.till).ask(command)


ENDPOINTS = (write_note, open_task, close_task)
