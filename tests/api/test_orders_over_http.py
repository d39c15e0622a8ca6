"""Orders and goods over HTTP: what a till page or POS software does with them."""

from __future__ import annotations

import pytest

from agent.core.entries.bodies import StockMoved
from agent.core.identifiers import TillId
from agent.core.orders import Payment
from agent.journal import chains
from tests.till.test_ordering import ID, READY, publish

SALE = "019a2222-0000-7000-8000-000000000001"


def refusal(answer):
    return (
        answer.status_code,
        answer.json()["type"].rpartition(":")[2],
        bool(answer.json()["remedy"]),
    )


@pytest.mark.asyncio
async def test_an_order_is_found_listed_and_handed_over(agent):
    """The cashier would have to walk to the back room to see what waits for whom."""
    publish(agent.backend, Payment("p", ID, "pay-1", 10_998), READY)
    async with agent.client() as client:
        shown = (await client.get("/v1/orders/WEB-7")).json()
        assert ("ready", "paid", 0) == (
            shown["state"],
            shown["money_state"],
            shown["money"]["due"],
        )
        assert [(1, 2000, 2000), (2, 3000, 3000)] == [
            (each["line"], each["ready"], each["open"]) for each in shown["goods"]
        ]
        listed = await client.get("/v1/tills/till-1/orders", params={"state": "ready"})
        assert ["WEB-7"] == [each["order_no"] for each in listed.json()]
        assert [] == (await client.get("/v1/tills/till-1/orders?state=picked")).json()
        take = {"stage": "collected", "parts": [{"line": 1, "quantity": 1000}], "event": "a"}
        for _ in range(2):
            done = await client.post("/v1/orders/WEB-7/steps", json=take)
            assert (200, 1000) == (done.status_code, done.json()["goods"][0]["handed"])
        bad = await client.post("/v1/orders/WEB-7/steps", json={"stage": "delivered"})
        assert (400, "not-at-a-till", True) == refusal(bad)
        assert (404, "no-such-order", True) == refusal(await client.get("/v1/orders/WEB-8"))


@pytest.mark.asyncio
async def test_an_order_is_paid_and_given_back_in_sales(agent):
    """What was ordered on the web could be neither paid nor given back where people are."""
    publish(agent.backend, READY)
    async with agent.client() as client:
        await client.post("/v1/tills/till-1/sales", json={"sale_id": SALE})
        path = f"/v1/sales/{SALE}"
        paying = await client.post(
            f"{path}/orders", json={"order_no": "WEB-7", "taxes": ["standard"]}
        )
        assert (201, 10_998) == (paying.status_code, paying.json()["totals"]["due"])
        await client.post(f"{path}/tenders", json={"kind": "cash", "amount": 10_998})
        assert 200 == (await client.post(f"{path}/complete", json={})).status_code
        other = SALE[:-1] + "2"
        await client.post("/v1/tills/till-1/sales", json={"sale_id": other})
        back = {"order_no": "WEB-7", "line": 1, "quantity": 1000, "damaged": True}
        given = await client.post(f"/v1/sales/{other}/order-returns", json=back)
        assert -4999 == given.json()["totals"]["due"]
        again = {"order_no": "WEB-7"}
        assert (200, ["Kettle", "Socks"]) == (
            (answer := await client.post(f"/v1/sales/{other}/reorder", json=again)).status_code,
            answer.json()["missing"],
        )


@pytest.mark.asyncio
async def test_a_special_order_is_made_and_found_by_its_number(agent):
    """The customer would leave without a number to ask by."""
    async with agent.client() as client:
        await client.post("/v1/tills/till-1/sales", json={"sale_id": SALE})
        wanted = {"items": [{"item_id": "coffee", "quantity": 4000}]}
        made = await client.post(f"/v1/sales/{SALE}/special-orders", json=wanted)
        order = made.json()["order"]
        assert (201, "draft", 1996) == (made.status_code, order["state"], order["total"])
        assert order["order_no"].startswith("S-")
        assert order == (await client.get(f"/v1/orders/{order['order_no']}")).json()


@pytest.mark.asyncio
async def test_goods_are_booked_at_the_till(agent):
    """What the lorry brought would be in the shop and not in its stock."""
    booking = {"kind": "received", "goods": {"coffee": 24_000}, "event": "d-1"}
    async with agent.client() as client:
        booked = await client.post("/v1/tills/till-1/stock", json=booking)
        assert 200 == booked.status_code
        [movement] = booked.json()["movements"]
        assert ("coffee", 24_000, "s1") == (
            movement["item"],
            movement["quantity"],
            movement["target"]["location"],
        )
        for wrong, name in (
            ({"kind": "sent", "to": "s1", "goods": {"coffee": 1}}, "same-location"),
            ({"kind": "received", "goods": {"coffee": 0}}, "zero-quantity"),
            ({"kind": "beamed", "goods": {"coffee": 1}}, "bad-input"),
        ):
            answer = await client.post("/v1/tills/till-1/stock", json=wrong)
            assert (400, name, True) == refusal(answer)
    entries = await agent.backend.journal.read(
        lambda conn: chains.entries(conn, TillId("till-1"), "side", 0)
    )
    [moved] = [body for _, body in entries if isinstance(body, StockMoved)]
    assert ("s1/till-1/d-1", 1) == moved.movements[0].key
