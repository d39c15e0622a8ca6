"""A sale over HTTP: what till software relies on."""

from __future__ import annotations

import pytest

SALE = "019a2222-0000-7000-8000-000000000001"


async def sold(client, sale_id=SALE, **line):
    """Sell one line for cash and complete the sale."""
    await client.post("/v1/tills/till-1/sales", json={"sale_id": sale_id})
    view = await client.post(f"/v1/sales/{sale_id}/lines", json=line or {"item_id": "coffee"})
    due = view.json()["totals"]["due"]
    await client.post(f"/v1/sales/{sale_id}/tenders", json={"kind": "cash", "amount": due})
    return await client.post(f"/v1/sales/{sale_id}/complete")


@pytest.mark.asyncio
async def test_a_sale_goes_from_scan_to_receipt_picture(agent):
    """The shop could not sell, or the receipt would not be what was sold."""
    async with agent.client() as client:
        opened = await client.post("/v1/tills/till-1/sales", json={"sale_id": SALE})
        assert opened.status_code == 201
        line = await client.post(
            f"/v1/sales/{SALE}/lines", json={"scan": "]E04006381333931", "line_id": "a"}
        )
        assert line.json()["totals"]["total"] == 499
        label = await client.post(f"/v1/sales/{SALE}/lines", json={"scan": "]E02112345003108"})
        assert label.status_code == 201, label.text
        assert label.json()["sale"]["lines"][1]["quantity"] == 248
        assert label.json()["totals"]["due"] == 809
        paid = await client.post(
            f"/v1/sales/{SALE}/tenders", json={"kind": "cash", "amount": 1000, "tender_id": "t"}
        )
        assert paid.json()["totals"]["change"] == 191
        done = await client.post(f"/v1/sales/{SALE}/complete")
        assert done.status_code == 200
        answer = done.json()
        assert answer["total"] == 809
        assert answer["change"] == 191
        assert answer["receipt_no"].endswith("-1")
        picture = await client.get(f"/v1/print-jobs/{answer['print_id']}/image")
        assert picture.headers["content-type"] == "image/png"
        assert picture.content.startswith(b"\x89PNG")
        shown = await client.get(f"/v1/sales/{SALE}")
        assert shown.json()["sale"]["state"] == "completed"
        assert shown.json()["print_id"] == answer["print_id"]
        assert (await client.post(f"/v1/sales/{SALE}/complete")).json() == answer


@pytest.mark.asyncio
async def test_repeated_requests_change_nothing(agent):
    """A till that retries after a lost answer would sell, charge or print twice."""
    async with agent.client() as client:
        for _ in range(2):
            answer = await client.post("/v1/tills/till-1/sales", json={"sale_id": SALE})
            assert answer.json()["sale"]["sale_id"] == SALE
        for _ in range(2):
            line = {"gtin": "4006381333931", "line_id": "a"}
            view = (await client.post(f"/v1/sales/{SALE}/lines", json=line)).json()
            assert len(view["sale"]["lines"]) == 1
        for _ in range(2):
            tender = {"kind": "card", "amount": 499, "tender_id": "t", "reference": "terminal 7"}
            view = (await client.post(f"/v1/sales/{SALE}/tenders", json=tender)).json()
            assert len(view["sale"]["tenders"]) == 1
        done = [(await client.post(f"/v1/sales/{SALE}/complete")).json() for _ in range(2)]
        assert done[0] == done[1]
        jobs = [
            await client.post(
                "/v1/print-jobs",
                json={"print_id": "019a3333-0000-7000-8000-000000000001", "sale_id": SALE},
            )
            for _ in range(2)
        ]
        assert [job.status_code for job in jobs] == [201, 201]
        assert jobs[0].json() == jobs[1].json()
        assert jobs[0].json()["copy"] is True


@pytest.mark.asyncio
async def test_a_reason_is_asked_for_where_money_changes(agent, problem):
    """Overrides, discounts and voids nobody can explain would go through."""
    async with agent.client() as client:
        await client.post("/v1/tills/till-1/sales", json={"sale_id": SALE})
        await client.post(f"/v1/sales/{SALE}/lines", json={"item_id": "coffee"})
        refused = [
            await client.post(f"/v1/sales/{SALE}/lines/1/price", json={"unit_price": 400}),
            await client.post(f"/v1/sales/{SALE}/lines/1/discount", json={"amount": 50}),
            await client.post(f"/v1/sales/{SALE}/discount", json={"amount": 50}),
            await client.delete(f"/v1/sales/{SALE}/lines/1"),
            await client.post(
                f"/v1/sales/{SALE}/lines", json={"item_id": "coffee", "unit_price": 1}
            ),
            await client.post("/v1/tills/till-1/cash", json={"amount": -500}),
        ]
        for answer in refused:
            assert problem(answer)["type"].endswith(":reason-missing")
            assert answer.status_code == 400
        price = {"unit_price": 400, "reason": "dented"}
        view = await client.post(f"/v1/sales/{SALE}/lines/1/price", json=price)
        assert view.json()["totals"]["total"] == 400
        discount = {"amount": 50, "reason": "regular"}
        view = await client.post(f"/v1/sales/{SALE}/lines/1/discount", json=discount)
        assert view.json()["totals"]["total"] == 350
        view = await client.post(f"/v1/sales/{SALE}/discount", json=discount)
        assert view.json()["totals"]["total"] == 300
        await client.post(f"/v1/sales/{SALE}/discount", json={"amount": 0, "reason": "none"})
        two = await client.post(f"/v1/sales/{SALE}/lines/1/quantity", json={"quantity": 2000})
        assert two.json()["totals"]["total"] == 750
        gone = await client.delete(f"/v1/sales/{SALE}/lines/1", params={"reason": "changed mind"})
        assert gone.json()["sale"]["lines"][0]["voided"] is True
        again = await client.request(
            "DELETE", f"/v1/sales/{SALE}/lines/1", json={"reason": "again"}
        )
        assert again.status_code == 200


@pytest.mark.asyncio
async def test_unknown_goods_are_sold_openly(agent, problem):
    """What is not in the catalogue could not be sold, or would be sold without tax."""
    async with agent.client() as client:
        await client.post("/v1/tills/till-1/sales", json={"sale_id": SALE})
        lines = f"/v1/sales/{SALE}/lines"
        unknown = problem(await client.post(lines, json={"gtin": "09521000000004"}))
        assert unknown["status"] in {400, 404}
        wrong = problem(await client.post(lines, json={"gtin": "4006381333932"}))
        assert wrong["type"].endswith(":wrong-check-digit")
        untaxed = problem(await client.post(lines, json={"name": "Vase", "unit_price": 1500}))
        assert untaxed["type"].endswith(":tax-missing")
        bad_tax = {"name": "Vase", "unit_price": 1500, "taxes": ["luxury"]}
        assert problem(await client.post(lines, json=bad_tax))["type"].endswith(":unknown-tax")
        sold_openly = {"name": "Vase", "unit_price": 1500, "taxes": ["standard"]}
        view = (await client.post(lines, json=sold_openly)).json()
        assert view["totals"]["taxes"][0]["name"] == "standard"
        nothing = problem(await client.post(lines, json={}))
        assert nothing["type"].endswith(":line-unclear")


@pytest.mark.asyncio
async def test_parked_sales_make_room_for_the_next_customer(agent, problem):
    """A second customer could not be served, or the first one's goods would be lost."""
    other = "019a2222-0000-7000-8000-000000000002"
    async with agent.client() as client:
        await client.post("/v1/tills/till-1/sales", json={"sale_id": SALE})
        await client.post(f"/v1/sales/{SALE}/lines", json={"item_id": "coffee"})
        busy = problem(await client.post("/v1/tills/till-1/sales", json={"sale_id": other}))
        assert busy["status"] == 409
        for _ in range(2):
            parked = await client.post(f"/v1/sales/{SALE}/park")
            assert parked.json()["sale"]["state"] == "parked"
        await client.post("/v1/tills/till-1/sales", json={"sale_id": other})
        refused = problem(await client.post(f"/v1/sales/{SALE}/resume"))
        assert refused["type"].endswith(":another-sale-open")
        till = (await client.get("/v1/tills/till-1")).json()
        assert [sale["sale_id"] for sale in till["parked"]] == [SALE]
        assert till["sale"]["sale"]["sale_id"] == other
        for _ in range(2):
            gone = await client.post(f"/v1/sales/{other}/cancel", json={"reason": "left"})
            assert gone.json()["sale"]["state"] == "cancelled"
        for _ in range(2):
            back = await client.post(f"/v1/sales/{SALE}/resume")
            assert back.json()["totals"]["total"] == 499


@pytest.mark.asyncio
async def test_no_more_comes_back_than_was_sold(agent, problem):
    """Goods could be paid back twice."""
    back = "019a2222-0000-7000-8000-000000000002"
    async with agent.client() as client:
        await sold(client, SALE, item_id="coffee", quantity=2000)
        await client.post("/v1/tills/till-1/sales", json={"sale_id": back})
        one = {"returns": {"sale_id": SALE, "line": 1}, "quantity": 1000}
        view = (await client.post(f"/v1/sales/{back}/lines", json=one)).json()
        assert view["sale"]["lines"][0]["quantity"] == -1000
        assert view["totals"]["total"] == -499
        two = {"returns": {"sale_id": SALE, "line": 1}, "quantity": 2000}
        refused = problem(await client.post(f"/v1/sales/{back}/lines", json=two))
        assert refused["type"].endswith(":more-than-sold")
        refund = {"kind": "cash", "amount": -499}
        await client.post(f"/v1/sales/{back}/tenders", json=refund)
        done = (await client.post(f"/v1/sales/{back}/complete")).json()
        assert done["total"] == -499
        third = "019a2222-0000-7000-8000-000000000003"
        await client.post("/v1/tills/till-1/sales", json={"sale_id": third})
        rest = {"returns": {"sale_id": SALE, "line": 1}}
        view = (await client.post(f"/v1/sales/{third}/lines", json=rest)).json()
        assert view["sale"]["lines"][0]["quantity"] == -1000


@pytest.mark.asyncio
async def test_the_day_is_opened_counted_and_closed(agent, problem):
    """The cash in the drawer could not be compared with what was sold."""
    till = "/v1/tills/till-1"
    async with agent.client() as client:
        opened = await client.post(f"{till}/open", json={"float_amount": 10000, "request_id": "o"})
        assert opened.json()["opened"] is True
        repeated = await client.post(
            f"{till}/open", json={"float_amount": 10000, "request_id": "o"}
        )
        assert repeated.json() == opened.json()
        refused = problem(await client.post(f"{till}/open", json={"float_amount": 1}))
        assert refused["type"].endswith(":already-opened")
        await client.post(f"{till}/sign-on", json={"actor": "eva"})
        await sold(client)
        paid_out = {"cash_id": "c1", "amount": -200, "reason": "milk"}
        for _ in range(2):
            moved = await client.post(f"{till}/cash", json=paid_out)
            assert moved.json()["cash_id"] == "c1"
        report = (await client.get(f"{till}/report")).json()["totals"]
        assert report["expected_cash"] == 10000 + 499 - 200
        close = {"counted_cash": 10299, "request_id": "z"}
        closed = (await client.post(f"{till}/close", json=close)).json()
        assert closed["report"]["z_number"] == 1
        assert closed["report"]["difference"] == 0
        assert closed["report"]["actor"] == "eva"
        assert closed["print_id"]
        assert (await client.post(f"{till}/close", json=close)).json() == closed
        empty = problem(await client.post(f"{till}/close", json={"counted_cash": 0}))
        assert empty["type"].endswith(":nothing-to-close")
        assert (await client.get(till)).json()["opened"] is False
        assert (await client.get(f"/v1/print-jobs/{closed['print_id']}/image")).status_code == 200


@pytest.mark.asyncio
@pytest.mark.parametrize("account", ["4111111111111111", "", 7, 1.5, [], {"a": [1]}, "x" * 5000])
async def test_a_payment_account_that_is_none_refuses_no_sale(agent, account):
    """A terminal that answers nonsense would close the shop."""
    tender = {"kind": "card", "amount": 499, "payment_account_reference": account}
    async with agent.client() as client:
        await client.post("/v1/tills/till-1/sales", json={"sale_id": SALE})
        await client.post(f"/v1/sales/{SALE}/lines", json={"item_id": "coffee"})
        taken = await client.post(f"/v1/sales/{SALE}/tenders", json=tender)
        assert (201, 0) == (taken.status_code, taken.json()["totals"]["due"])
        assert ["payment_account_reference"] == [each["field"] for each in taken.json()["left_out"]]
        assert 200 == (await client.post(f"/v1/sales/{SALE}/complete")).status_code
    line = {"name": "Coffee", "quantity": 1000, "unit_price": 499, "taxes": ["reduced"]}
    async with agent.client(await agent.pair("pos")) as client:
        sale = {"lines": [line], "tenders": [tender]}
        done = await client.put("/v1/sales/019a2222-0000-7000-8000-000000000009", json=sale)
    assert (200, 1) == (done.status_code, len(done.json()["left_out"]))


@pytest.mark.asyncio
async def test_pos_software_records_a_finished_sale_exactly_once(agent, problem):
    """A sale of the POS would be lost, doubled, or changed under its id."""
    sale = {
        "lines": [
            {"name": "Tea", "quantity": 2000, "unit_price": 300, "taxes": ["reduced"]},
        ],
        "tenders": [{"kind": "card", "amount": 600}],
        "external_receipt_no": "POS-77",
        "total": 600,
    }
    async with agent.client(await agent.pair("pos")) as client:
        first = await client.put(f"/v1/sales/{SALE}", json=sale)
        assert first.status_code == 200, first.text
        again = await client.put(f"/v1/sales/{SALE}", json=sale)
        assert again.json() == first.json()
        changed = {**sale, "external_receipt_no": "POS-78"}
        refused = problem(await client.put(f"/v1/sales/{SALE}", json=changed))
        assert refused["type"].endswith(":sale-differs")
        wrong = {**sale, "total": 601}
        other = "019a2222-0000-7000-8000-000000000009"
        assert problem(await client.put(f"/v1/sales/{other}", json=wrong))["status"] == 400
        opened = problem(await client.post("/v1/tills/pos/sales"))
        assert opened["type"].endswith(":wrong-basket-mode")
        assert (await client.get(f"/v1/sales/{SALE}/image")).status_code == 200
    async with agent.client() as client:
        refused = problem(await client.put(f"/v1/sales/{other}", json=sale))
        assert refused["type"].endswith(":wrong-basket-mode")
