"""Notes and tasks between stores and service: kept, listed, and lines of the customer's history.

A task may be closed before anyone here has heard that it was opened: then its end waits for it.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, or_, select

from agent.core.faults import NotFoundFault, StateFault
from agent.core.history import Interaction
from agent.core.identifiers import PartyId
from central.identity.interactions import record
from central.identity.parties import PROVISIONAL, Origin, ensure
from central.leads.persons import members
from central.ledger.bulk import among
from central.ledger.lead_tables import NOTES, TASKS
from central.ledger.upserts import upsert

OPEN, DONE = "open", "done"
ALL = "all"
LISTED_MAX = 500
TITLE_CHARACTERS = 160
_KEEP_NOTE = upsert(NOTES).on_conflict_do_nothing()
_NEW_TASK = upsert(TASKS)
_OPENED = ("party_id", "audience", "text", "touch_point", "actor", "opened_at", "due_on", "about")
_CLOSED = ("outcome", "closed_by", "closed_at", "closed_touch_point")


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """A note about a customer."""

    note_id: str
    party_id: PartyId
    text: str
    at: str
    """UTC, ISO 8601."""
    touch_point: str
    """Where it was written: `store-0001/till-1`, `service`."""
    audience: str = ALL
    """Who it is for: `all`, `service`, or a store's id."""
    valid_until: str = ""
    """The last day it is shown."""
    about: str | None = None
    actor: str | None = None


class Task(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something one desk asked another to do for a customer."""

    task_id: str
    party_id: PartyId
    text: str
    opened_at: str
    touch_point: str
    audience: str = "service"
    state: str = OPEN
    """`open` or `done`."""
    due_on: str = ""
    about: str | None = None
    actor: str | None = None
    outcome: str | None = None
    closed_by: str | None = None
    closed_at: str | None = None
    closed_touch_point: str | None = None


class Ending(msgspec.Struct, frozen=True):
    """How a task ended."""

    task_id: str
    party_id: PartyId
    outcome: str
    closed_at: str
    closed_touch_point: str
    closed_by: str | None = None


def keep_note(conn: Connection, note: Note, channel: str, now: str) -> None:
    """Keep a note, and show it on the timeline; kept before, it changes nothing."""
    row = msgspec.structs.asdict(note)
    if conn.execute(_KEEP_NOTE, row).rowcount:
        ensure(conn, note.party_id, Origin(note.touch_point, note.at), state=PROVISIONAL)
        line = _line(f"note/{note.note_id}", "service.note", note.text, channel, note.about)
        _record(conn, note.party_id, line, (note.touch_point, note.at, note.actor), now)


def open_task(conn: Connection, task: Task, channel: str, now: str) -> None:
    """Keep a task; one that was heard to be done before it was heard of stays done."""
    held = _held(conn, task.task_id)
    if held is not None and held.opened_at:
        return
    row = msgspec.structs.asdict(task)
    opened = {name: _NEW_TASK.excluded[name] for name in _OPENED}
    put = _NEW_TASK.on_conflict_do_update(index_elements=["task_id"], set_=opened)
    conn.execute(put, row)
    ensure(conn, task.party_id, Origin(task.touch_point, task.opened_at), state=PROVISIONAL)
    title = f"For {task.audience}: {task.text}"
    line = _line(f"task/{task.task_id}", "service.task", title, channel, task.about)
    _record(conn, task.party_id, line, (task.touch_point, task.opened_at, task.actor), now)


def close_task(conn: Connection, ending: Ending, channel: str, now: str) -> bool:
    """Note that a task is done; whoever said so first is kept. Tells whether it was news."""
    held = _held(conn, ending.task_id)
    if held is not None and held.state == DONE:
        return False
    row = dict.fromkeys(TASKS.c.keys()) | msgspec.structs.asdict(ending)
    row |= {"state": DONE, "audience": "", "text": "", "touch_point": "", "opened_at": ""}
    row |= {"due_on": ""}
    closed = {name: _NEW_TASK.excluded[name] for name in ("state", *_CLOSED)}
    conn.execute(_NEW_TASK.on_conflict_do_update(index_elements=["task_id"], set_=closed), row)
    about = held.about if held else None
    line = _line(f"task/{ending.task_id}/done", "service.done", ending.outcome, channel, about)
    who = (ending.closed_touch_point, ending.closed_at, ending.closed_by)
    ensure(conn, ending.party_id, Origin(who[0], who[1]), state=PROVISIONAL)
    _record(conn, ending.party_id, line, who, now)
    return True


def notes_of(conn: Connection, party_id: str, audience: str, today: str) -> list[Note]:
    """List a person's notes that still count, the newest first.

    Args:
        conn: any open connection.
        party_id: any id of the person.
        audience: who asks; empty: everybody's notes.
        today: the day, ISO 8601.
    """
    held = NOTES.c
    query = select(NOTES).where(among(conn, held.party_id, members(conn, party_id)))
    query = query.where(or_(held.valid_until == "", held.valid_until >= today))
    if audience:
        query = query.where(held.audience.in_((audience, ALL)))
    rows = conn.execute(query.order_by(held.at.desc(), held.note_id).limit(LISTED_MAX))
    return [Note(**row) for row in rows.mappings()]


def tasks_listed(conn: Connection, audience: str, state: str) -> list[Task]:
    """List tasks by who is to do them and how they stand, the most urgent first."""
    held = TASKS.c
    query = select(TASKS).where(held.state == state, held.opened_at != "")
    if audience:
        query = query.where(held.audience == audience)
    undated = held.due_on == ""
    rows = conn.execute(query.order_by(undated, held.due_on, held.opened_at).limit(LISTED_MAX))
    return [Task(**row) for row in rows.mappings()]


def task_named(conn: Connection, task_id: str) -> Task:
    """Give one task.

    Raises:
        NotFoundFault: `no-such-task`.
    """
    held = _held(conn, task_id)
    if held is None or not held.opened_at:
        raise NotFoundFault(
            f"no task {task_id[:80]!r} is known",
            remedy="look for it by GET /v1/tasks",
            name="no-such-task",
        )
    return held


def require_open(task: Task) -> None:
    """Refuse to end a task a second time.

    Raises:
        StateFault: `task-done`.
    """
    if task.state == DONE:
        raise StateFault(
            f"task {task.task_id} is done since {task.closed_at}",
            remedy="open another task for what is still to do",
            name="task-done",
        )


def _held(conn: Connection, task_id: str) -> Task | None:
    query = select(TASKS).where(TASKS.c.task_id == task_id)
    row = conn.execute(query).mappings().one_or_none()
    return None if row is None else Task(**row)


def _line(event_id: str, kind: str, title: str, channel: str, about: str | None) -> Interaction:
    shown = title if len(title) <= TITLE_CHARACTERS else f"{title[: TITLE_CHARACTERS - 1]}…"
    return Interaction(event_id, kind, channel, "", "", shown, event_id, about=about)


def _record(
    conn: Connection, party_id: str, line: Interaction, said: tuple[str, str, str | None], now: str
) -> None:
    point, at, actor = said
    shown = msgspec.structs.replace(
        line, touch_point=point, occurred_at=at, actor=f"employee/{actor}" if actor else None
    )
    record(conn, party_id, shown, now)
