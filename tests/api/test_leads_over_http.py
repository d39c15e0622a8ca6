"""Leads and suggestions over HTTP: a web cart is sold without typing it again, and by consent."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.consent import answer_mark
from agent.core.history import Card
from agent.core.identifiers import ItemId, PartyId
from agent.core.leads import Lead, LeadRedeemed, LeadTold, OpenLead
from agent.core.quantities import Minor
from agent.core.recognition import Identifier, IdentifierType, Item, Price
from agent.core.suggest import Insight, Profile, SuggestionAnswered
from agent.journal import chains
from tests.sealed import RULES

BOB = "019a0000-0000-7000-8000-00000000b0b0"
BOB_PHONE = "+491701234567"
SALE = "019a2222-0000-7000-8000-000000000001"
COFFEE = "4006381333931"
TEA = Item(ItemId("tea"), "Tea 100 g", ("reduced",), prices=(Price(Minor(299)),))
CART = OpenLead(
    Lead("web/cart-1", "cart", "web", "2026-07-01T10:00:00.000Z"),
    begun=1,
    touched=1,
    left={"tea": 2000, "gone": 1000},
)


def meet(agent, *, yes=True, cart=CART, **known):
    """Have a customer with an open cart, who may have agreed to profiling."""
    mark = answer_mark("e", 0, purpose="profiling", contact="any", given=yes)
    insight = Insight(Profile(as_of="2026-07-01", **known), wished=(cart,))
    card = Card(PartyId(BOB), "Bob Example", marks=(mark,), insight=insight if yes else None)
    agent.backend.directory.import_items([TEA])
    phone = Identifier(IdentifierType.PHONE, BOB_PHONE)
    agent.backend.directory.put_local(card, [phone], RULES)


def reach_hq(agent):
    """Have the agent in step with HQ."""
    status = msgspec.structs.replace(agent.backend.sync(), online=True)
    object.__setattr__(agent.backend, "sync", lambda: status)


async def begin(client, agent, **more):
    """Open a sale of coffee for the customer."""
    meet(agent, **more)
    found = await client.post("/v1/identify", json={"type": "phone", "value": BOB_PHONE})
    assert "found" == found.json()["answer"], found.text
    await client.post("/v1/tills/till-1/sales", json={"sale_id": SALE})
    await client.put(f"/v1/sales/{SALE}/customer", json={"party_id": BOB})
    await client.post(f"/v1/sales/{SALE}/lines", json={"gtin": f"0{COFFEE}"})


async def sealed(agent, kind):
    """Give all entries of one kind that the agent sealed."""

    def read(conn):
        heads = chains.heads(conn)
        places = [(head.journal_id, seq) for head in heads for seq in range(1, head.due_seq + 1)]
        return [chains.body_at(conn, *place) for place in places]

    return [body for body in await agent.backend.journal.read(read) if isinstance(body, kind)]


@pytest.mark.asyncio
async def test_a_web_cart_is_sold_without_typing_it_again(agent):
    """The customer would tell the shop again what they had put into the cart at home."""
    async with agent.client() as client:
        await begin(client, agent)
        shown = {"lead_id": "web/cart-1", "add": True}
        answer = (await client.post(f"/v1/sales/{SALE}/leads", json=shown)).json()
        again = (await client.post(f"/v1/sales/{SALE}/leads", json=shown)).json()
    lines = [(line["item_id"], line["quantity"]) for line in answer["sale"]["sale"]["lines"]]
    refused = {item["item"]: bool(item["refused"]) for item in answer["items"]}
    assert ([("coffee", 1000), ("tea", 2000)], {"tea": False, "gone": True}) == (lines, refused)
    assert answer["sale"] == again["sale"]
    [fact] = await sealed(agent, LeadRedeemed)
    assert (SALE, "web/cart-1") == (fact.sale_id, fact.lead_id)


@pytest.mark.asyncio
async def test_all_of_a_cart_is_sold_however_long_its_id(agent):
    """Of a cart with a long id the first thing would be sold, and the rest be forgotten."""
    told = msgspec.structs.replace(CART.told, lead_id=f"web/{'c' * 90}")
    cart = msgspec.structs.replace(CART, told=told, left={"tea": 2000, "coffee": 3000})
    shown = {"lead_id": told.lead_id, "add": True}
    async with agent.client() as client:
        await begin(client, agent, cart=cart)
        answer = (await client.post(f"/v1/sales/{SALE}/leads", json=shown)).json()
    lines = answer["sale"]["sale"]["lines"]
    assert [1000, 2000, 3000] == sorted(line["quantity"] for line in lines)


@pytest.mark.asyncio
@pytest.mark.parametrize("add", [True, False])
async def test_a_cart_with_nothing_left_is_known_all_the_same(agent, add):
    """Whoever added it would be told that nobody here knows what the customer put together."""
    bought = msgspec.structs.replace(CART, left={})
    async with agent.client() as client:
        await begin(client, agent, cart=bought)
        shown = {"lead_id": "web/cart-1", "add": add}
        answer = (await client.post(f"/v1/sales/{SALE}/leads", json=shown)).json()
    assert (True, []) == (answer["known"], answer["items"])


@pytest.mark.asyncio
async def test_a_scanned_code_is_kept_with_the_open_sale(agent):
    """Whoever brought the customer would not be credited, since nobody typed the number."""
    async with agent.client() as client:
        early = await client.post("/v1/tills/till-1/scan", json={"scan": "lead:web/cart-9"})
        await client.post("/v1/tills/till-1/sales", json={"sale_id": SALE})
        kept = await client.post("/v1/tills/till-1/scan", json={"scan": "LEAD:web/cart-9"})
        await client.post("/v1/tills/till-1/scan", json={"scan": "lead:web/cart-9"})
    assert ("lead", True) == (early.json()["kind"], bool(early.json()["remedy"]))
    assert ("lead", SALE) == (kept.json()["kind"], kept.json()["sale_id"])
    assert [("web/cart-9", SALE)] == [
        (fact.lead_id, fact.sale_id) for fact in await sealed(agent, LeadRedeemed)
    ]


@pytest.mark.asyncio
async def test_a_quote_of_a_basket_begins_at_the_till(agent):
    """A quote given in the store could be redeemed nowhere."""
    async with agent.client() as client:
        await begin(client, agent)
        body = {"sale_id": SALE, "valid_until": "2026-12-31T23:00:00Z"}
        kept = (await client.post("/v1/tills/till-1/leads", json=body)).json()
        empty = await client.post("/v1/tills/till-1/leads", json={})
        stranger = {"party_id": BOB[:-1] + "1", "items": [{"item": "tea"}]}
        unmet = await client.post("/v1/tills/till-1/leads", json=stranger)
    [fact] = await sealed(agent, LeadTold)
    assert (f"lead:{fact.lead.lead_id}", "quote", BOB) == (
        kept["code"],
        fact.lead.kind,
        fact.lead.party_id,
    )
    assert [("coffee", 1000)] == [(each.item, each.quantity) for each in fact.lead.items]
    assert (400, 409) == (empty.status_code, unmet.status_code)


@pytest.mark.asyncio
async def test_suggestions_come_by_consent_with_a_reason_and_are_not_repeated(agent):
    """The customer would be told what they refused a minute ago, or without having agreed."""
    url = f"/v1/sales/{SALE}/suggestions"
    async with agent.client() as client:
        nobody = await client.post("/v1/tills/till-1/sales", json={"sale_id": SALE})
        assert 201 == nobody.status_code
        assert "no customer is on the sale" == (await client.get(url)).json()["why"]
        await begin(client, agent)
        blind = (await client.get(url)).json()
        reach_hq(agent)
        [found] = (await client.get(url)).json()["suggestions"]
        no = {"item": "tea", "reason": found["reason"], "taken": False}
        left = (await client.post(url, json=no)).json()
        await client.post(url, json=no)
        after = (await client.get(url)).json()
    assert "for too long" in blind["why"]
    assert ("tea", "wished", 299) == (found["item"], found["reason"], found["unit_price"])
    assert "Tea 100 g: in the customer's cart (web) since 2026-07-01" == found["said"]
    assert ([], []) == (left["suggestions"], after["suggestions"])
    [fact] = await sealed(agent, SuggestionAnswered)
    assert (BOB, "tea", False, SALE) == (fact.party_id, fact.item, fact.taken, fact.sale_id)


@pytest.mark.asyncio
async def test_nothing_is_suggested_without_a_yes(agent):
    """Profiling would go on although the customer had said no."""
    async with agent.client() as client:
        await begin(client, agent, yes=False)
        reach_hq(agent)
        answer = (await client.get(f"/v1/sales/{SALE}/suggestions")).json()
    assert ([], True) == (answer["suggestions"], "not agreed" in answer["why"])


@pytest.mark.asyncio
async def test_what_was_bought_just_now_is_marked_and_not_suggested(agent):
    """The next visit would offer what the customer carried home an hour ago."""
    async with agent.client() as client:
        await begin(client, agent, lately_days=14)
        reach_hq(agent)
        await client.post(f"/v1/sales/{SALE}/lines", json={"item_id": "tea"})
        total = (await client.get(f"/v1/sales/{SALE}")).json()["totals"]["total"]
        tender = {"kind": "cash", "amount": total}
        await client.post(f"/v1/sales/{SALE}/tenders", json=tender)
        done = await client.post(f"/v1/sales/{SALE}/complete")
        assert 200 == done.status_code, done.text
        other = SALE[:-1] + "2"
        await client.post("/v1/tills/till-1/sales", json={"sale_id": other})
        await client.put(f"/v1/sales/{other}/customer", json={"party_id": BOB})
        await client.post(f"/v1/sales/{other}/lines", json={"gtin": f"0{COFFEE}"})
        answer = (await client.get(f"/v1/sales/{other}/suggestions")).json()
    assert [] == answer["suggestions"]
    assert [1] == [each["line"] for each in answer["bought_before"]]
