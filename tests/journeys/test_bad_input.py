"""What strangers, cables and mistaken clients send a running agent: it says why, and stays up."""

from __future__ import annotations

import asyncio
import json
import random

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from agent.daemon.demo.shop import new_id
from tests.journeys.lone import TILL, lone_agent

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
]

COFFEE = b"]E09521000151109"
NOISE_BYTES = 1_000_000
GROWTH_KIB = 64 * 1024
"""What the agent may grow by under noise: far more than it needs, far less than it is sent."""
SALES = f"/v1/tills/{TILL}/sales"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory):
    """One agent for all of this module."""
    async with lone_agent(tmp_path_factory.mktemp("lone")) as agent:
        watching = asyncio.create_task(agent.watcher.run())
        yield agent
        watching.cancel()
        await asyncio.wait([watching])


@pytest_asyncio.fixture(loop_scope="module")
async def agent(running):
    """The agent, which must be the same process after the test, and well."""
    before = running.program.pid
    yield running
    assert (await running.status())["ok"]
    assert before == running.program.pid
    log = await asyncio.to_thread(running.log.read_text)
    assert "Traceback" not in log


@pytest_asyncio.fixture(loop_scope="module")
async def sale(agent):
    """An open sale at the first till."""
    sale_id = new_id()
    assert 201 == (await agent.send("POST", SALES, json={"sale_id": sale_id})).status_code
    yield f"/v1/sales/{sale_id}"
    assert 200 == (await agent.send("POST", f"/v1/sales/{sale_id}/cancel", json={})).status_code


def explained(answer, status, *words):
    """Insist on a problem (RFC 9457) that names the cause, with a remedy; gives it."""
    assert status == answer.status_code, answer.text
    assert "application/problem+json" == answer.headers["content-type"].partition(";")[0]
    problem = answer.json()
    for word in words:
        assert word in problem["detail"], problem
    assert problem["remedy"], problem
    return problem


@pytest.mark.parametrize(
    ("symbol", "why"),
    [
        (b"]E04006381333931", "no item is listed under GTIN 04006381333931"),
        (b"]E09521000151108", "expected 9, got 8"),
        (b"]Q1hello", "nothing here has such a code"),
        (b"]C0LC0000000000", "does not fit"),
    ],
)
async def test_a_code_nobody_knows_says_why_and_what_to_do(agent, symbol, why):
    """A cashier would scan again and again without being told what is wrong."""
    told = (await agent.scan(symbol))["data"]
    assert any(why in reason for reason in told["why"]), told
    assert told["remedy"], told
    over_http = await agent.send("POST", f"/v1/tills/{TILL}/scan", json={"scan": symbol.decode()})
    assert (200, told["remedy"]) == (over_http.status_code, over_http.json()["remedy"])
    view = (await agent.send("GET", f"/v1/tills/{TILL}")).json()
    assert view.get("sale") is None, "what is not known is not sold"


@pytest.mark.parametrize(
    "noise",
    [
        random.Random(7).randbytes(NOISE_BYTES),
        b"\xff" * NOISE_BYTES,
        b"9" * NOISE_BYTES,
        b"\r" * NOISE_BYTES,
        (b"A" * 60 + b"\r") * (NOISE_BYTES // 61),
    ],
    ids=["random", "no end", "digits without end", "ends alone", "codes"],
)
async def test_a_megabyte_of_noise_on_the_serial_line(agent, noise):
    """A broken cable would take the till down, fill its memory, or swallow the next good scan."""
    before = agent.resident_kib
    await asyncio.to_thread(agent.scanner.send, noise + b"\r")
    await agent.quiet()
    mark = agent.watcher.mark()
    agent.scanner.scan(COFFEE)
    event = await agent.watcher.until(mark, lambda event: event["type"] == "item", 60)
    assert agent.resident_kib - before < GROWTH_KIB
    path = f"/v1/sales/{event['data']['sale_id']}/cancel"
    assert 200 == (await agent.send("POST", path, json={"reason": "noise"})).status_code


@pytest.mark.parametrize(
    ("sent", "status", "word"),
    [
        (b"{", 400, "JSON"),
        (b"[" * 100_000, 400, ""),
        (b"\xff\xfe", 400, ""),
        (b"null", 400, "Expected `object`"),
        (b'{"scan": 5}', 400, "$.scan"),
        (b'{"scan": "x", "quantity": "5"}', 400, "$.quantity"),
        (b'{"scan": "x", "quantity": 1.5}', 400, "$.quantity"),
        (b'{"scan": "x", "quantity": 1e400}', 400, ""),
        (b'{"scan": "x", "quantity": 99999999999999999999}', 400, "quantity"),
        (b'{"scan": "x", "colour": "red"}', 400, "colour"),
        (b'{"gtin": "9521000151108"}', 400, "8 instead of 9"),
        (b'{"gtin": "95210"}', 400, "$.gtin"),
        (b'{"scan": ""}', 400, "$.scan"),
        (b"{}", 400, ""),
        (b'{"scan": "' + b"x" * 2_000_000 + b'"}', 413, "1 MiB"),
    ],
)
async def test_a_malformed_body_is_explained(agent, sale, sent, status, word):
    """Till software with a mistake would be told nothing, or believed."""
    headers = {"Content-Type": "application/json"}
    answer = await agent.send("POST", f"{sale}/lines", headers=headers, content=sent)
    explained(answer, status, word)
    held = (await agent.send("GET", sale)).json()
    assert [] == held["sale"].get("lines", [])


@pytest.mark.parametrize(
    ("kind", "amount", "word"),
    [("cash", True, "$.amount"), ("cash", -1, ""), ("Cash!", 1, "$.kind"), ("cash", None, "")],
)
async def test_wrong_money_is_refused(agent, sale, kind, amount, word):
    """Money that was never on the counter would be on the receipt."""
    body = {"kind": kind, "amount": amount}
    answer = await agent.send("POST", f"{sale}/tenders", json=body)
    assert answer.status_code in (400, 409)
    explained(answer, answer.status_code, word)


async def test_a_body_that_is_no_json_at_all(agent):
    """A plain HTML form of a foreign page could open a sale."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await agent.send("POST", SALES, headers=headers, content=b"sale_id=1")
    explained(answer, 415, "application/x-www-form-urlencoded")


async def test_without_a_token_nothing_is_shown_or_done(agent):
    """Anybody on the machine could sell, or read who buys."""
    for path in (f"/v1/tills/{TILL}", "/v1/sales/x", "/v1/items?text=a", "/metrics"):
        answer = await agent.client.get(agent.url + path)
        problem = explained(answer, 401, "no token")
        assert "till-agent pair" in problem["remedy"]
    answer = await agent.send("GET", f"/v1/tills/{TILL}", token=new_id())
    explained(answer, 401, "unknown or was revoked")
    open_to_all = (await agent.client.get(agent.url + "/v1/status")).json()
    assert {"ok", "version"} == {key for key, value in open_to_all.items() if value}


async def test_a_token_speaks_for_its_own_till(agent, sale):
    """One till could see and change what another one sells."""
    answer = await agent.send("GET", f"/v1/tills/{TILL}", token=agent.other_token)
    problem = explained(answer, 403, "till-2, not for till-1")
    assert "till-agent pair" in problem["remedy"]
    line = {"scan": COFFEE.decode()}
    answer = await agent.send("POST", f"{sale}/lines", token=agent.other_token, json=line)
    explained(answer, answer.status_code)
    assert answer.status_code in (403, 404, 409)
    assert [] == (await agent.send("GET", sale)).json()["sale"].get("lines", [])
    answer = await agent.send("POST", f"/v1/tills/{TILL}/pair", json={})
    explained(answer, 403, "admin")


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        ({"Origin": "https://evil.example"}, "evil.example"),
        ({"Origin": "null"}, "null"),
        ({"Host": "evil.example"}, "evil.example"),
        ({"Host": "127.0.0.1.evil.example:8460"}, "evil.example"),
    ],
)
async def test_a_foreign_page_is_shut_out(agent, headers, word):
    """A page of anybody's, open in the till's browser, could sell (also by DNS rebinding)."""
    for method, path in (("GET", "/v1/status"), ("GET", "/"), ("POST", SALES)):
        body = {"json": {}} if method == "POST" else {}
        answer = await agent.send(method, path, headers=headers, **body)
        problem = explained(answer, 403, word)
        assert "[agent] allowed_" in problem["remedy"]
        assert "access-control-allow-origin" not in answer.headers


async def test_a_foreign_page_cannot_listen(agent):
    """What happens at the till could be followed by any page in the till's browser."""
    address = agent.url.replace("http", "ws", 1) + f"/v1/tills/{TILL}/events"
    for kept_out in ({"origin": "https://evil.example"}, {"additional_headers": {"Host": "x.y"}}):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(address, proxy=None, **kept_out):
                pass
        assert 403 == refused.value.response.status_code
        if body := refused.value.response.body:
            assert json.loads(body)["remedy"]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ('{"token": "guessed"}', 4401),
        ("{", 4401),
        ("x" * 60_000, 4401),
        (None, 4403),
    ],
)
async def test_a_listener_without_a_right_token_is_told_so(agent, frame, code):
    """A stream would stay open for nobody, or for the wrong till."""
    address = agent.url.replace("http", "ws", 1) + f"/v1/tills/{TILL}/events"
    async with connect(address, proxy=None) as socket:
        await socket.send(frame or json.dumps({"token": agent.other_token}))
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert code == closed.value.rcvd.code
    assert closed.value.rcvd.reason


async def test_a_scanner_that_is_pulled_out_comes_back_by_itself(agent):
    """A slipped cable would need IT, or nobody would see why scans do not arrive."""
    await agent.device("counter", "ready")
    agent.scanner.unplug()
    gone = await agent.device("counter", "gone")
    assert gone["detail"]
    agent.scanner.plug()
    await agent.device("counter", "ready")
    event = await agent.scan(COFFEE)
    path = f"/v1/sales/{event['data']['sale_id']}/cancel"
    assert 200 == (await agent.send("POST", path, json={"reason": "test"})).status_code


async def test_a_printer_that_is_switched_off_keeps_its_receipts(agent):
    """A receipt would be lost with the printer's power, or selling would wait for it."""
    printer = agent.printer
    port = printer.port
    await printer.__aexit__(None, None, None)
    done = await _sold(agent)
    off = await agent.device("receipt", "disconnected")
    assert off["detail"]
    job = (await agent.send("GET", f"/v1/print-jobs/{done['print_id']}")).json()
    assert "held" == job["state"], job
    assert job["reason"]
    printer._wanted_port = port
    await printer.__aenter__()
    await agent.device("receipt", "ready")
    receipt = await printer.next_receipt(30)
    assert done["receipt_no"] in receipt.text
    assert "COPY" not in receipt.text


async def _sold(agent):
    sale_id = new_id()
    path = f"/v1/sales/{sale_id}"
    for to, body in (
        (SALES, {"sale_id": sale_id}),
        (f"{path}/lines", {"scan": COFFEE.decode()}),
        (f"{path}/tenders", {"kind": "cash", "amount": 500}),
    ):
        assert 201 == (await agent.send("POST", to, json=body)).status_code
    return (await agent.send("POST", f"{path}/complete", json={})).json()
