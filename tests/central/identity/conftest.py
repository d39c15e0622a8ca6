"""People told of by tills and web stores, and everything HQ shows of them as one value."""

from __future__ import annotations

import pytest

from central.channels.registry import Channel, register
from central.histories import Applier
from central.ledger.engine import writing

NOW = "2026-11-02T12:00:00.000Z"


@pytest.fixture
def web(ledger, client):
    """Have a web store tell events; gives who each was about."""
    with writing(ledger) as conn:
        register(conn, (Channel("web", name="Web"),), NOW)

    def _web(*events):
        answer = client.post("/v1/channels/web/events", json=events)
        assert answer.status_code < 300, answer.text
        return [outcome["party_id"] for outcome in answer.json()]

    return _web


@pytest.fixture
def apply(ledger):
    """Apply what was received."""
    applier = Applier(ledger, lambda: NOW)
    return applier.apply_pending


@pytest.fixture
def shown(client):
    """Give everything HQ shows of some ids, but for how often a card was published."""

    def _shown(*ids):
        return {party_id: _views(client, party_id) for party_id in ids}

    return _shown


def _views(client, party_id):
    card = client.get(f"/v1/parties/{party_id}").json()
    card["card"].pop("ver", None)
    unified = client.get(f"/v1/parties/{party_id}/unified").json()
    timeline = client.get(f"/v1/parties/{party_id}/timeline").json()
    return card, unified, timeline


@pytest.fixture
def merge(client):
    """Merge some parties; gives the merge's id."""

    def _merge(*ids, merge_id="", status=201):
        asked = {"party_ids": ids, "actor": "eva", "reason": "same person", "merge_id": merge_id}
        answer = client.post("/v1/merges", json=asked)
        assert status == answer.status_code, answer.text
        return answer.json()["merge"]["merge_id"] if status == 201 else answer.json()

    return _merge


@pytest.fixture
def undo(client):
    """Undo a merge; gives the answer."""

    def _undo(merge_id):
        asked = {"actor": "eva", "reason": "two after all"}
        answer = client.post(f"/v1/merges/{merge_id}/undo", json=asked)
        assert 200 == answer.status_code, answer.text
        return answer.json()

    return _undo
