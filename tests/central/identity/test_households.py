"""Households at HQ: who lives together is told, shown and ended, and is nobody's identity."""

from __future__ import annotations

import pytest

from agent.core.consent.retention import DataClass
from central.identity.erased import forget
from central.identity.parties import Origin, ensure
from central.ledger.customer_tables import PARTIES
from central.ledger.engine import writing
from central.ledger.graph_tables import AFFILIATION_ENDS, AFFILIATIONS, CANONICAL

NOW = "2026-11-02T12:00:00.000Z"
ADA, ADA2, BEN = (f"01999999-0000-7000-8000-00000000{n:04d}" for n in range(3))
HOME = "01999999-0000-7000-8000-0000000h0me1"
BY = {"actor": "eva", "reason": "they said so"}


@pytest.fixture(autouse=True)
def people(ledger):
    with writing(ledger) as conn:
        for each in (ADA, ADA2, BEN):
            ensure(conn, each, Origin("store-0001/till-1", NOW))


@pytest.fixture
def belongs(client):
    """Have somebody belong to a household; gives the answer."""

    def _belongs(party_id, household_id=HOME, status=201, **more):
        asked = BY | {"party_id": party_id} | more
        answer = client.post(f"/v1/households/{household_id}/members", json=asked)
        assert status == answer.status_code, answer.text
        return answer.json()

    return _belongs


@pytest.fixture
def homes(client):
    """Give the households of somebody, as the unified view and their own address show them."""

    def _homes(party_id):
        shown = client.get(f"/v1/parties/{party_id}/unified").json()["households"]
        assert shown == client.get(f"/v1/parties/{party_id}/households").json()["households"]
        return [(each["household_id"], each["role"]) for each in shown]

    return _homes


def ids(view):
    return [each["canonical_id"] for each in view["members"]]


@pytest.mark.both_databases
def test_who_belongs_to_a_household_is_shown_until_it_ends(client, belongs, homes, rows, reads):
    """Whom a shared account belongs to would be nowhere, or for ever."""
    belongs(ADA, role="head", membership_id="m-1")
    again = belongs(ADA, role="head", membership_id="m-1")
    view = belongs(BEN, membership_id="m-2")
    assert ([ADA], [ADA, BEN]) == (ids(again), ids(view))
    assert ([(HOME, "head")], [(HOME, "member")], []) == tuple(map(homes, (ADA, BEN, ADA2)))
    path = f"/v1/households/{HOME}/members/m-1/end"
    for _ in range(2):
        assert [BEN] == ids(client.post(path, json=BY).json())
    assert [] == homes(ADA)
    assert [ADA, BEN] == ids(belongs(ADA, membership_id="m-3")), "who comes back is there again"
    assert (3, 1) == (len(rows(AFFILIATIONS)), len(rows(AFFILIATION_ENDS)))
    assert view == client.get(f"/v1/households/{HOME}").json() | {"members": view["members"]}
    assert ("staff", "household", BEN) in reads.rows


def test_a_household_joins_nobody_and_a_merge_moves_nobody(
    belongs, homes, shown, merge, undo, rows
):
    """Whoever lives together would be one customer, or be torn from home by a steward."""
    belongs(ADA, role="head")
    belongs(BEN, role="child")
    assert [] == rows(CANONICAL)
    before = shown(ADA, ADA2, BEN), [homes(each) for each in (ADA, ADA2, BEN)]
    merged = merge(ADA, ADA2)
    assert [[(HOME, "head")]] * 2 == [homes(each) for each in (ADA, ADA2)]
    belongs(ADA2, "second", role="guest", membership_id="m-2")
    assert {(HOME, "head"), ("second", "guest")} == set(homes(ADA))
    undo(merged)
    assert [(HOME, "head")] == homes(ADA), "the second home was said of the other id"
    assert [("second", "guest")] == homes(ADA2)
    assert before[0][BEN] == shown(BEN)[BEN]
    assert before[1][2] == homes(BEN)


def test_what_is_no_household_is_refused_with_a_remedy(client, belongs, merge):
    """A person would become a household, or a household a person."""
    belongs(ADA, membership_id="m-1")
    names = [
        belongs(BEN, ADA, status=400)["type"],
        belongs(HOME, "other", status=400)["type"],
        belongs(BEN, "no id", status=400)["type"],
        belongs("nobody", status=404)["type"],
        belongs(BEN, status=409, membership_id="m-1")["type"],
        merge(ADA, HOME, status=409)["type"],
        client.get(f"/v1/households/{ADA}").json()["type"],
        client.post(f"/v1/households/{HOME}/members/m-9/end", json=BY).json()["type"],
    ]
    assert [
        "nested-household",
        "nested-household",
        "bad-household-id",
        "unknown-party",
        "membership-id-taken",
        "household-and-person",
        "unknown-household",
        "unknown-membership",
    ] == [each.rpartition("/")[2].rpartition(":")[2] for each in names]


def test_who_is_erased_lives_nowhere(ledger, belongs, client, rows):
    """Whom an erased customer lived with would stay on record."""
    belongs(ADA, membership_id="m-1")
    belongs(BEN, membership_id="m-2")
    client.post(f"/v1/households/{HOME}/members/m-1/end", json=BY)
    with writing(ledger) as conn:
        forget(conn, [ADA], [*DataClass], "r-1", NOW)
    assert [BEN] == [row["party_id"] for row in rows(AFFILIATIONS)]
    assert [] == rows(AFFILIATION_ENDS)
    assert [BEN] == ids(client.get(f"/v1/households/{HOME}").json())
    kinds = {row["party_id"]: row["kind"] for row in rows(PARTIES)}
    assert ("household", "person") == (kinds[HOME], kinds[BEN])
