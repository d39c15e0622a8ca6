"""Notes and tasks at the till: what a cashier leaves for service, or for a colleague elsewhere."""

from __future__ import annotations

from agent.core.entries.notes import NoteWritten, TaskClosed, TaskOpened
from agent.core.identifiers import PartyId, StoreId, TillId
from agent.core.sale import Stamp
from agent.core.space import Work
from agent.till.cards import own_bodies
from agent.till.closing import closed_words
from agent.till.commands import CloseTask, OpenTask, WriteNote
from agent.till.consenting import require_met
from agent.till.desk import Desk
from agent.till.lead_replies import HandedOver

Handed = NoteWritten | TaskOpened | TaskClosed


async def write_note(desk: Desk, ask: WriteNote) -> HandedOver:
    """Keep a note about a customer who is here; repeated under its id, it is there once.

    Raises:
        StateFault: `identify-first`.
        NoRoom: `disk-full`.
    """
    asked = ask.request
    key, place = asked.note_id or desk.clock.uuid7(), _here(desk, ask.party_id)
    said = (asked.text, asked.audience, asked.valid_until, asked.about)
    return await _handed(desk, key, NoteWritten(key, *place, *said, desk.actor))


async def open_task(desk: Desk, ask: OpenTask) -> HandedOver:
    """Ask another desk to do something for a customer who is here; once under one id.

    Raises:
        StateFault: `identify-first`.
        NoRoom: `disk-full`.
    """
    asked = ask.request
    key, place = asked.task_id or desk.clock.uuid7(), _here(desk, ask.party_id)
    said = (asked.text, asked.audience, asked.due_on, asked.about)
    return await _handed(desk, key, TaskOpened(key, *place, *said, desk.actor))


async def close_task(desk: Desk, ask: CloseTask) -> HandedOver:
    """Say what became of a task of a customer who is here; of two endings the first counts.

    Raises:
        StateFault: `identify-first`.
        NoRoom: `disk-full`.
    """
    place = _here(desk, ask.party_id)
    ended = TaskClosed(ask.task_id, *place, ask.request.outcome, desk.actor)
    return await _handed(desk, ask.task_id, ended)


def _here(desk: Desk, party_id: PartyId) -> tuple[PartyId, StoreId, TillId, Stamp]:
    """Name who it is about, where it was said and when: what all three have in common."""
    require_met(desk, party_id)
    return party_id, desk.store.id, desk.till.id, desk.clock.stamp()


async def _handed(desk: Desk, key: str, fact: Handed) -> HandedOver:
    before = await own_bodies(desk, fact.party_id)
    if not any(type(each) is type(fact) and _key(each) == key for each in before):
        desk.require_room(Work.SIDE, "nothing is handed over")
        await desk.commit(lambda _conn: None, facts=[closed_words(desk, fact)])
    return HandedOver(key)


def _key(body: object) -> str | None:
    if isinstance(body, NoteWritten):
        return body.note_id
    return body.task_id if isinstance(body, TaskOpened | TaskClosed) else None
