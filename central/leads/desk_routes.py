"""The addresses of notes and tasks: what stores and service leave for one another."""

from __future__ import annotations

from typing import Any

from litestar import Request, get, post
from litestar.concurrency import sync_to_thread
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, JSONBody
from sqlalchemy import Connection
from uuid_utils import uuid7

from agent.core.card_numbers import refuse_card_numbers
from agent.core.entries.written import EndAsked, NoteAsked, TaskAsked, Word
from agent.core.faults import StateFault
from central.identity.cards import publish_card
from central.identity.parties import canonical, observed
from central.leads.desk import (
    DONE,
    OPEN,
    Ending,
    Note,
    Task,
    close_task,
    keep_note,
    notes_of,
    open_task,
    require_open,
    task_named,
    tasks_listed,
)
from central.ledger.engine import reading, writing
from central.ledger.hq import Hq, hq_of

STAFF = "staff"
SERVICE = "service"
"""The channel and the touch point of what is written at HQ."""


class NoteTold(NoteAsked, frozen=True, forbid_unknown_fields=True):
    """A note about a customer."""

    actor: Word | None = None


class TaskTold(TaskAsked, frozen=True, forbid_unknown_fields=True):
    """A task for another desk."""

    actor: Word | None = None


class EndTold(EndAsked, frozen=True, forbid_unknown_fields=True):
    """How a task ended."""

    actor: Word | None = None


@post("/v1/parties/{any_id:str}/notes", status_code=200)
async def post_note(
    request: Request[Any, Any, Any], any_id: FromPath[str], data: JSONBody[NoteTold]
) -> Note:
    """Write a note about a customer, for all desks, for service or for one store."""
    return await sync_to_thread(_write_note, hq_of(request), any_id, data)


@get("/v1/parties/{any_id:str}/notes", sync_to_thread=True)
def get_notes(
    request: Request[Any, Any, Any], any_id: FromPath[str], audience: FromQuery[str] = ""
) -> list[Note]:
    """List a customer's notes that still count, the newest first."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        person = canonical(conn, any_id)
        found = notes_of(conn, person, audience, hq.now()[:10])
    hq.access_log(STAFF, "notes", [person])
    return found


@post("/v1/parties/{any_id:str}/tasks", status_code=200)
async def post_task(
    request: Request[Any, Any, Any], any_id: FromPath[str], data: JSONBody[TaskTold]
) -> Task:
    """Hand something over to another desk: service, or a store."""
    return await sync_to_thread(_open_task, hq_of(request), any_id, data)


@post("/v1/tasks/{task_id:str}/close", status_code=200)
async def post_end(
    request: Request[Any, Any, Any], task_id: FromPath[str], data: JSONBody[EndTold]
) -> Task:
    """Say what became of a task; its end is a line of the customer's history."""
    return await sync_to_thread(_close_task, hq_of(request), task_id, data)


@get("/v1/tasks", sync_to_thread=True)
def get_tasks(
    request: Request[Any, Any, Any], audience: FromQuery[str] = "", done: FromQuery[bool] = False
) -> list[Task]:
    """List tasks by who is to do them, the most urgent first."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        found = tasks_listed(conn, audience, DONE if done else OPEN)
    hq.access_log(STAFF, "tasks", [each.party_id for each in found])
    return found


def _write_note(hq: Hq, any_id: str, told: NoteTold) -> Note:
    refuse_card_numbers({"text": told.text})
    now = hq.now()
    with writing(hq.engine) as conn:
        note = Note(
            note_id=told.note_id or str(uuid7()),
            party_id=observed(conn, any_id),
            text=told.text,
            at=now,
            touch_point=SERVICE,
            audience=told.audience,
            valid_until=told.valid_until,
            about=told.about,
            actor=told.actor,
        )
        keep_note(conn, note, SERVICE, now)
        publish_card(conn, canonical(conn, note.party_id))
    hq.access_log(STAFF, "notes", [note.party_id])
    return note


def _open_task(hq: Hq, any_id: str, told: TaskTold) -> Task:
    refuse_card_numbers({"text": told.text})
    now, task_id = hq.now(), told.task_id or str(uuid7())
    with writing(hq.engine) as conn:
        task = Task(
            task_id=task_id,
            party_id=observed(conn, any_id),
            text=told.text,
            opened_at=now,
            touch_point=SERVICE,
            audience=told.audience,
            due_on=told.due_on,
            about=told.about,
            actor=told.actor,
        )
        open_task(conn, task, SERVICE, now)
        _require_theirs(conn, task)
        shown = _told(conn, task_id)
    hq.access_log(STAFF, "tasks", [shown.party_id])
    return shown


def _close_task(hq: Hq, task_id: str, told: EndTold) -> Task:
    refuse_card_numbers({"outcome": told.outcome})
    now = hq.now()
    with writing(hq.engine) as conn:
        task = task_named(conn, task_id)
        require_open(task)
        ending = Ending(task_id, task.party_id, told.outcome, now, SERVICE, told.actor)
        close_task(conn, ending, SERVICE, now)
        shown = _told(conn, task_id)
    hq.access_log(STAFF, "tasks", [shown.party_id])
    return shown


def _require_theirs(conn: Connection, task: Task) -> None:
    """Refuse an id that is another customer's task: it would be lost, and the other one shown.

    Raises:
        StateFault: `task-id-taken`.
    """
    held = task_named(conn, task.task_id)
    if canonical(conn, held.party_id) != canonical(conn, task.party_id):
        raise StateFault(
            f"{task.task_id} is the id of another customer's task",
            remedy="make a new id for each task, and send it again only to repeat it",
            name="task-id-taken",
        )


def _told(conn: Connection, task_id: str) -> Task:
    """Give a task as it stands, and tell the tills of what is new on its customer's card."""
    task = task_named(conn, task_id)
    publish_card(conn, canonical(conn, task.party_id))
    return task


DESK_ROUTES: list[HTTPRouteHandler] = [post_note, get_notes, post_task, post_end, get_tasks]
