"""The stream of events: nothing missed between two connections, nobody able to hold it up."""

from __future__ import annotations

import asyncio
import json

import pytest
import websockets
from websockets.asyncio.client import connect

from agent.core.identifiers import TillId
from agent.journal import events

ADMIN = "admin-token-of-the-tests"


async def frames(socket, count):
    """Receive some frames."""
    return [json.loads(await asyncio.wait_for(socket.recv(), 30)) for _ in range(count)]


async def scan(client, text="4006381333931"):
    """Scan at the till."""
    return (await client.post("/v1/tills/till-1/scan", json={"scan": text})).json()


@pytest.mark.asyncio
async def test_what_was_missed_comes_first_then_what_happens(agent):
    """A page that was reloaded would show a basket that is not the till's."""
    async with agent.client() as client:
        await scan(client)
        async with connect(f"{agent.events}?after=0") as socket:
            await socket.send(json.dumps({"token": agent.token}))
            first = await frames(socket, 4)
            assert [frame["type"] for frame in first] == ["scan", "sale", "item", "sale"]
            assert set(first[0]) == {"cursor", "type", "at", "data"}
            await scan(client, "nonsense")
            (live,) = await frames(socket, 1)
            assert live["data"]["kind"] == "unknown"
        await scan(client)
        async with connect(f"{agent.events}?after={live['cursor']}") as socket:
            await socket.send(json.dumps({"token": agent.token}))
            missed = await frames(socket, 3)
    cursors = [frame["cursor"] for frame in (*first, live, *missed)]
    assert cursors == sorted(set(cursors))


@pytest.mark.asyncio
async def test_a_page_that_was_away_for_too_long_is_told_so(agent):
    """A page would go on from a basket that misses what was pruned meanwhile."""
    async with agent.client() as client:
        for _ in range(4):
            await scan(client, "nonsense")
    await agent.backend.journal.write(lambda conn: events.prune(conn, 3))
    async with connect(f"{agent.events}?after=1") as socket:
        await socket.send(json.dumps({"token": agent.token}))
        first, second = await frames(socket, 2)
    assert ("sync", "events-dropped") == (first["type"], first["data"]["what"])
    assert (1, 4) == (first["data"]["after"], first["data"]["oldest"])
    assert (3, 4) == (first["cursor"], second["cursor"])
    async with connect(f"{agent.events}?after=3") as socket:
        await socket.send(json.dumps({"token": agent.token}))
        (only,) = await frames(socket, 1)
    assert (4, "scan") == (only["cursor"], only["type"])


@pytest.mark.asyncio
async def test_strangers_take_no_place_of_those_with_a_token(agent, monkeypatch):
    """A program without a token could keep every till page away by connecting."""
    monkeypatch.setattr("agent.api.events.STRANGERS_MAX", 1)
    token = websockets.Subprotocol(f"bearer.{agent.token}")
    async with connect(agent.events), connect(agent.events) as second:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(second.recv(), 30)
        assert 4503 == closed.value.rcvd.code
        async with connect(f"{agent.events}?after=0", subprotocols=[token]) as known:
            async with agent.client() as client:
                await scan(client, "nonsense")
            (frame,) = await frames(known, 1)
    assert "scan" == frame["type"]


@pytest.mark.asyncio
async def test_without_a_cursor_the_stream_begins_now(agent):
    """A new page would replay weeks of scans."""
    async with agent.client() as client:
        await scan(client)
        protocol = websockets.Subprotocol(f"bearer.{agent.token}")
        async with connect(agent.events, subprotocols=[protocol]) as socket:
            first = asyncio.create_task(socket.recv())
            async with asyncio.timeout(30):
                while not first.done():
                    await scan(client, "WEB-1")
                    await asyncio.wait({first}, timeout=0.2)
    assert json.loads(first.result())["data"]["order_no"] == "WEB-1"


@pytest.mark.asyncio
async def test_a_till_hears_only_its_own(agent):
    """Two cashiers would see each other's baskets."""
    async with agent.client(ADMIN) as admin, connect(f"{agent.events}?after=0") as socket:
        await socket.send(json.dumps({"token": ADMIN}))
        await admin.post("/v1/tills/till-2/scan", json={"scan": "WEB-2"})
        await admin.post("/v1/tills/till-1/scan", json={"scan": "WEB-1"})
        (frame,) = await frames(socket, 1)
    assert frame["data"]["order_no"] == "WEB-1"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "hello", "code"),
    [
        ("/v1/tills/till-1/events", {"token": "wrong"}, 4401),
        ("/v1/tills/till-1/events", ["no"], 4401),
        ("/v1/tills/till-2/events", None, 4403),
        ("/v1/tills/till-1/events?after=soon", None, 4400),
    ],
)
async def test_a_refused_watcher_is_told_why(agent, path, hello, code):
    """A page would show "disconnected" and nobody would know what to do."""
    async with connect(f"ws://127.0.0.1:{agent.port}{path}") as socket:
        await socket.send(json.dumps(hello or {"token": agent.token}))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 30)
    assert closed.value.rcvd.code == code
    assert closed.value.rcvd.reason


@pytest.mark.asyncio
async def test_a_watcher_that_says_nothing_is_let_go(agent, monkeypatch):
    """Half-open connections would pile up until no page can connect."""
    monkeypatch.setattr("agent.api.events.FIRST_FRAME_S", 0.1)
    async with connect(agent.events) as socket:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 30)
    assert closed.value.rcvd.code == 4401


@pytest.mark.asyncio
async def test_a_reader_that_stops_reading_loses_its_connection(agent, monkeypatch):
    """One frozen browser tab would hold memory for every event of the day."""
    monkeypatch.setattr("agent.api.events.SEND_S", 0.2)
    big = {"text": "x" * 10_000}

    def fill(conn):
        for _ in range(2000):
            events.add(conn, TillId("till-1"), "scan", "", big)

    await agent.backend.journal.write(fill)
    token = websockets.Subprotocol(f"bearer.{agent.token}")
    reader = connect(f"{agent.events}?after=0", subprotocols=[token], compression=None)
    async with reader as socket:
        socket.transport.pause_reading()
        watcher = await _watcher()
        done, _ = await asyncio.wait({watcher}, timeout=20)
        assert {watcher} == done
        socket.transport.abort()


@pytest.mark.asyncio
async def test_watchers_are_counted(agent, monkeypatch):
    """A page that reconnects without closing would use up every file handle."""
    monkeypatch.setattr("agent.api.events.WATCHERS_MAX", 1)
    async with connect(agent.events) as first:
        await first.send(json.dumps({"token": agent.token}))
        async with connect(agent.events) as second:
            await second.send(json.dumps({"token": agent.token}))
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await asyncio.wait_for(second.recv(), 30)
    assert closed.value.rcvd.code == 4503


async def _watcher():
    """Find the task that serves the one stream there is."""
    for _ in range(500):
        found = [task for task in asyncio.all_tasks() if task.get_name().startswith("events-")]
        if found:
            return found[0]
        await asyncio.sleep(0.01)
    raise AssertionError("nobody is served")
