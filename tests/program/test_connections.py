"""Connections kept few and short: who goes when there are too many, and who is never cut off."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest

from agent.program import connections
from agent.program.connections import Doorkeeper, GuardedProtocol
from agent.program.serving import Server

REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


@asynccontextmanager
async def served(door, app):
    """Serve an application behind a door; gives the port."""
    ready = asyncio.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    server = Server(_with_lifespan(app), ready.set, door=door)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await ready.wait()
    yield listener.getsockname()[1]
    server.should_exit = True
    await task


def _with_lifespan(app):
    async def both(scope, receive, send):
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{phase}.complete"})

    return both


async def answering(_scope, _receive, send):
    """Answer at once."""
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
    )
    await send({"type": "http.response.body", "body": b""})


async def ended(reader):
    """Tell whether the server has ended a connection."""
    try:
        return await asyncio.wait_for(reader.read(1), 30) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


@pytest.mark.asyncio
async def test_who_never_asked_goes_before_who_was_served():
    """A till page between two sales would lose its connection to a program that only connects."""
    async with served(Doorkeeper(most=2), answering) as port:
        page, said = await asyncio.open_connection("127.0.0.1", port)
        said.write(REQUEST)
        await page.readuntil(b"\r\n\r\n")
        stranger, mute = await asyncio.open_connection("127.0.0.1", port)
        third, late = await asyncio.open_connection("127.0.0.1", port)
        assert await ended(stranger)
        late.write(REQUEST)
        assert b" 200 " in await third.readline()
        said.write(REQUEST)
        assert b" 200 " in await page.readline()
        for writer in (said, mute, late):
            writer.close()


@pytest.mark.asyncio
async def test_a_request_under_way_is_never_cut_off():
    """A sale would be answered to nobody."""
    going, go_on = asyncio.Event(), asyncio.Event()

    async def slow(scope, receive, send):
        going.set()
        await go_on.wait()
        await answering(scope, receive, send)

    async with served(Doorkeeper(most=1), slow) as port:
        selling, said = await asyncio.open_connection("127.0.0.1", port)
        said.write(REQUEST)
        await going.wait()
        newcomer, mute = await asyncio.open_connection("127.0.0.1", port)
        assert await ended(newcomer)
        go_on.set()
        assert b" 200 " in await selling.readline()
        for writer in (said, mute):
            writer.close()


class Knocking(GuardedProtocol):
    """A connection as the doorkeeper sees it, without a wire."""

    def __init__(self, host, since):
        self.client = (host, 1)
        self.served, self.since = False, since
        self.gone = False
        self.transport = self

    def may_go(self):
        return True

    def abort(self):
        self.gone = True


def test_one_machine_cannot_shut_the_others_out():
    """A broken till in the next lane would take this one's API away."""
    door = Doorkeeper(most=10, most_each=2)
    own = [Knocking("127.0.0.1", 0) for _ in range(4)]
    lane = [Knocking("192.168.1.7", since) for since in range(1, 6)]
    assert all(door.enter(each) for each in (*own, *lane))
    assert [True, True, True, False, False] == [each.gone for each in lane]
    assert not any(each.gone for each in own)
    assert 6 == len(door)


@pytest.mark.asyncio
async def test_a_head_that_is_late_or_too_long(monkeypatch):
    """A trickling client would hold a connection for ever."""
    async with served(Doorkeeper(), answering) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for head_s in (30, 0.2):
            monkeypatch.setattr(connections, "HEAD_S", head_s)
            writer.write(REQUEST)
            await reader.readuntil(b"\r\n\r\n")
        assert not await ended_within(reader, 0.4), "a kept connection may be silent"
        writer.write(REQUEST[:-4])
        assert b" 408 " in await asyncio.wait_for(reader.readline(), 30)
        writer.close()
        monkeypatch.setattr(connections, "HEAD_S", 30)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST[:-2] + b"x: 1\r\n" * 60_000)
        assert b" 431 " in await asyncio.wait_for(reader.readline(), 30)
        writer.close()


async def ended_within(reader, within_s):
    """Tell whether a connection is ended so soon."""
    try:
        return await asyncio.wait_for(reader.read(1), within_s) == b""
    except TimeoutError:
        return False
