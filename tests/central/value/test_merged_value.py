"""A merge adds balances up and posts nothing; undone, each has their own, and debts are listed."""

from __future__ import annotations

import pytest

from agent.core.loyalty import EarnedLine, Earning, ValueEarned
from agent.core.loyalty.bookings import adjusted
from central.histories import Applier
from central.ledger.engine import reading, writing
from central.ledger.value_tables import VALUE_POSTINGS
from central.value.books import SqlBooks
from central.value.worklist import worklist

ADA = "01999999-0000-7000-8000-00000000ada0"
BOB = "01999999-0000-7000-8000-00000000b0b0"
NOW = "2026-11-02T12:00:00.000Z"
BY = {"actor": "eva", "reason": "the same person"}


def earned(told, n, owner, points):
    earning = Earning("points", (EarnedLine(1, points, 1000),), (("base", 1),))
    return ValueEarned(f"sale-{n}", "store-0001", "till-1", told.at(n), owner, (earning,))


def points(client, party_id):
    answer = client.get(f"/v1/parties/{party_id}/value").json()
    [unit] = answer["units"]
    return unit["value"]


@pytest.fixture
def two(ledger, receive, told, client):
    """Two records of one person, with 30 and 70 points."""
    client.headers["Authorization"] = "Bearer right"
    receive("b" * 32, told.enrolled(ADA, name="Ada"), told.enrolled(BOB, name="Ada L"))
    receive("b" * 32, earned(told, 1, ADA, 30), earned(told, 2, BOB, 70))
    Applier(ledger, lambda: NOW).apply_pending()


@pytest.mark.usefixtures("two")
def test_points_are_summed_and_taken_apart_without_a_posting(client, ledger, rows, feed):
    """Points would be lost, doubled or split by a merge; its undo could not give them back."""
    before = rows(VALUE_POSTINGS, VALUE_POSTINGS.c.event, VALUE_POSTINGS.c.kind)
    asked = {"merge_id": "m-1", "party_ids": [ADA, BOB]} | BY
    made = client.post("/v1/merges", json=asked)
    assert 201 == made.status_code, made.text
    assert (100, 100) == (points(client, ADA), points(client, BOB))
    [card] = [body["card"] for key, (op, body) in feed().items() if "party:" in key[1] and body]
    assert 100 == card["points"]
    # 90 are spent of what they have together.
    with writing(ledger) as conn:
        SqlBooks(conn).post(adjusted(ADA, "points", -90, event="spent"), NOW)
        assert () == worklist(conn)
    assert 200 == client.post("/v1/merges/m-1/undo", json=BY).status_code
    assert (-60, 70) == (points(client, ADA), points(client, BOB))
    with reading(ledger) as conn:
        [found] = worklist(conn)
    assert ("overdrawn", ADA, 60) == (found.name, found.owner, found.amount)
    after = rows(VALUE_POSTINGS, VALUE_POSTINGS.c.event, VALUE_POSTINGS.c.kind)
    assert before == [row for row in after if row["event"] != "spent"]


@pytest.mark.usefixtures("two")
@pytest.mark.both_databases
@pytest.mark.parametrize(("whose", "left"), [(ADA, (35, 70)), (BOB, (30, 75))])
def test_points_given_while_merged_stay_with_the_id_they_were_given(client, whose, left):
    """One customer would keep the goodwill another one was given (P10)."""
    client.post("/v1/merges", json={"merge_id": "m-1", "party_ids": [ADA, BOB]} | BY)
    given = {"booking_id": "goodwill-1", "value": 5} | BY
    assert 200 == client.post(f"/v1/parties/{whose}/value", json=given).status_code
    client.post("/v1/merges/m-1/undo", json=BY)
    assert left == (points(client, ADA), points(client, BOB))


@pytest.mark.usefixtures("two")
@pytest.mark.both_databases
def test_a_booking_is_made_once_whoever_the_person_is_shown_as(client):
    """Sent again after a merge, the same goodwill failed, or was given to somebody else as well."""
    given = {"booking_id": "goodwill-1", "value": 5} | BY
    path = "/v1/parties/{}/value"
    client.post(path.format(BOB), json=given)
    refused = client.post(path.format(ADA), json=given)
    assert (409, "booking-id-taken") == (
        refused.status_code,
        refused.json()["type"].rpartition(":")[2],
    )
    client.post("/v1/merges", json={"merge_id": "m-1", "party_ids": [ADA, BOB]} | BY)
    for each in (ADA, BOB):
        assert 200 == client.post(path.format(each), json=given).status_code
    assert 105 == points(client, ADA)
