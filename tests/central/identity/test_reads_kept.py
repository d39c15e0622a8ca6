"""Whoever shows a person, in whatever answer, stands in the access log (P9)."""

from __future__ import annotations

import pytest

from central.ledger.engine import writing
from central.ledger.value_tables import VALUE_FINDINGS

A, B = (f"0000000{n}-0000-7000-8000-000000000000" for n in (1, 2))
SIDE = "b" * 32
WHO = {"actor": "eva", "reason": "asked"}


@pytest.fixture(autouse=True)
def _people(receive, told, apply, web):
    """Two persons; one has an order."""
    receive(SIDE, told.enrolled(A, name="Ada"), told.enrolled(B, name="Ben"))
    apply()
    order = {"order_no": "W-1", "lines": [{"name": "Tea", "amount": 500}], "currency": "EUR"}
    event = {"occurred_at": "2026-11-02T09:00:00Z", "party": {"party_id": A}}
    web({"event_id": "w-1", "type": "order.placed", "order": order} | event)


@pytest.mark.parametrize(
    ("method", "path", "body", "action"),
    [
        ("POST", "/v1/merges", WHO | {"party_ids": [A, B], "merge_id": "m"}, "merge"),
        ("POST", "/v1/separations", WHO | {"party_ids": [A, B]}, None),
        ("POST", "/v1/candidates/accept", WHO | {"party_ids": [A, B]}, "merge"),
        ("POST", "/v1/candidates/reject", WHO | {"party_ids": [A, B]}, "merge"),
        ("POST", "/v1/households/h/members", WHO | {"party_id": A}, "household"),
        ("POST", f"/v1/parties/{A}/notes", {"text": "left-handed"}, "notes"),
        ("POST", f"/v1/parties/{A}/tasks", {"text": "call", "task_id": "t"}, "tasks"),
        ("POST", "/v1/orders/W-1/steps", {"event": "e", "stage": "cancelled"}, "order"),
    ],
)
def test_an_answer_that_shows_a_person_is_written_down(client, reads, method, path, body, action):
    """Wrong: somebody reads of a person what the person is never told of."""
    answer = client.request(method, path, json=body)
    assert (action is None) == (answer.status_code >= 400), answer.text
    wanted = {("staff", action, A)} if action else set()
    assert wanted <= set(reads.rows)
    assert bool(wanted) == bool(reads.rows)


def test_what_is_shown_later_is_written_down_as_well(client, reads):
    """Wrong: who lists, undoes, ends or closes what another began is in no log."""
    client.post("/v1/merges", json=WHO | {"party_ids": [A, B], "merge_id": "m"})
    client.post("/v1/households/h/members", json=WHO | {"party_id": A, "membership_id": "x"})
    client.post(f"/v1/parties/{A}/tasks", json={"text": "call", "task_id": "t"})
    for method, path, body, action in (
        ("GET", "/v1/merges", None, "merge"),
        ("GET", "/v1/merges/m", None, "merge"),
        ("POST", "/v1/merges/m/undo", WHO, "merge"),
        ("POST", "/v1/tasks/t/close", {"outcome": "called"}, "tasks"),
    ):
        reads.rows.clear()
        answer = client.request(method, path, json=body)
        assert 200 == answer.status_code, answer.text
        assert ("staff", action, A) in reads.rows, path


def test_what_is_left_of_a_worklist_is_written_down(client, reads, ledger):
    """Wrong: who takes one finding off the list reads all the others, and is in no log."""
    found = {"event": "e", "name": "given-more", "owner": A, "unit": "points", "amount": 1}
    with writing(ledger) as conn:
        rows = [found | {"line": line, "detail": "more", "at": "2026-11-02"} for line in "12"]
        conn.execute(VALUE_FINDINGS.insert(), rows)
    answer = client.post("/v1/loyalty/worklist/settle", json=WHO | {"event": "e", "line": "1"})
    assert (200, [A]) == (answer.status_code, [f["owner"] for f in answer.json()["findings"]])
    assert ("staff", "value", A) in reads.rows
