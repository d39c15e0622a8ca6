"""Notes and tasks between store and service: one history, whoever writes first and wherever."""

from __future__ import annotations

import pytest

from agent.core.entries.notes import NoteWritten, TaskClosed, TaskOpened
from central.identity.held import holdings_of, take_out
from central.identity.interactions import interactions_of
from central.leads.desk import notes_of, tasks_listed
from central.ledger.engine import reading, writing

ADA = "01999999-0000-7000-8000-00000000ada0"
SIDE_J = "b" * 32
PLACE = ("store-0001", "till-1")


def history(ledger):
    with reading(ledger) as conn:
        return [(each.type, each.title, each.channel) for each in interactions_of(conn, ADA)]


@pytest.mark.both_databases
def test_task_of_a_till_is_closed_by_service_and_both_are_one_history(apply, told, ledger, client):
    """The customer would tell service again what they told the cashier."""
    task = TaskOpened("t-1", ADA, *PLACE, told.at(1), "Call about the lamp", actor="eva")
    apply(SIDE_J, told.enrolled(ADA), task)
    [waiting] = client.get("/v1/tasks", params={"audience": "service"}).json()
    assert ("t-1", ADA, "open", "eva") == tuple(
        waiting[each] for each in ("task_id", "party_id", "state", "actor")
    )
    done = client.post("/v1/tasks/t-1/close", json={"outcome": "Lamp is repaired"})
    again = client.post("/v1/tasks/t-1/close", json={"outcome": "Again"})
    assert (200, "done", 409) == (done.status_code, done.json()["state"], again.status_code)
    assert [] == client.get("/v1/tasks").json()
    assert [
        ("service.done", "Lamp is repaired", "service"),
        ("service.task", "For service: Call about the lamp", "store"),
    ] == history(ledger)


@pytest.mark.both_databases
@pytest.mark.parametrize("turned", [False, True])
def test_end_that_overtakes_its_beginning_counts(apply, told, ledger, turned):
    """A task that is done would be open for ever, since its till was offline for longer."""
    entries = [
        TaskOpened("t-1", ADA, *PLACE, told.at(1), "Call"),
        TaskClosed("t-1", ADA, *PLACE, told.at(2), "Called"),
    ]
    apply(SIDE_J, *(reversed(entries) if turned else entries))
    with reading(ledger) as conn:
        assert [] == tasks_listed(conn, "", "open")
        [task] = tasks_listed(conn, "service", "done")
    assert ("Call", "Called", 2) == (task.text, task.outcome, len(history(ledger)))


def test_note_is_shown_to_whom_it_is_for_and_as_long_as_it_counts(apply, told, ledger):
    """A note for one store would be read in all of them, and years later."""
    notes = [
        NoteWritten("n-1", ADA, *PLACE, told.at(1), "Left-handed"),
        NoteWritten("n-2", ADA, *PLACE, told.at(2), "Parcel behind the till", "store-0001"),
        NoteWritten("n-3", ADA, *PLACE, told.at(3), "On holiday", valid_until="2026-11-02"),
    ]
    apply(SIDE_J, *notes, notes[0])
    with reading(ledger) as conn:
        seen = {
            who: [each.note_id for each in notes_of(conn, ADA, who, day)]
            for who, day in (("service", "2026-11-02"), ("store-0001", "2026-11-03"))
        }
    assert {"service": ["n-3", "n-1"], "store-0001": ["n-2", "n-1"]} == seen


def test_note_of_service_is_logged_when_read_and_holds_no_card_number(apply, told, client, reads):
    """Who read it would not be known; a card number would stand in HQ's database (P9)."""
    apply(SIDE_J, told.enrolled(ADA))
    kept = client.post(f"/v1/parties/{ADA}/notes", json={"text": "Prefers mornings"})
    refused = client.post(f"/v1/parties/{ADA}/notes", json={"text": "pays by 4111111111111111"})
    [note] = client.get(f"/v1/parties/{ADA}/notes").json()
    assert (200, 400, "Prefers mornings") == (kept.status_code, refused.status_code, note["text"])
    assert ("staff", "notes", ADA) in reads.rows


def test_line_break_is_no_part_of_a_word(told, client, apply):
    """A note for `service` and a line break would be shown to nobody."""
    apply(SIDE_J, told.enrolled(ADA))
    answers = [
        client.post(f"/v1/parties/{ADA}/notes", json={"text": "Left-handed", "audience": audience})
        for audience in ("service\n", "service")
    ]
    assert [400, 200] == [each.status_code for each in answers]


@pytest.mark.both_databases
@pytest.mark.parametrize("name", ["canonical", "other"])
def test_what_is_written_while_two_are_merged_stays_with_whom_it_was_written_of(
    apply, told, client, name
):
    """Undone, a merge would leave a note about one customer with the other one (P10, P9)."""
    bob = "01999999-0000-7000-8000-00000000b0b0"
    apply(SIDE_J, told.enrolled(ADA), told.enrolled(bob, card="LC0082016R14"))
    by = {"actor": "eva", "reason": "the same"}
    client.post("/v1/merges", json={"merge_id": "m-1", "party_ids": [ADA, bob]} | by)
    chosen = client.get(f"/v1/parties/{ADA}").json()["canonical_id"]
    whose = chosen if name == "canonical" else ({ADA, bob} - {chosen}).pop()
    [others] = {ADA, bob} - {whose}
    client.post(f"/v1/parties/{whose}/notes", json={"text": "Left-handed"})
    client.post(f"/v1/parties/{whose}/tasks", json={"text": "Call", "task_id": "t-1"})
    client.post("/v1/merges/m-1/undo", json=by)
    kept = {
        each: [note["text"] for note in client.get(f"/v1/parties/{each}/notes").json()]
        for each in (whose, others)
    }
    assert {whose: ["Left-handed"], others: []} == kept
    assert [whose] == [each["party_id"] for each in client.get("/v1/tasks").json()]


@pytest.mark.both_databases
def test_a_task_under_the_id_of_another_customers_is_refused(apply, told, client):
    """It was lost, and the answer showed what was written of the other customer (P9)."""
    bob = "01999999-0000-7000-8000-00000000b0b0"
    apply(SIDE_J, told.enrolled(ADA), told.enrolled(bob, card="LC0082016R14"))
    asked = {"text": "Call about the ring", "task_id": "t-1"}
    for _ in range(2):
        assert 200 == client.post(f"/v1/parties/{ADA}/tasks", json=asked).status_code
    other = client.post(f"/v1/parties/{bob}/tasks", json=asked | {"text": "Repair"})
    assert (409, False) == (other.status_code, "ring" in other.text)


@pytest.mark.both_databases
def test_erasing_one_customer_leaves_a_note_of_the_same_id_about_another(apply, told, ledger):
    """Two tills may call two notes alike; the other customer's would be gone without a trace."""
    bob = "01999999-0000-7000-8000-00000000b0b0"
    apply(SIDE_J, *(NoteWritten("n-1", each, *PLACE, told.at(1), "Tall") for each in (ADA, bob)))
    with writing(ledger) as conn:
        take_out(conn, [each for each in holdings_of(conn, [ADA]) if each.key.startswith("note/")])
        left = [len(notes_of(conn, each, "", "2026-11-02")) for each in (ADA, bob)]
    assert [0, 1] == left
