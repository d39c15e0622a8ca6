"""Rights over HTTP: a real HQ, a real till that carries the order out, and the proof of it."""

from __future__ import annotations

import asyncio
import time

import msgspec
import pytest

from agent.core.entries.bodies import ConsentGiven, OrderReceived, PartyEnrolled
from agent.core.exchange.orders import FEED_KEY, SignedOrder
from agent.core.sale.model import Stamp

pytestmark = pytest.mark.asyncio

ADA = "01999999-0000-7000-8000-00000000ada0"
AT = Stamp(wall="2026-01-02T03:04:05.000Z", mono_ns=1, boot_id="b")
PROMPT = {
    "prompt_id": "birthday",
    "texts": {"en": "When is your birthday?"},
    "triggers": ["tender"],
    "reaches": [{"channel": "web", "value": 5}],
    "kind": "day",
}


@pytest.fixture
def until(hq):
    """Wait until an address answers as wanted; gives the answer."""

    async def _until(path, wanted, limit_s=90):
        end = time.monotonic() + limit_s
        while True:
            answer = await hq.staff.get(path)
            if wanted(answer) or time.monotonic() > end:
                return answer
            await asyncio.sleep(0.02)

    return _until


async def _enrolled(hq, until):
    till, link = await hq.enrolled()
    said = (ConsentGiven("profiling", "any", given=True),)
    till.seal(body=PartyEnrolled(ADA, till.store, till.till, AT, "Ada Byron", consents=said))
    await link.send(till.batch())
    await until(f"/v1/parties/{ADA}", lambda answer: answer.status_code == 200)
    return till, link


@pytest.mark.both_databases
async def test_a_person_is_erased_and_the_till_proves_it(hq, until):
    """An erasure would be promised, and nobody could show that it was done."""
    till, link = await _enrolled(hq, until)
    refused = await hq.staff.post(f"/v1/parties/{ADA}/erase", json={"request_id": "q-1"})
    assert (409, "person-not-verified") == (
        refused.status_code,
        refused.json()["type"].rpartition(":")[2],
    )
    asked = {"request_id": "q-1", "verified_by": ["passport"], "operator": "eva"}
    begun = (await hq.staff.post(f"/v1/parties/{ADA}/erase", json=asked)).json()["proof"]
    states = {each["replica_id"]: each["state"] for each in begun["replicas"]}
    assert {"hq": "done", "store-0001/till-1": "pending"} == states
    assert not begun["complete"]
    for scope in ("global", "store:store-0001"):
        for item in (await link.feed(scope, "", 0)).items:
            if item.key.startswith(FEED_KEY):
                signed = msgspec.json.decode(item.body, type=SignedOrder)
                till.seal(body=OrderReceived(signed.order, signed.signature, AT, "done"))
    await link.send(till.batch(2))
    answer = await until("/v1/erasures/q-1", lambda answer: answer.json()["proof"]["complete"])
    assert answer.json()["proof"]["complete"]
    (line,) = (await hq.staff.get("/v1/erasures")).json()["erasures"]
    assert ("q-1", True, []) == (line["request_id"], line["complete"], line["open"])
    party = (await hq.staff.get(f"/v1/parties/{ADA}")).json()
    assert ("erased", "") == (party["state"], party["card"]["name"])


@pytest.mark.both_databases
async def test_consents_prompts_and_exports_over_http(hq, until):
    """What the rooms decide would reach nobody."""
    await _enrolled(hq, until)
    no = {"purpose": "marketing", "state": "objected", "operator": "eva", "channel": "phone"}
    kept = await hq.staff.post(f"/v1/parties/{ADA}/consents", json=no)
    assert (201, "objected") == (kept.status_code, kept.json()["state"])
    asked = {"purpose": "profiling", "party_id": ADA}
    verdict = (await hq.staff.post("/v1/consent/check", json=asked)).json()["verdict"]
    assert (False, "objected") == (verdict["allowed"], verdict["state"])
    shown = (await hq.staff.get(f"/v1/parties/{ADA}/consents")).json()
    assert [kept.json()["record_id"]] == [each["record_id"] for each in shown["records"]]
    assert 200 == (await hq.staff.put("/v1/prompts", json=[PROMPT])).status_code
    visit = {"trigger": "tender", "channel": "web", "visit": "v-1"}
    due = (await hq.staff.post(f"/v1/parties/{ADA}/prompts/next", json=visit)).json()
    assert "birthday" == due["choice"]["prompt_id"]
    event = {"event_id": "e-1", "prompt_id": "birthday", "party_id": ADA, "outcome": "refused"}
    event |= {"on": "2026-11-02", "at": "2026-11-02T12:00:00Z", "channel": "web", "visit": "v-1"}
    assert 201 == (await hq.staff.post(f"/v1/parties/{ADA}/prompts", json=event)).status_code
    due = (await hq.staff.post(f"/v1/parties/{ADA}/prompts/next", json=visit)).json()
    assert "" == due["choice"].get("prompt_id", "")
    told = {"kind": "access", "request_id": "q-2", "verified_by": ["passport"]}
    await hq.staff.post(f"/v1/parties/{ADA}/requests", json=told)
    page = await hq.staff.get(f"/v1/parties/{ADA}/export.html?request_id=q-2")
    assert ("text/html; charset=utf-8", True) == (page.headers["content-type"], "Ada" in page.text)
    document = (await hq.staff.get(f"/v1/parties/{ADA}/export?request_id=q-2")).json()
    rows = {table["section"]: table["rows"] for table in document["tables"]}
    assert ["birthday"] == [row["prompt"] for row in rows["answers"]]
    looks = (await hq.staff.get(f"/v1/parties/{ADA}/reads")).json()
    actions = [each["action"] for each in looks]
    assert {"consents", "export access", "requests"} <= {*actions}
    assert [3, 2] == [actions.count(each) for each in ("prompts", "consents")]
    assert [] == (await hq.staff.get("/v1/requests")).json()


async def test_the_addresses_are_described(hq):
    """Whoever writes a web store would not know that it can ask."""
    paths = (await hq.staff.get("/schema/openapi.json")).json()["paths"]
    for path in ("/v1/consent/check", "/v1/parties/{any_id}/export", "/v1/erasures/{request_id}"):
        (operation,) = paths[path].values()
        assert operation["description"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"/v1/parties/{ADA}/hold", {"reason": "paid by 4111 1111 1111 1111", "actor": "eva"}),
        (f"/v1/parties/{ADA}/requests", {"kind": "access", "operator": "4111111111111111"}),
        ("/v1/prompts", [{"prompt_id": "x", "texts": {"en": "4111111111111111?"}}]),
    ],
    ids=["reason", "operator", "question"],
)
async def test_staff_cannot_write_a_card_number(hq, path, body):
    """A reason somebody types would keep a card number at HQ for years (PCI DSS)."""
    method = hq.staff.put if path == "/v1/prompts" else hq.staff.post
    answer = await method(path, json=body)
    assert (400, True) == (answer.status_code, answer.json()["type"].endswith(":card-number"))
    assert "4111" not in answer.text


async def test_staff_may_ask_for_a_card_with_any_number(hq):
    """A loyalty card in the range of a card issuer could not be searched for."""
    answer = await hq.staff.post("/v1/parties/search", json={"text": "4111111111111111"})
    assert 200 == answer.status_code
