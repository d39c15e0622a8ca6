"""Merging two customers through HQ's own addresses, and taking it back to the last byte (P10)."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import event

from agent.core.consent import ConsentRecord, State
from agent.core.history import Interaction
from agent.core.recognition.means import Identifier, IdentifierType
from central.identity.consents import keep_record
from central.identity.holding import hold
from central.identity.interactions import record
from central.identity.parties import Origin, ensure
from central.ledger.engine import writing
from central.ledger.graph_tables import CANONICAL, PROPOSALS

TILL = Origin("store-0001/till-1", "2026-11-01T00:00:00.000Z", "e-1")
CARD = Identifier(IdentifierType.LOYALTY_CARD, "LC00820G40GM")
A, B, C = (f"0000000{n}-0000-7000-8000-000000000000" for n in (1, 2, 3))
SIDE, SALES = "b" * 32, "a" * 32


@pytest.fixture
def shop(receive, told, apply, web):
    """Two enrolments of one person at a till, each with a sale; and their web account."""
    receive(
        SIDE,
        told.enrolled(A, name="Ada Lovelace", phone="+491713920001", postcode="10115"),
        told.enrolled(B, name="A. Lovelace", email="ada@example.com"),
        told.tie(1, A),
        told.tie(2, B),
    )
    receive(SALES, told.sale(1, ref="ref-1"), told.sale(2, ref="ref-2"))
    apply()
    order = {"order_no": "W-1", "lines": [{"name": "Tea", "amount": 500}], "currency": "EUR"}
    web(
        {
            "event_id": "w-1",
            "type": "order.placed",
            "occurred_at": "2026-11-02T09:00:00Z",
            "party": {"party_id": C, "web_account": "42", "name": "Ada L.", "email": "a@b.example"},
            "order": order,
        }
    )


@pytest.mark.both_databases
@pytest.mark.usefixtures("shop")
def test_a_merge_shows_one_person_under_every_id(client, shown, merge, feed):
    """The cashier would see half of what the customer did, or an old id would lead nowhere."""
    merge(A, B, C)
    views = [shown(each)[each] for each in (A, B, C)]
    [chosen] = {card["canonical_id"] for card, _, _ in views}
    card, unified, timeline = views[0]
    assert sorted({A, B, C} - {chosen}) == sorted(card["merged_from"])
    assert {"steward"} == {why["rule"] for why in card["why"]}
    assert {"sale-1", "sale-2", "web/w-1"} == {
        each["event_id"] for each in timeline["interactions"]
    }
    assert ["W-1"] == [order["order_no"] for order in unified["orders"]]
    assert {"ada@example.com", "a@b.example"} == {
        each["value"] for each in unified["identifiers"] if each["type"] == "email"
    }
    name = unified["fields"]["name"]
    assert 2 == len(name["others"])
    assert name["event"].rpartition("/")[0] in {SIDE, "web"}
    told = feed()
    assert sorted([A, B, C]) == sorted(told["global", f"party:{chosen}"][1]["card"]["members"])
    others = {A, B, C} - {chosen}
    assert {"del"} == {told["global", f"party:{each}"][0] for each in others}
    found = client.post("/v1/parties/search", json={"text": "ada@example.com"}).json()
    assert [chosen] == [each["party_id"] for each in found["parties"]]


@pytest.mark.both_databases
@pytest.mark.usefixtures("shop")
def test_an_undone_merge_has_never_been(shown, merge, undo, feed):
    """Two customers would stay tangled up for ever, as with everybody else's software."""
    before, cards = shown(A, B, C), published(feed())
    first = merge(A, B)
    second = merge(B, C)
    card = shown(A)[A][0]
    assert {A, B, C} == {*card["merged_from"], card["canonical_id"]}
    undo(first)
    undo(second)
    assert before == shown(A, B, C)
    assert cards == published(feed())
    undo(first)
    assert before == shown(A, B, C)


@pytest.mark.both_databases
def test_random_merges_undone_in_any_order_leave_nothing(client, ledger, shown, merge, undo, rows):
    """Some order of merges and undos would leave a customer in another one's history."""
    draw = random.Random(7)
    ids = [f"p-{n}" for n in range(7)]
    with writing(ledger) as conn:
        for n, party_id in enumerate(ids):
            ensure(conn, party_id, TILL)
            kinds = [(IdentifierType.PHONE, f"+4917139200{n // 2}"), (CARD.type, f"C{n // 3}")]
            hold(conn, party_id, [Identifier(*each) for each in kinds[: 1 + n % 2]], TILL)
            told = Interaction(f"e-{n}", "service.contact", "web", "w", "2026", "Asked", "r")
            record(conn, party_id, told, "now")
    before, proposed = shown(*ids), rows(PROPOSALS)
    made = []
    for _ in range(6):
        made.append(merge(*draw.sample(ids, draw.choice([2, 2, 3]))))
        if draw.random() < 0.3:
            undo(made.pop(draw.randrange(len(made))))
    assert before != shown(*ids)
    draw.shuffle(made)
    for merge_id in made:
        undo(merge_id)
    assert before == shown(*ids)
    assert sorted(map(str, proposed)) == sorted(map(str, rows(PROPOSALS)))
    assert {"undone"} == {
        "undone" if each["undo_id"] else "stands"
        for each in client.get("/v1/merges").json()["merges"]
    }


def test_a_merged_person_is_as_known_as_the_best_known_of_their_ids(ledger, shown, merge):
    """A customer of ten years would stand there as somebody nobody has enrolled."""
    late = Origin("web", "2026-11-02T00:00:00.000Z")
    for one, other in (("p-1", "p-2"), ("p-4", "p-3")):
        with writing(ledger) as conn:
            ensure(conn, one, TILL)
            ensure(conn, other, late, state="provisional")
        merge(one, other)
        card, unified, _ = shown(one)[one]
        assert ("active", "active", *TILL[:2]) == (
            card["state"],
            unified["state"],
            card["origin"],
            card["created_at"],
        )


@pytest.mark.usefixtures("shop")
def test_a_preview_says_what_would_be_and_changes_nothing(client, shown, reads):
    """A steward would merge two people in order to see what comes of it."""
    before = shown(A, B)
    reads.rows.clear()
    view = client.post("/v1/merges/preview", json={"party_ids": [A, B]}).json()
    assert (True, 2, 1) == (view["allowed"], len(view["before"]), len(view["after"]))
    assert {"Ada Lovelace", "A. Lovelace"} == set(view["after"][0]["conflicts"]["name"])
    assert [("staff", "merge-preview", A), ("staff", "merge-preview", B)] == sorted(reads.rows)
    assert before == shown(A, B)
    assert 400 == client.post("/v1/merges/preview", json={"party_ids": [A, A]}).status_code
    assert 404 == client.post("/v1/merges/preview", json={"party_ids": [A, "nobody"]}).status_code


@pytest.mark.usefixtures("shop")
def test_the_same_merge_again_is_the_same_and_another_under_its_id_is_refused(merge):
    """A request sent twice would merge twice, or one that went wrong would merge others."""
    assert "m-1" == merge(A, B, merge_id="m-1") == merge(B, A, merge_id="m-1")
    problem = merge(A, C, merge_id="m-1", status=409)
    assert problem["type"].endswith("merge-id-taken")
    assert merge(A, "nobody", status=404)["type"].endswith("unknown-party")
    assert merge(A, status=400)["type"].endswith("nothing-to-merge")


@pytest.mark.parametrize(("actor", "reason"), [("", "why"), ("eva", " ")])
@pytest.mark.usefixtures("shop")
def test_nobody_merges_without_a_name_and_a_reason(client, actor, reason):
    """Nobody could be asked about a merge that was wrong."""
    asked = {"party_ids": [A, B], "actor": actor, "reason": reason}
    answer = client.post("/v1/merges", json=asked)
    assert (400, "nobody-decides") == (
        answer.status_code,
        answer.json()["type"].rpartition(":")[2],
    )


@pytest.mark.both_databases
def test_who_was_told_apart_is_neither_asked_about_nor_merged(client, receive, told, apply, merge):
    """Twins with one phone would be proposed every night, until somebody merges them."""
    receive(SIDE, *(told.enrolled(each, phone="+491713920001") for each in (A, B)))
    apply()
    [asked] = client.get("/v1/candidates").json()["questions"]
    assert {A, B} == {asked["one"]["party_id"], asked["other"]["party_id"]}
    assert ["phone"] == [each["means"] for each in asked["proposals"]]
    answer = {"party_ids": [A, B], "actor": "eva", "reason": "twins", "merge_id": "r-1"}
    assert 201 == client.post("/v1/candidates/reject", json=answer).status_code
    assert ([], 0) == tuple(client.get("/v1/candidates").json().values())
    problem = merge(A, B, status=409)
    assert problem["type"].endswith("asserted-different")
    assert "r-1" in problem["remedy"]
    preview = client.post("/v1/merges/preview", json={"party_ids": [A, B]}).json()
    assert (False, 1) == (preview["allowed"], len(preview["forbidden"]))
    client.post("/v1/merges/r-1/undo", json={"actor": "eva", "reason": "one after all"})
    assert 1 == client.get("/v1/candidates").json()["waiting"]
    accepted = answer | {"merge_id": "m-1"}
    assert 201 == client.post("/v1/candidates/accept", json=accepted).status_code
    assert 0 == client.get("/v1/candidates").json()["waiting"]


@pytest.mark.both_databases
def test_two_tills_that_enrol_one_card_offline_have_met_one_person(
    client, receive, told, apply, shown, merge
):
    """A customer would have to show which of two records is theirs, at every till."""
    for side, party_id in ((SIDE, A), ("c" * 32, B)):
        receive(side, told.enrolled(party_id, card=CARD.value))
    apply()
    card = shown(A)[A][0]
    assert 1 == len(card["merged_from"])
    assert [("R1", "loyalty_card")] == [(why["rule"], why["means"]) for why in card["why"]]
    asked = {"party_ids": [B], "actor": "eva", "reason": "found card", "merge_id": "s-1"}
    assert 201 == client.post("/v1/separations", json=asked).status_code
    assert [] == shown(A)[A][0]["merged_from"]
    client.post("/v1/merges/s-1/undo", json={"actor": "eva", "reason": "theirs after all"})
    assert card == shown(A)[A][0]
    merge_id = merge(A, B)
    problem = client.post("/v1/separations", json=asked | {"merge_id": "s-2"}).json()
    assert problem["type"].endswith("merged-by-hand")
    assert merge_id in problem["detail"]


@pytest.mark.both_databases
def test_a_number_that_names_nobody_joins_and_finds_nobody(client, receive, told, apply, shown):
    """Everybody a store has enrolled with its own card for training would be one customer."""
    receive(SIDE, *(told.enrolled(each, card=CARD.value) for each in (A, B)))
    apply()
    assert 1 == len(shown(A)[A][0]["merged_from"])
    merged = shown(A, B)
    asked = {
        "type": "loyalty_card",
        "value": "lc 0082-0g40gm",
        "actor": "eva",
        "reason": "training",
    }
    listed = client.post("/v1/identifiers/block", json=asked).json()["blocked"]
    assert [("loyalty_card", CARD.value, "eva")] == [
        (each["type"], each["value"], each["actor"]) for each in listed
    ]
    assert [] == shown(A)[A][0]["merged_from"]
    assert 0 == client.get("/v1/candidates").json()["waiting"]
    assert {"blocked": []} == client.post("/v1/identifiers/unblock", json=asked).json()
    assert merged == shown(A, B)
    nobody = client.post("/v1/identifiers/block", json=asked | {"actor": ""})
    assert 400 == nobody.status_code


@pytest.mark.both_databases
def test_a_web_account_that_proves_both_joins_what_tills_have_met(web, receive, told, apply, shown):
    """Who orders on the web and shops in two towns would stay three customers."""
    receive(SIDE, told.enrolled(A, card="LC00820G40GM"), told.enrolled(B, card="LC00820G40GN"))
    apply()
    said = {"type": "party.observed", "occurred_at": "2026-11-02T09:00:00Z"}
    account = {"web_account": "42", "verified": ["card", "web_account"]}
    met = web(
        said | {"event_id": "w-1", "party": account | {"card": "LC00820G40GM"}},
        said | {"event_id": "w-2", "party": account | {"card": "LC00820G40GN"}},
    )
    assert [A, B] == met
    card, unified, _ = shown(A)[A]
    assert 1 == len(card["merged_from"])
    assert [("R4", "web_account")] == [(why["rule"], why["means"]) for why in card["why"]]
    assert all(each["verified"] for each in unified["identifiers"])


@pytest.mark.both_databases
def test_a_proved_address_finds_who_proved_it(web, receive, told, apply, client):
    """A cashier's typing error would lead a web customer's orders into a stranger's history."""
    receive(SIDE, told.enrolled(A, email="ada@example.com"))
    apply()
    said = {"type": "party.observed", "occurred_at": "2026-11-02T09:00:00Z"}
    proved = {"party_id": B, "email": "ADA@example.com", "verified": ["email", "shoe size"]}
    web(said | {"event_id": "w-1", "party": proved})
    [found] = web(said | {"event_id": "w-2", "party": {"email": "ada@example.com"}})
    assert B == found
    [asked] = client.get("/v1/candidates").json()["questions"]
    assert ["email"] == [each["means"] for each in asked["proposals"]]


@pytest.mark.usefixtures("shop")
def test_what_was_written_down_meanwhile_is_listed_at_the_undo(
    shown, merge, undo, receive, told, apply
):
    """Nobody would see which purchase of a wrongly merged person may be the other's."""
    merge_id = merge(A, B)
    chosen = shown(A)[A][0]["canonical_id"]
    receive(SALES, told.sale(3, ref="ref-3"))
    receive(SIDE, told.tie(3, chosen))
    apply()
    undone = undo(merge_id)["undone"]
    assert "sale-3" in {each["event_id"] for each in undone["meanwhile"]}
    other = ({A, B} - {chosen}).pop()
    lines = shown(other)[other][2]["interactions"]
    assert "sale-3" not in {each["event_id"] for each in lines}


def test_a_merge_reads_no_history_whatever_its_length(ledger, merge):
    """Customers of many years could not be merged while tills wait."""
    counted = []
    event.listen(ledger, "before_cursor_execute", lambda *told: counted.append(told[2]))
    found = []
    for many, ids in ((3, ("p-1", "p-2")), (300, ("p-3", "p-4"))):
        with writing(ledger) as conn:
            for party_id in ids:
                ensure(conn, party_id, TILL)
                for n in range(many):
                    at = f"2026-11-01T00:{n // 60:02d}:{n % 60:02d}.000Z"
                    told = Interaction(f"{party_id}-{n}", "service.contact", "w", "w", at, "x", "r")
                    record(conn, party_id, told, "now")
        counted.clear()
        merge(*ids)
        found.append(len(counted))
        assert not [each for each in counted if "UPDATE interaction" in each]
    assert found[0] >= found[1] - 2


@pytest.mark.usefixtures("shop")
def test_the_map_holds_only_who_has_several_ids(rows, merge, undo):
    """Five million customers would need five million rows that say nothing."""
    assert [] == rows(CANONICAL)
    merge_id = merge(A, B)
    assert {A, B} == {row["party_id"] for row in rows(CANONICAL)}
    undo(merge_id)
    assert [] == rows(CANONICAL)


def published(told):
    """Give what tills hold of parties, but for how often it was told."""
    cards = {key: body for key, (op, body) in told.items() if key[1].startswith("party:")}
    for body in cards.values():
        body["card"].pop("ver", None)
    return cards


@pytest.mark.both_databases
@pytest.mark.usefixtures("shop")
def test_a_card_that_the_web_tells_of_while_merged_does_not_hold_two_together(
    ledger, shown, merge, undo, web
):
    """A rule would go on saying what the steward has taken back: that two are one (P10)."""
    with writing(ledger) as conn:
        hold(conn, B, [CARD], TILL)
    made = merge(A, B)
    web(
        {
            "event_id": "w-2",
            "type": "party.observed",
            "occurred_at": "2026-11-02T09:30:00Z",
            "party": {"party_id": A, "card": CARD.value},
        }
    )
    undo(made)
    views = shown(A, B)
    assert [A, B] == [views[each][0]["canonical_id"] for each in (A, B)]


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("merge_id", ["a/b", "..", "m?1", "m" * 5000])
def test_a_merge_that_could_not_be_undone_is_not_made(client, merge_id):
    """Its id would be no part of an address, or longer than a server keeps (P10)."""
    asked = {"party_ids": [A, B], "actor": "eva", "reason": "same person", "merge_id": merge_id}
    answer = client.post("/v1/merges", json=asked)
    assert (400, True) == (answer.status_code, "bad-merge-id" in answer.json()["type"])


def test_a_merge_of_very_many_is_refused_before_anything_is_read(client):
    """Some hundred thousand ids in one call would hold up every till's writer for minutes."""
    ids = [f"p-{n}" for n in range(51)]
    asked = {"party_ids": ids, "actor": "eva", "reason": "same person"}
    for path in ("/v1/merges", "/v1/separations", "/v1/merges/preview"):
        problem = client.post(path, json=asked).json()
        assert "too many" in problem["detail"]


@pytest.mark.both_databases
@pytest.mark.usefixtures("shop")
def test_decisions_of_one_moment_are_all_listed(client):
    """A merge nobody finds in the list any more can be undone by nobody."""
    made = set()
    for pair in ((A, B), (A, C), (B, C)):
        asked = {"party_ids": pair, "actor": "eva", "reason": "two"}
        answer = client.post("/v1/candidates/reject", json=asked).json()
        made.add((answer["merge"]["at"], answer["merge"]["merge_id"]))
    assert 1 == len({at for at, _ in made})
    listed, before = [], ""
    while before is not None:
        page = client.get("/v1/merges", params={"limit": 1, "before": before}).json()
        listed += [(each["at"], each["merge_id"]) for each in page["merges"]]
        before = page["before"]
    assert (3, made) == (len(listed), set(listed))
    assert [] == client.get("/v1/merges", params={"before": listed[0][0]}).json()["merges"]


@pytest.mark.usefixtures("shop")
def test_a_preview_counts_objections_of_former_merges(client, merge, undo):
    """A steward would be shown a yes that the merged person has not given."""
    undo(merge(A, B))
    no = ConsentRecord("r-1", B, "marketing", State.OBJECTED, "2026-11-02T11:00:00.000Z")
    with writing(client.app.state["hq"].engine) as conn:
        keep_record(conn, no, "hq", "2026-11-02T12:00:00.000Z")
    preview = client.post("/v1/merges/preview", json={"party_ids": [A, C]}).json()
    shown = {
        view["canonical_id"]: [each["given"] for each in view["consents"]]
        for view in (*preview["before"], *preview["after"])
    }
    assert [] == [each for given in shown.values() for each in given if each]
    assert [False] == [False for each in preview["after"] if not each["consents"][0]["given"]]
