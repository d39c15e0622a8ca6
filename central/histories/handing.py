"""What a till tells of notes and tasks: kept for the desks they are for."""

from __future__ import annotations

from sqlalchemy import Connection

from agent.core.entries.notes import NoteWritten, TaskClosed, TaskOpened
from agent.core.history import STORE_CHANNEL
from central.histories.entry import Entry
from central.identity.cards import reached
from central.leads.desk import Ending, Note, Task, close_task, keep_note, open_task


def told(
    conn: Connection, entry: Entry, body: NoteWritten | TaskOpened | TaskClosed
) -> frozenset[str]:
    """Keep what was told; gives whose card it changes."""
    point, at = f"{body.store}/{body.till}", body.at.wall
    match body:
        case NoteWritten():
            note = Note(
                body.note_id,
                body.party_id,
                body.text,
                at,
                point,
                body.audience,
                body.valid_until,
                body.about,
                body.actor,
            )
            keep_note(conn, note, STORE_CHANNEL, entry.now)
        case TaskOpened():
            task = Task(
                body.task_id,
                body.party_id,
                body.text,
                at,
                point,
                body.audience,
                due_on=body.due_on,
                about=body.about,
                actor=body.actor,
            )
            open_task(conn, task, STORE_CHANNEL, entry.now)
        case TaskClosed():
            ending = Ending(body.task_id, body.party_id, body.outcome, at, point, body.actor)
            close_task(conn, ending, STORE_CHANNEL, entry.now)
    reached(conn, body.party_id, entry.journal_id, entry.seq)
    return frozenset({body.party_id})
