"""Every error is a problem with a path, a reason and a remedy; and the OpenAPI document is true."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.exchange.replica import FILTER_RULE
from agent.core.exchange.wire import FeedItem, FeedPage, FilterPiece
from agent.core.privacy.bloom import PIECE_BYTES
from tests.api.conftest import ADMIN

SALE = "019a2222-0000-7000-8000-000000000001"


WRONG_BODIES = [
    (b"{", "malformed-json"),
    (b"", "missing required field `kind`"),
    (b"[]", "Expected `object`"),
    (b'{"kind": "cash", "amount": "500"}', "$.amount"),
    (b'{"kind": "cash", "amount": 5.5}', "$.amount"),
    (b'{"kind": "cash", "amount": true}', "$.amount"),
    (b'{"kind": "CASH", "amount": 5}', "$.kind"),
    (b'{"kind": "cash", "amount": 5, "amuont": 6}', "amuont"),
    (b'{"kind": "cash", "amount": 999999999999999999999999}', "$.amount"),
    (b'{"kind": "\xff", "amount": 5}', "not JSON"),
    (b'{"x":' + b"[" * 100_000, "unknown field"),
]


@pytest.mark.asyncio
async def test_a_wrong_body_is_named_by_its_path(agent, problem):
    """A programmer would have to guess which of twenty fields was wrong."""
    async with agent.client() as client:
        await client.post("/v1/tills/till-1/sales", json={"sale_id": SALE})
        for content, said in WRONG_BODIES:
            answer = await client.post(
                f"/v1/sales/{SALE}/tenders",
                content=content,
                headers={"Content-Type": "application/json"},
            )
            body = problem(answer)
            assert body["status"] == 400
            assert said in body["type"] + body["detail"], content[:80]


@pytest.mark.asyncio
async def test_wrong_paths_and_parameters_are_named(agent, problem):
    """A mistyped address would look like a broken agent."""
    async with agent.client() as client:
        for path, said in (
            ("/v1/sales/not-a-uuid", "sale_id"),
            (f"/v1/sales/{SALE}", "no sale"),
            ("/v1/items", "text"),
            ("/v1/items?text=c&limit=0", "limit"),
            ("/v1/print-jobs/019a3333-0000-7000-8000-000000000001", "print job"),
            ("/v1/orders/WEB-1", "WEB-1"),
        ):
            body = problem(await client.get(path))
            assert said in body["detail"], path


@pytest.mark.asyncio
async def test_what_nobody_foresaw_is_a_problem_too(agent, problem, monkeypatch):
    """A mistake in the agent would show a stack trace, or nothing, and leave no log."""

    def broken(_text, _limit):
        raise RuntimeError("planted")

    monkeypatch.setattr(agent.backend.directory, "items", broken)
    async with agent.client() as client:
        body = problem(await client.get("/v1/items?text=coffee"))
    assert (body["status"], body["type"]) == (500, "urn:till-agent:problem:internal-error")
    assert "planted" not in body["detail"]
    assert "journalctl" in body["remedy"]


@pytest.mark.asyncio
async def test_the_catalogue_is_searched_and_metrics_are_told(agent):
    """The till page could not find an item by name, and Prometheus nothing at all."""
    async with agent.client() as client:
        found = (await client.get("/v1/items?text=coff")).json()
        assert [item["item_id"] for item in found] == ["coffee"]
        told = await client.get("/metrics")
    assert told.headers["content-type"].startswith("text/plain")
    assert 'till_agent_hq_backlog{lane="sales",till="till-1"} 3.0' in told.text


@pytest.mark.asyncio
async def test_the_openapi_document_names_every_endpoint(agent):
    """Whoever writes POS software against the document would miss half of the API."""
    async with agent.client("") as client:
        document = (await client.get("/schema/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    paths = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    for wanted in (
        ("POST", "/v1/tills/{till}/sales"),
        ("PUT", "/v1/sales/{sale_id}"),
        ("DELETE", "/v1/sales/{sale_id}/lines/{line}"),
        ("POST", "/v1/sales/{sale_id}/complete"),
        ("POST", "/v1/identify"),
        ("GET", "/v1/print-jobs/{print_id}/image"),
        ("POST", "/v1/tills/{till}/sign-on"),
        ("GET", "/v1/status"),
        ("GET", "/metrics"),
    ):
        assert wanted in paths
    operation = document["paths"]["/v1/sales/{sale_id}/tenders"]["post"]
    assert operation["security"] == [{"token": []}]
    assert "application/problem+json" in operation["responses"]["400"]["content"]
    ids = [each["operationId"] for item in document["paths"].values() for each in item.values()]
    assert len(ids) == len(set(ids))


@pytest.mark.asyncio
async def test_the_status_is_said_although_nothing_can_be_looked_up(agent):
    """Whoever asks what is wrong would hear of one thing, and of no till, disk or device."""
    async with agent.client(ADMIN) as admin:
        well = (await admin.get("/v1/status")).json()
        agent.backend.directory.close()
        ill = (await admin.get("/v1/status")).json()
    assert (True, "directory_trouble" in well) == ("directory" in well, False)
    assert {"store", "tills", "journals", "disk"} <= ill.keys()
    assert "directory" not in ill
    assert "cannot be used" in ill["directory_trouble"]


@pytest.mark.asyncio
async def test_a_rule_of_a_newer_hq_hides_no_status(agent):
    """One row of HQ's feed would leave every store's technician without an answer (P6)."""
    piece = msgspec.Raw(msgspec.json.encode(FilterPiece(1, bytes(PIECE_BYTES))))
    rule = msgspec.Raw(b'{"built_at":17}')
    items = (
        FeedItem(1, "filter:1-0", 1, "put", piece),
        FeedItem(2, f"rule:{FILTER_RULE}", 2, "put", rule),
    )
    agent.backend.directory.apply("global", FeedPage(items, "1-ab.2.0123456789abcdef"))
    async with agent.client(ADMIN) as admin:
        status = (await admin.get("/v1/status")).json()
    known = status["known_customers"]
    assert (1, None) == (known["pieces"], known.get("days_old"))
