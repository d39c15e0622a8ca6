"""Passes in customers' phones at HQ: made once, on the card, and shown to nobody."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import func, select

from agent.core.entries.bodies import PartyEnrolled
from agent.core.history import Pass
from agent.core.recognition import Identifier, IdentifierType, name_postcode
from agent.core.recognition.signed_text import from_base32, key_id
from agent.core.sale.model import Stamp
from central.histories.entry import Entry
from central.histories.people import enrolled
from central.identity.attributes import observe
from central.identity.cards import card_changes, card_of
from central.identity.held import holdings_of, take_out
from central.identity.holding import hold
from central.identity.parties import Origin, ensure, holders_of
from central.identity.wallets import RULE
from central.ledger.engine import reading, writing
from central.ledger.tables import FEED_ROWS
from central.ledger.wallet_tables import WALLET_PASSES

NOW = "2026-11-02T12:00:00.000Z"
TILL = Origin("store-0001/till-1", NOW)
ASKED = {"request_id": "019a0000-0000-7000-8000-000000000001"}
PASSES = "/v1/parties/p-1/wallet-passes"
KEY = "aa" * 32


@pytest.fixture
def ada(ledger):
    """Somebody with a name and a postcode."""
    with writing(ledger) as conn:
        ensure(conn, "p-1", TILL)
        observe(conn, "p-1", {"name": "Ada Byron", "postcode": "10115"}, TILL)
        hold(conn, "p-1", [Identifier(IdentifierType.PHONE, "+491701234567")], TILL)
    return ledger


@pytest.mark.both_databases
def test_a_pass_is_made_once_and_proves_itself_at_the_till(ada, client):
    """A lost answer would leave two passes, or a phone that no till knows."""
    made = client.post(PASSES, json=ASKED)
    assert 201 == made.status_code
    body = made.json()
    assert body == client.post(PASSES, json=ASKED).json()
    assert body["pattern"].startswith(f"TW1.{body['pass_id']}.")
    with reading(ada) as conn:
        card = card_of(conn, "p-1")
        assert ["p-1"] == holders_of(conn, Identifier(IdentifierType.WALLET, body["pass_id"]))
    assert (Pass(body["pass_id"], from_base32(body["secret"]).hex()),) == card.passes


@pytest.mark.usefixtures("ada")
def test_what_proves_a_pass_is_shown_to_nobody(client):
    """Whoever works at HQ could show a customer's phone."""
    body = client.post(PASSES, json=ASKED).json()
    secret = from_base32(body["secret"]).hex()
    listed = client.get(PASSES)
    assert [{"pass_id": body["pass_id"], "shows_codes": True, "signs": False}] == listed.json()[
        "passes"
    ]
    for path in ("", "/unified", "/timeline", "/wallet-passes"):
        said = client.get(f"/v1/parties/p-1{path}").text
        assert secret not in said
        assert body["secret"] not in said


def test_a_phone_that_signs_needs_no_secret(ada, client):
    """A secret that nobody uses would lie on every till."""
    body = client.post(PASSES, json={**ASKED, "key": KEY.upper()}).json()
    assert "" == body["secret"]
    with reading(ada) as conn:
        assert (Pass(body["pass_id"], "", KEY),) == card_of(conn, "p-1").passes
    assert 400 == client.post(PASSES, json={**ASKED, "key": "xy"}).status_code


@pytest.mark.both_databases
def test_a_lost_phone_opens_nothing(ada, client):
    """Whoever finds it would be taken for the customer."""
    body = client.post(PASSES, json=ASKED).json()
    assert 200 == client.delete(f"{PASSES}/{body['pass_id']}").status_code
    assert 404 == client.delete(f"{PASSES}/{body['pass_id']}").status_code
    assert [] == client.get(PASSES).json()["passes"]
    with reading(ada) as conn:
        assert () == card_of(conn, "p-1").passes
        assert [] == holders_of(conn, Identifier(IdentifierType.WALLET, body["pass_id"]))


def test_a_pass_made_at_a_till_is_on_the_card_everywhere(ledger):
    """A customer enrolled in one store would be a stranger in the next."""
    at = Stamp(NOW, 1, "boot")
    body = PartyEnrolled("p-2", "s", "t", at, "Bob", pass_id="P" * 16, pass_secret="00" * 20)
    with writing(ledger) as conn:
        for _ in range(2):
            enrolled(conn, Entry("j" * 32, 1, NOW), body)
    with reading(ledger) as conn:
        assert (Pass("P" * 16, "00" * 20),) == card_of(conn, "p-2").passes


@pytest.mark.both_databases
def test_an_erased_person_leaves_no_secret(ada, client):
    """What proves a phone would outlive the person it belongs to."""
    client.post(PASSES, json=ASKED)
    with writing(ada) as conn:
        held = holdings_of(conn, ["p-1"])
        assert 1 == sum(each.key.startswith("wallet/p-1/") for each in held)
        take_out(conn, held)
        assert 0 == conn.execute(select(func.count()).select_from(WALLET_PASSES)).scalar_one()


def test_a_name_and_a_postcode_are_published_as_a_key(ada):
    """A till would enrol somebody anew who has forgotten their card."""
    with writing(ada) as conn:
        (change,) = card_changes(conn, ["p-1"])
    key = name_postcode.key("Ada Byron", "10115")
    named = msgspec.json.decode(change.body)["identifiers"]
    assert {"type": key.type.value, "value": key.value}.items() <= named[-1].items()


def test_the_chains_own_keys_go_to_every_till(ledger, client):
    """The shop's own app could not show a pass."""
    keys = [{"public": KEY, "name": "app"}]
    assert keys == client.put("/v1/signing-keys", json={"keys": keys}).json()["keys"]
    assert keys == client.get("/v1/signing-keys").json()["keys"]
    assert 12 == len(key_id(bytes.fromhex(KEY)))
    bad = client.put("/v1/signing-keys", json={"keys": [{"public": "zz", "name": "app"}]})
    assert 400 == bad.status_code
    assert bad.json()["type"].endswith(":bad-signing-key")
    with reading(ledger) as conn:
        rows = conn.execute(select(FEED_ROWS.c.body).where(FEED_ROWS.c.key == RULE)).scalars().all()
    assert [{"wallet": [KEY]}] == [msgspec.json.decode(body) for body in rows]


@pytest.mark.both_databases
@pytest.mark.parametrize("whose", ["p-1", "p-2"])
def test_a_pass_made_while_two_are_merged_stays_with_whom_it_was_made_for(ada, client, whose):
    """Once the merge is undone, one customer's phone would open the other one's account (P10)."""
    with writing(ada) as conn:
        ensure(conn, "p-2", TILL)
    by = {"actor": "eva", "reason": "the same"}
    client.post("/v1/merges", json={"merge_id": "m-1", "party_ids": ["p-1", "p-2"]} | by)
    made = client.post(f"/v1/parties/{whose}/wallet-passes", json=ASKED).json()
    client.post("/v1/merges/m-1/undo", json=by)
    assert made == client.post(f"/v1/parties/{whose}/wallet-passes", json=ASKED).json()
    with reading(ada) as conn:
        held = Identifier(IdentifierType.WALLET, made["pass_id"])
        assert [whose] == holders_of(conn, held)
        assert [whose] == [each for each in ("p-1", "p-2") if card_of(conn, each).passes]


def test_two_whom_a_pass_had_made_one_are_two_without_it(ada, client):
    """A phone that was lost would go on holding two strangers together."""
    made = client.post(PASSES, json=ASKED).json()
    with writing(ada) as conn:
        ensure(conn, "p-2", TILL)
        hold(conn, "p-2", [Identifier(IdentifierType.WALLET, made["pass_id"])], TILL)
    [other] = client.get("/v1/parties/p-1").json()["merged_from"]
    assert other in {"p-1", "p-2"}
    assert 200 == client.delete(f"{PASSES}/{made['pass_id']}").status_code
    assert [] == client.get("/v1/parties/p-1").json()["merged_from"]
