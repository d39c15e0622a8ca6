"""Who may not come in, and what is refused before anything is looked at."""

from __future__ import annotations

import asyncio
import json

import pytest
import websockets
from websockets.asyncio.client import connect

ADMIN = "admin-token-of-the-tests"


@pytest.mark.asyncio
async def test_foreign_pages_are_refused(agent, problem):
    """Any page open in the till's browser could sell, print and read customers."""
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1", "file://", "http://["]:
        await _refused(agent, problem, origin)


async def _refused(agent, problem, origin):
    async with agent.client() as client:
        body = problem(await client.get("/v1/tills/till-1", headers={"Origin": origin}))
        assert (body["status"], body["type"]) == (403, "urn:till-agent:problem:foreign-origin")
    with pytest.raises(websockets.InvalidStatus) as refused:
        await connect(agent.events, origin=origin)
    assert refused.value.response.status_code == 403
    assert b"foreign-origin" in refused.value.response.body


@pytest.mark.asyncio
async def test_own_and_listed_pages_are_let_in(agent):
    """The agent's own page, or the shop's web till, could not work."""
    for origin in (agent.url, "https://pos.example"):
        async with agent.client() as client:
            answer = await client.get("/v1/tills/till-1", headers={"Origin": origin})
            assert answer.status_code == 200
            listed = answer.headers.get("access-control-allow-origin")
            assert listed == (None if origin == agent.url else origin)
    async with agent.client("") as client:
        preflight = await client.options(
            "/v1/status",
            headers={"Origin": "https://pos.example", "Access-Control-Request-Method": "POST"},
        )
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "https://pos.example"


@pytest.mark.asyncio
async def test_rebound_names_are_refused(agent, problem):
    """A page could reach the agent through a name of its own (DNS rebinding)."""
    async with agent.client() as client:
        for host in ["evil.example", "evil.example:8460", "", "127.0.0.1.evil.example"]:
            body = problem(await client.get("/v1/status", headers={"Host": host}))
            assert (body["status"], body["type"]) == (403, "urn:till-agent:problem:foreign-host")
        assert (await client.get("/v1/status", headers={"Host": "localhost:1"})).status_code == 200


@pytest.mark.asyncio
async def test_only_json_is_taken(agent, problem):
    """A plain HTML form of any page could post to the till."""
    async with agent.client() as client:
        for media_type in ("text/plain", "application/x-www-form-urlencoded", ""):
            answer = await client.post(
                "/v1/tills/till-1/sales", content=b"{}", headers={"Content-Type": media_type}
            )
            assert problem(answer)["status"] == 415


@pytest.mark.asyncio
async def test_tokens_speak_for_their_till_alone(agent, problem):
    """The token of one till would open the drawer of another."""
    calls = [("GET", "/v1/tills/till-2"), ("POST", "/v1/tills/till-2/drawer")]
    for method, path in calls:
        async with agent.client("") as client:
            body = problem(await client.request(method, path))
            assert body["status"] == 401
        async with agent.client("not-a-token") as client:
            assert problem(await client.request(method, path))["status"] == 401
        async with agent.client() as client:
            assert problem(await client.request(method, path))["type"].endswith(":wrong-till")
    async with agent.client() as client:
        assert problem(await client.post("/v1/tills/till-1/pair"))["status"] == 403
        assert problem(await client.get("/v1/journals/verify"))["status"] == 403


@pytest.mark.asyncio
async def test_a_revoked_token_is_worth_nothing(agent, problem):
    """A lost tablet would go on selling."""
    async with connect(agent.events) as socket:
        await socket.send(json.dumps({"token": agent.token}))
        async with agent.client(ADMIN) as admin:
            assert (await admin.delete("/v1/tills/till-1/pair")).json()["revoked"] == 1
            await admin.post("/v1/tills/till-1/scan", json={"scan": "x"})
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 30)
    assert closed.value.rcvd.code == 4401
    async with agent.client() as client:
        assert problem(await client.get("/v1/tills/till-1"))["status"] == 401


@pytest.mark.asyncio
async def test_status_says_little_to_strangers(agent):
    """Anybody on the machine could see how much a shop has sold."""
    async with agent.client("") as client:
        assert (await client.get("/v1/status")).json() == {"ok": True, "version": "0.1.0"}
    async with agent.client() as client:
        told = (await client.get("/v1/status")).json()
    assert told["sync"]["backlog"]["till-1"] == {"sales": 3, "side": 1}
    assert told["devices"][0]["state"] == "ready"
    assert {tail["lane"] for tail in told["journals"]} == {"sales", "side"}


@pytest.mark.asyncio
async def test_paths_lead_nowhere_else(agent, problem):
    """Files of the machine could be read through the till page's assets."""
    async with agent.client("") as client:
        page = await client.get("/")
        assert page.headers["content-type"].startswith("text/html")
        assert "default-src 'self'" in page.headers["content-security-policy"]
        for path in (
            "/page/..%2f..%2fapp.py",
            "/page/../app.py",
            "/page/%2e%2e/app.py",
            "/page//etc/passwd",
        ):
            assert (await client.get(path)).status_code in {403, 404}, path
        assert problem(await client.get("/page/nothing.js"))["status"] == 404
        assert problem(await client.get("/v2/anything"))["type"].endswith(":no-such-path")
        wrong = problem(await client.put("/v1/status", json={}))
        assert wrong["status"] == 405


@pytest.mark.asyncio
async def test_large_and_slow_bodies_are_cut_off(agent, monkeypatch, problem):
    """One broken client would fill the memory, or hold a connection for ever."""
    async with agent.client() as client:
        large = {"name": "x" * (1024 * 1024)}
        answer = await client.post("/v1/parties", json=large)
        assert problem(answer)["status"] == 413
    monkeypatch.setattr("agent.api.gate.BODY_S", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", agent.port)
    writer.write(
        f"POST /v1/parties HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {agent.token}\r\n"
        'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"name"'.encode()
    )
    answer = await asyncio.wait_for(reader.read(4096), 30)
    assert b"408" in answer.split(b"\r\n")[0]
    assert b"too-slow" in answer
    writer.close()
    await writer.wait_closed()
