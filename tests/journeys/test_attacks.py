"""Twelve attacks on the local API of a running agent (D17): each is refused, and the till sells on.

Whoever attacks here is a page in the till's browser, or a program on its machine or network.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import time
from contextlib import ExitStack, suppress

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from agent.api.pace import BURST_CALLS
from agent.daemon.demo.shop import new_id
from tests.journeys.lone import TILL, lone_agent

ROUND = 500
pytestmark = [pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

EVIL = "https://evil.example"
ALLOWED = "https://pos.example"
SALES = f"/v1/tills/{TILL}/sales"
CUT_WITHIN_S = 20.0
ANSWER_WITHIN_S = 15.0
SOCKETS = 1000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory):
    """One agent for all of this module; one foreign page is let in by the settings."""
    async with lone_agent(tmp_path_factory.mktemp("lone"), allowed_origins=(ALLOWED,)) as agent:
        yield agent


@pytest_asyncio.fixture(loop_scope="module")
async def agent(running):
    """The agent, which must be the same process after the attack, sell, and have kept its head."""
    before = running.program.pid
    yield running
    assert before == running.program.pid
    body = {"sale_id": new_id()}
    assert 201 == (await running.send("POST", SALES, json=body)).status_code
    cancelled = await running.send("POST", f"/v1/sales/{body['sale_id']}/cancel", json={})
    assert 200 == cancelled.status_code
    assert "Traceback" not in await asyncio.to_thread(running.log.read_text)


async def spoken(agent, sent, *, wait_s=20.0):
    """Speak raw bytes to the agent; gives what it says until it ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", agent.port)
    with suppress(ConnectionError):
        writer.write(sent)
        await writer.drain()
    said = b""
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(wait_s):
            while chunk := await reader.read(65_536):
                said += chunk
    writer.close()
    return said


def head(agent, method="GET", path=f"/v1/tills/{TILL}", *, token=None, host=None, **headers):
    """Write the head of a request that is right but for what is given."""
    lines = {
        "host": host or f"127.0.0.1:{agent.port}",
        "authorization": f"Bearer {agent.token if token is None else token}",
        "connection": "close",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    return f"{method} {path} HTTP/1.1\r\n{text}\r\n".encode("latin-1")


def refused(said, status, name):
    """Insist on a refusal with its reason; nobody else's page may read it."""
    top, _, body = said.partition(b"\r\n\r\n")
    assert f" {status} ".encode() in top.split(b"\r\n")[0], said[:300]
    assert b"access-control-allow-origin" not in top.lower()
    problem = json.loads(body)
    assert problem["type"] == f"urn:till-agent:problem:{name}"
    assert problem["remedy"]


def stream(agent, **more):
    """Connect to the till's events."""
    address = agent.url.replace("http", "ws", 1) + f"/v1/tills/{TILL}/events"
    return connect(address, proxy=None, **more)


async def closed_with(agent, token):
    """Try to follow the till with a token; gives the code the stream is closed with."""
    async with stream(agent) as watcher:
        await watcher.send(json.dumps({"token": token}))
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(watcher.recv(), 30)
    return closed.value.rcvd.code


async def test_the_requests_of_these_attacks_are_right_in_all_else(agent):
    """A request that is refused for another reason would prove nothing."""
    said = await spoken(agent, head(agent))
    assert said.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("origin", [EVIL, "null", "file://", "http://127.0.0.1:1"])
async def test_1_and_3_a_foreign_origin_over_http(agent, origin):
    """A page of anybody's, open in the till's browser, could sell with a stolen token."""
    refused(await spoken(agent, head(agent, origin=origin)), 403, "foreign-origin")
    doubled = head(agent, origin=ALLOWED).replace(
        b"\r\n\r\n", f"\r\nOrigin: {EVIL}\r\n\r\n".encode()
    )
    refused(await spoken(agent, doubled), 403, "foreign-origin")


@pytest.mark.parametrize("origin", [EVIL, "null"])
async def test_2_and_3_a_foreign_origin_on_a_websocket(agent, origin):
    """No browser protects WebSockets: any page could follow what is sold."""
    with pytest.raises(InvalidStatus) as caught:
        async with stream(agent, origin=origin):
            pass
    assert 403 == caught.value.response.status_code


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("text/plain", b'{"sale_id":null}'),
        ("application/x-www-form-urlencoded", b"%7B%22sale_id%22%3Anull%7D="),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        (None, b"{}"),
    ],
)
async def test_4_a_form_post(agent, media_type, body):
    """A plain HTML form needs no permission of the agent: it could open sales and the drawer."""
    for path in (SALES, f"/v1/tills/{TILL}/drawer"):
        length = str(len(body))
        asked = head(agent, "POST", path, content_type=media_type, content_length=length)
        refused(await spoken(agent, asked + body), 415, "not-json")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[::1].evil.example"])
async def test_5_a_rebound_name(agent, host):
    """A page could reach the agent under its own name, as if it were its own server."""
    sent = head(agent, host=host, origin=f"http://{host}")
    refused(await spoken(agent, sent), 403, "foreign-host")
    without = head(agent).replace(b"host: ", b"x-host: ")
    refused(await spoken(agent, without), 403, "foreign-host")


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", SALES), ("GET", f"/v1/tills/{TILL}"), ("GET", "/v1/sales/x"), ("GET", "/metrics")],
)
async def test_6_no_token(agent, method, path):
    """Any program on the machine could sell, or read what was sold."""
    for sent in ("", "Bearer", "Bearer ", "Basic YTpi"):
        asked = head(agent, method, path, authorization=sent)
        refused(await spoken(agent, asked), 401, "not-authenticated")
    guessed = head(agent, method, path, token="x" * 43)
    refused(await spoken(agent, guessed), 401, "unknown-token")


async def test_7_the_token_of_another_till(agent):
    """One till could open the drawer of the next, or take its scanner."""
    for method, path in (
        ("GET", f"/v1/tills/{TILL}"),
        ("POST", f"/v1/tills/{TILL}/drawer"),
        ("POST", f"/v1/tills/{TILL}/scanners/counter/claim"),
        ("POST", SALES),
    ):
        asked = head(agent, method, path, token=agent.other_token)
        refused(await spoken(agent, asked), 403, "wrong-till")
    assert 4403 == await closed_with(agent, agent.other_token)


async def test_8_a_token_after_it_was_revoked(agent):
    """A lost tablet would go on selling, or go on listening on the line it holds open."""
    paired = await agent.admin("POST", f"/v1/tills/{TILL}/pair")
    lost, kept = paired["token"], agent.token
    async with stream(agent) as watcher, stream(agent) as other:
        await watcher.send(json.dumps({"token": lost}))
        await other.send(json.dumps({"token": kept}))
        assert (await spoken(agent, head(agent, token=lost))).startswith(b"HTTP/1.1 200")
        listed = await agent.admin("GET", f"/v1/tills/{TILL}/pair")
        assert [each["used"] for each in listed if each["id"] == paired["id"]] != [None]
        began = time.monotonic()
        gone = await agent.admin("DELETE", f"/v1/tills/{TILL}/pair/{paired['id']}")
        assert 1 == gone["revoked"]
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(watcher.recv(), 30)
        assert time.monotonic() - began < CUT_WITHIN_S
        assert 4401 == closed.value.rcvd.code
        await agent.send("POST", f"/v1/tills/{TILL}/scan", json={"scan": "still-here"})
        assert "scan" == json.loads(await asyncio.wait_for(other.recv(), 30))["type"]
    refused(await spoken(agent, head(agent, token=lost)), 401, "unknown-token")
    assert 4401 == await closed_with(agent, lost)


@pytest.mark.parametrize(
    "path",
    [
        f"//v1/tills/{TILL}",
        f"/v1//tills/{TILL}",
        f"/v1/tills/till-2/../{TILL}",
        f"/v1/tills/till-2%2f..%2f{TILL}",
        f"/v1/tills/till-2%2F%2E%2E%2F{TILL}",
        f"/v1/tills/till-2%5c..%5c{TILL}",
        "/v1/tills/%74ill-1%00",
        "/page/..%2f..%2f..%2fdaemon%2fcli.py",
        "/page/%2e%2e/%2e%2e/app.py",
        "/page//etc/passwd",
        "/page/....//....//etc/passwd",
        "/page/%252e%252e/app.py",
        "/page/\xff",
    ],
)
async def test_9_path_tricks(agent, path):
    """A path that two layers read differently would lead past the token, or out of the page."""
    for token in (agent.token, agent.other_token):
        said = await spoken(agent, head(agent, path=path, token=token))
        assert re.match(rb"HTTP/1.1 40[0134] ", said), said[:200]
        assert b"import " not in said
        assert b"root:" not in said


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_10_an_oversized_body(agent, chunked):
    """One request would fill the memory of the till."""
    before, megabytes = agent.resident_kib, 40
    reader, writer = await asyncio.open_connection("127.0.0.1", agent.port)
    size = {"transfer_encoding": "chunked"} if chunked else {"content_length": str(megabytes << 20)}
    writer.write(head(agent, "POST", "/v1/parties", content_type="application/json", **size))
    block = b"100000\r\n" + b"x" * 0x100000 + b"\r\n" if chunked else b"x" * 0x100000
    with suppress(ConnectionError):
        for _ in range(megabytes):
            writer.write(block)
            async with asyncio.timeout(30):
                await writer.drain()
    with suppress(ConnectionError):
        assert b" 413 " in (await asyncio.wait_for(reader.read(200), 30)).split(b"\r\n")[0]
    writer.close()
    assert agent.resident_kib - before < 8 * 1024


async def test_11_heads_and_bodies_that_never_end(agent):
    """A handful of trickling connections would keep every real one out (slowloris)."""
    posted = head(
        agent, "POST", "/v1/parties", content_type="application/json", content_length="99"
    )
    slow = {
        b"": b"408",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ": b"408",
        posted + b'{"name"': b" 408 ",
    }
    began = time.monotonic()
    answers = asyncio.gather(*(_trickled(agent, start, 0.5) for start in slow))
    status = await agent.send("GET", "/v1/status")
    assert 200 == status.status_code
    for said, expected in zip(await answers, slow.values(), strict=True):
        assert expected in said.split(b"\r\n")[0], said
    assert time.monotonic() - began < 60
    endless = head(agent)[:-2] + b"x-more: 1\r\n" * 20_000
    assert b" 431 " in (await spoken(agent, endless)).split(b"\r\n")[0]


async def _trickled(agent, start, every_s):
    """Send a byte now and then, for ever; gives what is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", agent.port)
    writer.write(start)
    said = asyncio.create_task(reader.read(4096))
    while not (await asyncio.wait({said}, timeout=every_s))[0]:
        writer.write(b"x" if start else b"")
    writer.close()
    return said.result()


async def test_12_a_thousand_sockets(agent):
    """Any program that leaks connections would take the till's API away from its page."""
    starts = (
        b"",
        b"GET / HTTP/1.1\r\n",
        head(agent, path="/v1/status", token="", connection="keep-alive"),
    )
    with ExitStack() as crowd:
        for n in range(SOCKETS):
            place = ("127.0.0.1", agent.port)
            one = crowd.enter_context(await asyncio.to_thread(socket.create_connection, place, 5))
            with suppress(ConnectionError):
                one.sendall(starts[n % 3])
        waits = [await answered_within(agent) for _ in range(20)]
        held_open = len(await asyncio.to_thread(agent.handles))
    assert max(waits) < ANSWER_WITHIN_S
    assert held_open < 640


async def answered_within(agent):
    """Scan at the till on a connection of its own; gives how many seconds it took."""
    began = time.monotonic()
    answer = await agent.send(
        "POST",
        f"/v1/tills/{TILL}/scan",
        json={"scan": "in-the-crowd"},
        headers={"Connection": "close"},
    )
    assert 200 == answer.status_code
    return time.monotonic() - began


async def test_no_wildcard_anywhere(agent):
    """One star in a header would make every check above worthless."""
    paths = (
        "/",
        "/v1/status",
        f"/v1/tills/{TILL}",
        "/schema/openapi.json",
        "/nothing",
        "/page/app.js",
    )
    for path in paths:
        for origin in (None, ALLOWED, agent.url):
            for method in ("GET", "OPTIONS"):
                asked = head(
                    agent,
                    method,
                    path,
                    origin=origin,
                    access_control_request_method="POST" if method == "OPTIONS" else None,
                    access_control_request_private_network="true",
                )
                top = (await spoken(agent, asked)).partition(b"\r\n\r\n")[0].decode("latin-1")
                cors = re.findall(r"(?im)^access-control-[^\r]*", top)
                assert not [line for line in cors if "*" in line]
                assert not [line for line in cors if "credentials" in line.lower()]
                named = re.findall(r"(?im)^access-control-allow-origin: ([^\r]*)", top)
                assert named == ([ALLOWED] if origin == ALLOWED else [])
                if named:
                    assert re.search(r"(?im)^vary: origin", top)


async def test_the_page_is_fenced_in(agent):
    """A code in a product's name could run as a script, or another page could frame the till."""
    top = (await spoken(agent, head(agent, path="/", token=""))).partition(b"\r\n\r\n")[0].decode()
    fields = dict(line.lower().split(": ", 1) for line in top.split("\r\n")[1:])
    policy = fields["content-security-policy"]
    assert "unsafe" not in policy
    assert "*" not in policy
    for rule in ("default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert rule in policy
    assert "nosniff" == fields["x-content-type-options"]
    assert "no-referrer" == fields["referrer-policy"]
    assert "same-origin" == fields["cross-origin-resource-policy"]


async def test_a_program_run_wild_is_slowed_and_told_when_to_come_back(agent):
    """A loop in a piece of POS software would fill the disk of the shop in a night."""
    paired = await agent.admin("POST", f"/v1/tills/{TILL}/pair")
    wild = head(agent, "POST", f"/v1/tills/{TILL}/nothing", token=paired["token"], connection=None)
    drawer = wild.replace(b"/nothing", b"/scanners/none/claim")
    reader, writer = await asyncio.open_connection("127.0.0.1", agent.port)
    said, asked = b"", 0
    # A slow machine takes a while to be faster than the pace: the loop goes on until it is told.
    while b"retry-after: " not in said.partition(b" 429 ")[2].lower():
        writer.write(drawer * ROUND)
        asked += ROUND
        while said.count(b"HTTP/1.1 ") < asked:
            said += await asyncio.wait_for(reader.read(65_536), 30)
    assert said.count(b" 404 ") >= BURST_CALLS
    writer.close()
    others = await agent.send("POST", f"/v1/tills/{TILL}/scan", json={"scan": "calm"})
    assert 200 == others.status_code
    await agent.admin("DELETE", f"/v1/tills/{TILL}/pair/{paired['id']}")
