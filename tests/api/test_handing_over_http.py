"""Notes and tasks over HTTP: sealed for service, about a customer who is here."""

from __future__ import annotations

import pytest

from agent.core.entries.notes import NoteWritten, TaskClosed, TaskOpened
from agent.journal import chains

ADA = "019a0000-0000-7000-8000-00000000ada0"
ADA_CARD = "LC1PB1X9SFPE"


async def sealed(agent):
    """Give the notes and tasks that the agent sealed."""

    def read(conn):
        heads = chains.heads(conn)
        places = [(head.journal_id, seq) for head in heads for seq in range(1, head.due_seq + 1)]
        return [chains.body_at(conn, *place) for place in places]

    bodies = await agent.backend.journal.read(read)
    return [each for each in bodies if isinstance(each, NoteWritten | TaskOpened | TaskClosed)]


@pytest.mark.asyncio
async def test_cashier_hands_over_to_service(agent):
    """What the customer told the cashier would stay with the cashier."""
    base = f"/v1/parties/{ADA}"
    async with agent.client() as client:
        unmet = await client.post(f"{base}/notes", json={"text": "Left-handed"})
        await client.post("/v1/identify", json={"scan": ADA_CARD})
        note = await client.post(f"{base}/notes", json={"text": "Left-handed", "note_id": "n-1"})
        task = await client.post(
            f"{base}/tasks", json={"text": "Call back", "due_on": "2026-12-01"}
        )
        task_id = task.json()["id"]
        done = await client.post(f"{base}/tasks/{task_id}/close", json={"outcome": "Called"})
        card = await client.post(f"{base}/notes", json={"text": "4111 1111 1111 1111"})
    assert (409, 201, 201, 200, 400) == tuple(
        answer.status_code for answer in (unmet, note, task, done, card)
    )
    told = {type(each): each for each in await sealed(agent)}
    assert ("n-1", "Left-handed") == (told[NoteWritten].note_id, told[NoteWritten].text)
    assert (task_id, "service", "2026-12-01") == (
        told[TaskOpened].task_id,
        told[TaskOpened].audience,
        told[TaskOpened].due_on,
    )
    assert (task_id, "Called") == (told[TaskClosed].task_id, told[TaskClosed].outcome)


@pytest.mark.asyncio
async def test_repeated_request_seals_a_note_once(agent):
    """A till whose answer got lost on the way would have told service twice."""
    base = f"/v1/parties/{ADA}"
    asked = {
        f"{base}/notes": {"text": "Left-handed", "note_id": "n-1"},
        f"{base}/tasks": {"text": "Call back", "task_id": "t-1"},
        f"{base}/tasks/t-1/close": {"outcome": "Called"},
    }
    async with agent.client() as client:
        await client.post("/v1/identify", json={"scan": ADA_CARD})
        twice = [each for each in asked.items() for _ in range(2)]
        answers = [await client.post(url, json=body) for url, body in twice]
    assert ["n-1", "n-1", "t-1", "t-1", "t-1", "t-1"] == [each.json()["id"] for each in answers]
    assert [NoteWritten, TaskOpened, TaskClosed] == [type(each) for each in await sealed(agent)]
