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
        label = await client.post(f"/v1/sales/{SALE}/lines", json={"scan": "]E02112345003103"})
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
