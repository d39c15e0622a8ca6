"""Papers over HTTP: in the form that Accept asks for, and safe to show."""

from __future__ import annotations

import httpx
import pytest

SALE = "019a2222-0000-7000-8000-0000000000d1"
PRINT = "019a2222-0000-7000-8000-0000000000d2"
HOSTILE = "<script>alert(1)</script>"


async def sell(client: httpx.AsyncClient) -> dict:
    """Sell one thing with a name that would run in a browser."""
    await client.post("/v1/tills/till-1/sales", json={"sale_id": SALE})
    line = {"name": HOSTILE, "unit_price": 450, "taxes": ["standard"], "reason": "open price"}
    added = await client.post(f"/v1/sales/{SALE}/lines", json=line)
    assert added.status_code == 201, added.text
    await client.post(
        f"/v1/sales/{SALE}/tenders", json={"kind": "cash", "amount": 450, "tender_id": "t"}
    )
    return (await client.post(f"/v1/sales/{SALE}/complete")).json()


@pytest.mark.asyncio
async def test_a_receipt_comes_in_the_form_asked_for(agent):
    """A page, a mail and a program would each get the same form, whichever they can show."""
    async with agent.client() as client:
        done = await sell(client)
        for path in (f"/v1/print-jobs/{done['print_id']}/document", f"/v1/sales/{SALE}/receipt"):
            page = await client.get(path, headers={"accept": "text/html"})
            assert page.headers["content-type"] == "text/html; charset=utf-8"
            assert page.headers["vary"] == "accept"
            assert "&lt;script&gt;" in page.text
            assert "<script" not in page.text
            text = await client.get(path, headers={"accept": "text/plain"})
            assert text.headers["content-type"] == "text/plain; charset=utf-8"
            assert "Corner Shop" in text.text
            for accept in ("application/json", "*/*", "image/tiff"):
                laid = await client.get(path, headers={"accept": accept})
                assert laid.headers["content-type"] == "application/json"
                assert {"language", "direction", "columns", "lines"} == set(laid.json())
                assert done["receipt_no"] in {line.get("amount") for line in laid.json()["lines"]}


@pytest.mark.asyncio
async def test_the_page_may_only_show_itself(agent):
    """The gate's policy would strip the receipt of its style, or one of its own let a script in."""
    async with agent.client() as client:
        await sell(client)
        page = await client.get(f"/v1/sales/{SALE}/receipt", headers={"accept": "text/html"})
        policies = page.headers.get_list("content-security-policy")
        assert 1 == len(policies)
        assert "default-src 'none'" in policies[0]
        assert "style-src 'sha256-" in policies[0]
        assert "frame-ancestors 'none'" in policies[0]


@pytest.mark.asyncio
async def test_columns_and_copy_are_the_callers_choice(agent, problem):
    """A narrow printer's receipt could not be seen, or a copy not told from the first."""
    async with agent.client() as client:
        await sell(client)
        asked = {"columns": 32, "copy": True}
        laid = (await client.get(f"/v1/sales/{SALE}/receipt", params=asked)).json()
        assert 32 == laid["columns"]
        assert "*** COPY ***" in [line["text"] for line in laid["lines"]]
        narrow = await client.get(f"/v1/sales/{SALE}/receipt", params={"columns": 3})
        assert 400 == problem(narrow)["status"]


@pytest.mark.asyncio
async def test_a_receipt_needs_a_token_and_a_sale(agent, problem):
    """Anybody on the network could read receipts, or an unknown sale end in a trace."""
    async with agent.client("") as nobody:
        assert 401 == problem(await nobody.get(f"/v1/sales/{SALE}/receipt"))["status"]
    async with agent.client() as client:
        assert 404 == problem(await client.get(f"/v1/sales/{SALE}/receipt"))["status"]
        assert 404 == problem(await client.get(f"/v1/print-jobs/{PRINT}/document"))["status"]
