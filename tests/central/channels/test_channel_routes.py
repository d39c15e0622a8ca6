"""The channels' addresses: a list in, a list of outcomes out."""

from __future__ import annotations

import json

import pytest

from central.channels.registry import Channel, register
from central.channels.told import EventTold, LineTold, OrderTold, PartyTold
from central.ledger.engine import writing

NOW = "2026-11-02T12:00:00.000Z"
GOOD = {
    "event_id": "e-1",
    "type": "order.placed",
    "occurred_at": NOW,
    "party": {"email": "ada@example.com", "name": "Ada"},
    "order": {"order_no": "WEB-1", "total": 100, "currency": "EUR"},
}


@pytest.fixture(autouse=True)
def _web(ledger):
    with writing(ledger) as conn:
        register(conn, [Channel("web", "distribution", "Shop", ("webshop",))], NOW)


def post(client, content):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return client.post("/v1/channels/web/events", content=body)


def test_each_event_has_its_outcome_in_its_place(client):
    """The web store could not tell which of its events to correct."""
    answer = post(client, [GOOD, {"event_id": "e-2"}, GOOD])
    assert answer.status_code == 200
    outcomes = answer.json()
    assert [each["event_id"] for each in outcomes] == ["e-1", "e-2", "e-1"]
    assert [each["outcome"] for each in outcomes] == ["accepted", "quarantined", "duplicate"]
    party = client.get(f"/v1/parties/{outcomes[0]['party_id']}").json()
    assert party["card"]["name"] == "Ada"


def test_single_event_is_a_list_of_one(client):
    """A shop's webhook sends one event as it is."""
    assert [each["outcome"] for each in post(client, GOOD).json()] == ["accepted"]


@pytest.mark.parametrize("content", [b"", b"{", b"7", b"[1,", b"\xff", b"[" * 5000])
def test_body_that_is_no_list_is_refused_with_its_form(client, content):
    """Whoever writes the connector would have to guess the form."""
    answer = post(client, content)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:till-agent:problem:bad-events")
    assert "event_id" in answer.json()["remedy"]


def test_elements_that_are_no_events_are_set_aside(client):
    """A stray null would lose the events beside it."""
    outcomes = post(client, [None, 7, GOOD]).json()
    assert [each["outcome"] for each in outcomes] == ["quarantined", "quarantined", "accepted"]


def test_too_many_at_once(client):
    """A first synchronisation of a shop would hold the database for minutes."""
    answer = post(client, [GOOD] * 501)
    assert (answer.status_code, "at most 500" in answer.json()["remedy"]) == (400, True)


def test_unknown_channel_is_named(client):
    """A mistyped address would swallow a shop's orders."""
    answer = client.post("/v1/channels/wbe/events", json=[GOOD])
    assert (answer.status_code, answer.json()["type"]) == (
        404,
        "urn:till-agent:problem:unknown-channel",
    )
    assert "registered: web" in answer.json()["detail"]


def test_registry_shows_what_is_registered_and_what_turned_up(client):
    """Nobody would see that events come from a place no settings know."""
    post(client, [GOOD | {"touch_point": "app"}])
    answer = client.get("/v1/channels").json()
    assert [each["id"] for each in answer["channels"]] == ["web"]
    assert {(each["id"], each["kind"]) for each in answer["touch_points"]} == {
        ("webshop", "distribution"),
        ("app", "other"),
    }


def test_openapi_says_what_an_event_is(client):
    """Whoever connects a shop would have to read our source."""
    path = client.app.openapi_schema.to_schema()["paths"]["/v1/channels/{channel}/events"]
    body = path["post"]["requestBody"]["content"]["application/json"]["schema"]
    event = body["items"]
    assert event["required"] == list(EventTold.__struct_fields__[:3])
    assert set(event["properties"]) == set(EventTold.__struct_fields__)
    for name, shape in (("party", PartyTold), ("order", OrderTold)):
        assert set(event["properties"][name]["properties"]) == set(shape.__struct_fields__)
    lines = event["properties"]["order"]["properties"]["lines"]
    assert set(lines["items"]["properties"]) == set(LineTold.__struct_fields__)
