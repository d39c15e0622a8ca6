"""Customers over HTTP: who may see what of whom, and when."""

from __future__ import annotations

import time

import pytest

from agent.core.exchange.wire import FeedItem, FeedPage
from agent.core.identifiers import TillId
from agent.core.recognition import TotpKey
from agent.core.recognition.one_time_codes import code_at
from agent.core.recognition.signed_text import from_base32
from agent.journal import events

ADA = "019a0000-0000-7000-8000-00000000ada0"
ADA_CARD = "LC1PB1X9SFPE"
NEW = "019a0000-0000-7000-8000-0000000000e0"
SALE = "019a2222-0000-7000-8000-000000000001"


@pytest.mark.asyncio
async def test_a_card_opens_only_after_it_was_presented(agent):
    """Anybody with a token could leaf through the shop's customers."""
    async with agent.client() as client:
        closed = await client.get(f"/v1/parties/{ADA}")
        assert closed.status_code == 409
        assert closed.json()["type"].endswith(":identify-first")
        found = await client.post("/v1/identify", json={"scan": ADA_CARD})
        assert found.json()["answer"] == "found"
        assert found.json()["card"]["name"] == "Ada Example"
        assert found.json()["why"]
        opened = await client.get(f"/v1/parties/{ADA}")
        assert opened.json()["card"]["tier"] == "gold"
        timeline = await client.get(f"/v1/parties/{ADA}/timeline")
        assert timeline.json()["complete"] is False
    async with agent.client(await agent.pair("till-2")) as other:
        assert (await other.get(f"/v1/parties/{ADA}")).status_code == 409


@pytest.mark.asyncio
async def test_a_new_customer_is_known_at_once_by_everything_they_said(agent):
    """The customer would be asked the same thing twice."""
    person = {
        "party_id": NEW,
        "name": "Grace Example",
        "phone": "0170 1234567",
        "email": "Grace@Example.com",
        "consents": [{"purpose": "marketing", "contact": "email", "given": True}],
    }
    async with agent.client() as client:
        made = await client.post("/v1/parties", json=person)
        assert made.status_code == 201, made.text
        again = await client.post("/v1/parties", json=person)
        assert again.json() == made.json()
        card = made.json()["card"]
        assert card.startswith("LC")
        for shown in (
            {"scan": card},
            {"type": "phone", "value": "+49 170 1234567"},
            {"type": "email", "value": "grace@example.com"},
        ):
            found = (await client.post("/v1/identify", json=shown)).json()
            assert (found["answer"], found["party_id"]) == ("found", NEW)
        twice = await client.post("/v1/parties", json={"name": "G", "phone": "01701234567"})
        assert twice.json()["type"].endswith(":already-known")
        bad = await client.post("/v1/parties", json={"name": "H", "email": "not an address"})
        assert bad.status_code == 400


@pytest.mark.asyncio
async def test_the_next_visit_shows_the_last_one_without_hq(agent):
    """While HQ is away the till would not know what a customer bought an hour ago."""
    async with agent.client() as client:
        await client.post("/v1/tills/till-1/scan", json={"scan": ADA_CARD})
        sale = (await client.post("/v1/tills/till-1/scan", json={"scan": "4006381333931"})).json()
        view = (await client.get(f"/v1/sales/{sale['sale_id']}")).json()
        assert view["sale"]["party_id"] == ADA
        tender = {"kind": "cash", "amount": 499}
        await client.post(f"/v1/sales/{sale['sale_id']}/tenders", json=tender)
        done = (await client.post(f"/v1/sales/{sale['sale_id']}/complete")).json()
    async with agent.client(await agent.pair("till-2")) as other:
        found = (await other.post("/v1/identify", json={"value": ADA_CARD})).json()
        assert [each["ref"] for each in found["card"]["last"]] == [done["receipt_no"]]


@pytest.mark.asyncio
async def test_stored_events_hold_no_personal_data(agent):
    """Names and numbers of customers would lie in a file that is never erased."""
    async with agent.client() as client:
        person = {"name": "Grace Example", "phone": "01701234567"}
        card = (await client.post("/v1/parties", json=person)).json()["card"]
        await client.post("/v1/tills/till-1/scan", json={"scan": card})
        await client.post("/v1/identify", json={"type": "phone", "value": "01701234567"})
    told = await agent.backend.journal.read(
        lambda conn: events.after(conn, TillId("till-1"), 0, 100)
    )
    assert told
    text = repr(told)
    for secret in ("Grace", "01701234567", "+491701234567", card):
        assert secret not in text


@pytest.mark.asyncio
async def test_a_customer_is_set_and_taken_off(agent):
    """The wrong customer would stay on a sale."""
    async with agent.client() as client:
        await client.post("/v1/tills/till-1/sales", json={"sale_id": SALE})
        path = f"/v1/sales/{SALE}/customer"
        view = (await client.put(path, json={"party_id": ADA})).json()
        assert view["sale"]["party_id"] == ADA
        assert (await client.get(f"/v1/parties/{ADA}")).status_code == 200
        view = (await client.put(path, json={"party_id": None})).json()
        assert "party_id" not in view["sale"]
        assert (await client.put(path, json={})).status_code == 400


@pytest.mark.asyncio
async def test_what_a_customer_says_of_their_data_is_kept_and_shown(agent, problem):
    """POS software could show a card, and could not write down a no."""
    record = "019a3333-0000-7000-8000-000000000001"
    said = {"purpose": "marketing", "contact": "email", "given": False, "record_id": record}
    async with agent.client() as client:
        closed = await client.post(f"/v1/parties/{ADA}/consents", json=said)
        assert problem(closed)["type"].endswith(":identify-first")
        found = (await client.post("/v1/identify", json={"scan": ADA_CARD})).json()
        assert ("strong", None) == (found["strength"], found["ask"])
        assert ["name", "tier"] == [line["kind"] for line in found["lines"]]
        kept = await client.post(f"/v1/parties/{ADA}/consents", json=said)
        assert (201, "refused", record) == (
            kept.status_code,
            kept.json()["state"],
            kept.json()["record_id"],
        )
        assert kept.json() == (await client.post(f"/v1/parties/{ADA}/consents", json=said)).json()
        view = (await client.get(f"/v1/parties/{ADA}")).json()
        assert {"kind": "consents", "text": "no to marketing by email"} in view["lines"]
        bad = await client.post(f"/v1/parties/{ADA}/consents", json={**said, "purpose": "No Word"})
        assert 201 == bad.status_code, "the record of that id is there already"
        fresh = {"purpose": "No Word", "given": False}
        wrong = await client.post(f"/v1/parties/{ADA}/consents", json=fresh)
        assert problem(wrong)["type"].endswith(":bad-consent")


@pytest.mark.asyncio
async def test_a_question_of_hqs_is_answered_over_http(agent, problem):
    """POS software could not ask what HQ wants to know, or would ask it again."""
    question = b"""[{"prompt_id":"size","texts":{"en":"Size?"},"triggers":["identify"],
        "kind":"choice","choices":["S","M"],"reaches":[{"channel":"store","value":1}]}]"""
    item = FeedItem(fseq=1, key="rule:prompts", ver=1, op="put", body=question)
    agent.backend.directory.apply("global", FeedPage((item,), "e.1.0"))
    async with agent.client() as client:
        found = (await client.post("/v1/identify", json={"scan": ADA_CARD})).json()
        assert ("size", "Size?", ["S", "M"]) == (
            found["prompt"]["prompt_id"],
            found["prompt"]["text"],
            found["prompt"]["choices"],
        )
        path = f"/v1/parties/{ADA}/prompts/size"
        assert problem(await client.post(path, json={"answer": "L"}))["type"].endswith("bad-answer")
        kept = await client.post(path, json={"answer": "M"})
        assert (201, "answered") == (kept.status_code, kept.json()["outcome"])
        assert None is (await client.get(f"/v1/parties/{ADA}")).json()["prompt"]
        gone = await client.post(f"/v1/parties/{ADA}/prompts/other", json={"refused": True})
        assert problem(gone)["type"].endswith(":no-such-prompt")


@pytest.mark.asyncio
async def test_a_wallet_pass_is_made_and_shown_over_http(agent):
    """A customer enrolled while HQ is away would need a plastic card."""
    person = {"name": "Grace Example", "wallet": True}
    async with agent.client() as client:
        made = (await client.post("/v1/parties", json=person)).json()
        key = TotpKey(from_base32(made["wallet"]["secret"]))
        code = code_at(key, int(time.time()) // 30)
        shown = made["wallet"]["pattern"].replace("{totp_value_0}", code)
        found = (await client.post("/v1/identify", json={"scan": shown})).json()
        assert ("found", "proven", made["party_id"]) == (
            found["answer"],
            found["strength"],
            found["party_id"],
        )
        assert made["wallet"]["secret"] not in repr(found)
        again = (await client.post("/v1/identify", json={"scan": shown})).json()
        assert ("known_elsewhere", None) == (again["answer"], again["card"])
        assert again["ask"]
