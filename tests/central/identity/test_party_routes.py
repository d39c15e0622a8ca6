"""What staff see of a person over HTTP: enough, with its sources, and logged."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import insert

from agent.core.entries.bodies import ConsentGiven
from agent.core.history import Interaction, Order, Strength
from agent.core.recognition import normalise
from agent.core.recognition.means import IdentifierType
from central.histories import Applier
from central.identity.attributes import consent, observe
from central.identity.cards import card_of
from central.identity.holding import hold
from central.identity.interactions import record
from central.identity.parties import Origin, ensure
from central.ledger.customer_tables import ORDERS
from central.ledger.engine import writing
from central.ledger.wallet_tables import WALLET_PASSES

NOW = "2026-11-02T12:00:00.000Z"
TILL, IMPORT = Origin("store-0001/till-1", NOW), Origin("import", NOW)


@pytest.fixture
def people(ledger):
    """Some customers with similar names."""
    with writing(ledger) as conn:
        for party_id, name, email, phone, card in (
            ("p-1", "Zoë Krüger", "zoe@example.com", "+491713920001", "LC00820G40GM"),
            ("p-2", "Thomas Berger", "thomas@example.com", None, None),
            ("p-3", "Thomas Bergmann", None, "+491713920003", None),
        ):
            ensure(conn, party_id, TILL)
            observe(conn, party_id, {"name": name}, TILL)
            for kind, text in (
                (IdentifierType.EMAIL, email),
                (IdentifierType.PHONE, phone),
                (IdentifierType.LOYALTY_CARD, card),
            ):
                if text:
                    hold(conn, party_id, [normalise(kind, text, "DE")], TILL)
        observe(conn, "p-1", {"tier": "Gold", "postcode": "12043"}, IMPORT, Strength.RECORD)
        consent(conn, "p-1", [ConsentGiven("marketing", "email", given=True)], TILL)


@pytest.fixture
def search(request, client):
    """Search among the people; gives ids and what matched."""
    request.getfixturevalue("people")

    def _search(text):
        answer = client.post("/v1/parties/search", json={"text": text})
        return [(row["party_id"], row["matched"]) for row in answer.json()["parties"]]

    return _search


@pytest.mark.usefixtures("people")
def test_party_by_its_id(client, reads):
    """Whoever has an id could not find the customer behind it."""
    answer = client.get("/v1/parties/p-1").json()
    assert (answer["canonical_id"], answer["merged_from"]) == ("p-1", [])
    assert (answer["card"]["name"], answer["card"]["tier"]) == ("Zoë Krüger", "Gold")
    assert reads.rows == [("staff", "card", "p-1")]


@pytest.mark.usefixtures("people")
def test_what_a_pass_is_checked_by_is_shown_to_nobody(client, ledger):
    """Whoever may look at customers at HQ could make a pass that is theirs."""
    secret = "5e" * 20
    with writing(ledger) as conn:
        row = {column.name: "x" for column in WALLET_PASSES.columns}
        conn.execute(insert(WALLET_PASSES).values(row | {"party_id": "p-1", "secret": secret}))
        assert secret == card_of(conn, "p-1").passes[0].secret
    for path in ("", "/unified", "/timeline"):
        assert secret not in client.get(f"/v1/parties/p-1{path}").text


@pytest.mark.usefixtures("people")
def test_unified_says_where_each_field_comes_from(client, reads):
    """Nobody could tell a customer where the shop has something from."""
    answer = client.get("/v1/parties/p-1/unified").json()
    assert answer["fields"]["name"]["source"] == "store-0001/till-1"
    assert answer["fields"]["tier"] == {
        "value": "Gold",
        "source": "import",
        "observed_at": NOW,
        "event": "import",
        "party_id": "p-1",
        "strength": "record",
        "why": "alone",
        "others": [],
    }
    assert [each["type"] for each in answer["identifiers"]] == ["email", "loyalty_card", "phone"]
    assert answer["consents"] == [{"purpose": "marketing", "contact": "email", "given": True}]
    assert reads.rows == [("staff", "unified", "p-1")]


@pytest.mark.parametrize("path", ["", "/unified", "/timeline"])
def test_unknown_id_is_a_problem_with_a_remedy(client, reads, path):
    """A mistyped id would look like a broken server."""
    answer = client.get(f"/v1/parties/nobody{path}")
    assert (answer.status_code, answer.json()["type"]) == (
        404,
        "urn:till-agent:problem:unknown-party",
    )
    assert answer.json()["remedy"]
    assert reads.rows == []


@pytest.mark.usefixtures("people")
def test_timeline_comes_in_pages(client, ledger, reads):
    """A long history would come at once, or stop at its first page."""
    with writing(ledger) as conn:
        for n in range(5):
            told = Interaction(f"e-{n}", "t", "web", "w", f"2026-11-0{n + 1}", "x", "r")
            record(conn, "p-1", told, NOW)
    first = client.get("/v1/parties/p-1/timeline", params={"limit": 3}).json()
    rest = client.get(
        "/v1/parties/p-1/timeline", params={"limit": 3, "before": first["before"]}
    ).json()
    shown = [each["event_id"] for each in first["interactions"] + rest["interactions"]]
    assert (shown, rest["before"]) == (["e-4", "e-3", "e-2", "e-1", "e-0"], None)
    assert reads.rows == [("staff", "timeline", "p-1")] * 2
    assert client.get("/v1/parties/p-1/timeline", params={"limit": 0}).status_code == 400


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("lc 0082-0g40gm", [("p-1", "loyalty_card")]),
        ("0171 3920001", [("p-1", "phone")]),
        ("ZOE@example.com", [("p-1", "email")]),
        ("kruger", [("p-1", "name")]),
        ("thomas berg", [("p-2", "name"), ("p-3", "name")]),
        ("bergmann thomas", [("p-3", "name")]),
        ("100%", []),
        ("\u0301\u0301", []),
        ("kr\x00zz", []),
        ("nobody", []),
    ],
)
def test_search_by_anything_that_names_a_person(search, text, found):
    """Staff would have to ask the customer for the one thing the search knows."""
    assert search(text) == found


def test_search_by_order_and_receipt(search, ledger, receive, told):
    """A customer with only a receipt in hand would be nobody."""
    receive("a" * 32, told.sale(1, ref="ref-1"))
    receive("b" * 32, told.tie(1, "p-2"))
    Applier(ledger, lambda: NOW).apply_pending()
    row = {"channel_id": "web", "state": "placed", "party_id": "p-3", "scope": "global"}
    with writing(ledger) as conn:
        for order_no in ("WEB-1", "shop-a1"):
            order = msgspec.json.encode(Order(order_no, "web", "placed", "", 1, "EUR"))
            conn.execute(insert(ORDERS).values(row | {"order_no": order_no, "body": order}))
    assert search("web-1") == [("p-3", "order")]
    assert search("shop-a1") == [("p-3", "order")]
    assert search("store-0001-till-1-aaaa-1") == [("p-2", "receipt")]


@pytest.mark.usefixtures("people")
def test_search_shows_no_more_than_needed_and_is_logged(client, reads):
    """A list of results would be a list of telephone numbers."""
    [row] = client.post("/v1/parties/search", json={"text": "zoe"}).json()["parties"]
    assert (row["phone"], row["email"], row["card"]) == ("•••0001", "z•••@example.com", "•••40GM")
    assert (row["tier"], row["postcode"]) == ("Gold", "12043")
    assert reads.rows == [("staff", "search", "p-1")]


@pytest.mark.parametrize("text", ["", " a ", "x" * 101])
@pytest.mark.usefixtures("people")
def test_search_for_everybody_is_refused(client, text):
    """One letter would read out the customer file."""
    answer = client.post("/v1/parties/search", json={"text": text})
    assert (answer.status_code, "type 2 to 100" in answer.json()["remedy"]) == (400, True)


def test_search_stops_at_twenty(client, ledger):
    """A common name would read out half the town."""
    with writing(ledger) as conn:
        for n in range(30):
            ensure(conn, f"s-{n}", TILL)
            observe(conn, f"s-{n}", {"name": f"Anna Schmidt {n}"}, TILL)
    found = client.post("/v1/parties/search", json={"text": "anna"}).json()["parties"]
    assert len(found) == 20
