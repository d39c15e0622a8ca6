"""Customers over HTTP: who may see what of whom, and when."""

from __future__ import annotations

import pytest

from agent.core.identifiers import TillId
from agent.journal import events

ADA = "019a0000-0000-7000-8000-00000000ada0"
ADA_CARD = "LC0041061059"
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
