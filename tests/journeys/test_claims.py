"""A till that was away, a scanner between two tills (D3): nothing missed, nothing sold twice."""

from __future__ import annotations

import asyncio
import json

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from agent.daemon.demo.watching import Watcher
from tests.journeys.lone import OTHER_TILL, PATIENCE_S, TILL, lone_agent

pytestmark = [pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

COFFEE = b"]E09521000151109"
MISSED = 500
SHARED_SCANS = 60
HANDOVERS = 6


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def agent(tmp_path_factory):
    """One agent whose two tills both name the one scanner."""
    async with lone_agent(tmp_path_factory.mktemp("lone"), shared=("counter",)) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def watched(agent):
    """Both tills, followed."""
    watchers = {
        TILL: Watcher(agent.url, TILL, agent.token),
        OTHER_TILL: Watcher(agent.url, OTHER_TILL, agent.other_token),
    }
    tasks = [asyncio.create_task(watcher.run()) for watcher in watchers.values()]
    yield watchers
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def path(till, what):
    """Give the address of a claim or release."""
    return f"/v1/tills/{till}/scanners/counter/{what}"


async def turn(agent, till, what):
    """Claim or release the scanner as a till."""
    token = agent.token if till == TILL else agent.other_token
    return await agent.send("POST", path(till, what), token=token, json={})


def told(watcher, kind):
    """List the scans of a kind a till was told of."""
    return [
        event
        for event in watcher.events
        if event["type"] == "scan" and event["data"]["kind"] == kind
    ]


async def test_a_scan_nobody_claims_is_refused_by_name(agent, watched):
    """It would be sold at a till chosen by chance, or be lost without a word."""
    agent.scanner.scan(COFFEE)
    for till, watcher in watched.items():
        event = await watcher.until(0, lambda event: event["type"] == "scan")
        assert "unclaimed" == event["data"]["kind"]
        assert "no till has claimed scanner counter" in event["data"]["refused"]
        assert path(till, "claim") in event["data"]["remedy"]
        assert (await agent.admin("GET", f"/v1/tills/{till}")).get("sale") is None


async def test_a_claim_is_exclusive_and_says_who_has_it(agent):
    """Two pieces of POS software would both believe that the scanner is theirs."""
    first, second = await asyncio.gather(
        turn(agent, TILL, "claim"), turn(agent, OTHER_TILL, "claim")
    )
    assert {200, 409} == {first.status_code, second.status_code}
    holder, other = (TILL, OTHER_TILL) if first.status_code == 200 else (OTHER_TILL, TILL)
    refusal = (second if holder == TILL else first).json()
    assert f"held by till {holder}" in refusal["detail"]
    assert path(holder, "release") in refusal["remedy"]
    assert 200 == (await turn(agent, holder, "claim")).status_code
    assert not (await turn(agent, other, "release")).json()["mine"]
    listed = await agent.admin("GET", f"/v1/tills/{other}/scanners")
    assert [("counter", holder, False)] == [(s["device"], s["owner"], s["mine"]) for s in listed]
    assert 200 == (await turn(agent, holder, "release")).status_code


async def test_two_tills_never_both_sell_one_scan(agent, watched):
    """One article would be paid for by two customers."""
    sold = {TILL: 0, OTHER_TILL: 0}
    for n in range(HANDOVERS):
        owner, other = (TILL, OTHER_TILL) if n % 2 == 0 else (OTHER_TILL, TILL)
        assert 200 == (await turn(agent, owner, "claim")).status_code
        assert 409 == (await turn(agent, other, "claim")).status_code
        mark = watched[owner].mark()
        for _ in range(SHARED_SCANS // HANDOVERS):
            agent.scanner.scan(COFFEE)
        sold[owner] += SHARED_SCANS // HANDOVERS
        for _ in range(SHARED_SCANS // HANDOVERS):
            event = await watched[owner].until(mark, lambda event: event["type"] == "item")
            mark = watched[owner].events.index(event) + 1
        assert 200 == (await turn(agent, owner, "release")).status_code
    for till, token in ((TILL, agent.token), (OTHER_TILL, agent.other_token)):
        view = (await agent.send("GET", f"/v1/tills/{till}", token=token)).json()
        quantity = sum(line["quantity"] for line in view["sale"]["sale"]["lines"])
        assert sold[till] * 1000 == quantity
        items = [event for event in watched[till].events if event["type"] == "item"]
        assert sold[till] == len(items)
        cancel = f"/v1/sales/{view['sale']['sale']['sale_id']}/cancel"
        assert 200 == (await agent.send("POST", cancel, token=token, json={})).status_code


async def test_a_scan_between_two_claims_is_sold_once_or_refused(agent, watched):
    """In the moment the scanner changes hands a scan would be sold at both tills, or at none."""
    for watcher in watched.values():
        await watcher.until(0, lambda event: event["data"].get("what") == "cancelled")
    before = {till: len(told(watcher, "item")) for till, watcher in watched.items()}
    refused = {till: len(told(watcher, "unclaimed")) for till, watcher in watched.items()}

    async def hand_over():
        for n in range(SHARED_SCANS):
            till = TILL if n % 2 else OTHER_TILL
            await turn(agent, till, "claim")
            await turn(agent, till, "release")

    async def scan():
        for _ in range(SHARED_SCANS):
            agent.scanner.scan(COFFEE)
            await asyncio.sleep(0.003)

    def sales():
        return sum(len(told(watcher, "item")) - before[till] for till, watcher in watched.items())

    def unsold(till):
        return len(told(watched[till], "unclaimed")) - refused[till]

    scanned = 0
    while not sales():  # On a busy machine all scans may fall between two claims.
        await asyncio.gather(hand_over(), scan())
        scanned += SHARED_SCANS
        async with asyncio.timeout(PATIENCE_S):
            # The events of two tills come on two connections.
            while min(map(unsold, watched)) + sales() < scanned:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    agent.watcher = watched[TILL]
    await agent.quiet()
    assert [scanned - sales()] * 2 == [unsold(till) for till in watched]


async def test_a_claim_outlives_a_restart_and_ends_with_its_token(agent):
    """After an update in the middle of the day no scan would arrive until somebody claims again."""
    assert 200 == (await turn(agent, OTHER_TILL, "claim")).status_code
    await agent.program.stop()
    await agent.program.start()
    (seen,) = await agent.admin("GET", f"/v1/tills/{TILL}/scanners")
    assert OTHER_TILL == seen["owner"]
    await agent.admin("DELETE", f"/v1/tills/{OTHER_TILL}/pair")
    (seen,) = await agent.admin("GET", f"/v1/tills/{TILL}/scanners")
    assert (None, None) == (seen["owner"], seen["claimed_at"])
    agent.other_token = await agent.pair(OTHER_TILL)


async def test_a_till_that_was_away_gets_every_missed_event_once_in_order(agent):
    """Ten minutes without network would be ten minutes of goods nobody has rung up."""
    assert 200 == (await turn(agent, TILL, "claim")).status_code
    cursor = await _newest(agent)
    codes = [f"AWAY-{n:04}" for n in range(MISSED)]
    for n, code in enumerate(codes):
        agent.scanner.scan(code.encode())
        if n == MISSED // 2:
            await _scanned(agent, cursor, n + 1)
            await agent.program.stop()
            await agent.program.start()
            await _ready(agent)
    events = await _scanned(agent, cursor, MISSED)
    assert codes == [event["data"]["text"] for event in events if event["type"] == "scan"]
    cursors = [event["cursor"] for event in events]
    assert sorted(set(cursors)) == cursors
    halfway = cursors[len(cursors) // 2]
    again = await _scanned(agent, halfway, sum(c > halfway for c in cursors), of="")
    assert [event for event in events if event["cursor"] > halfway] == again


async def _ready(agent):
    """Wait until the scanner is open again."""
    while True:
        devices = (await agent.status())["devices"]
        if all(each["state"] == "ready" for each in devices if each["id"] == "counter"):
            return
        await asyncio.sleep(0.05)


async def _newest(agent):
    """Give the cursor of now."""
    return (await agent.send("GET", f"/v1/tills/{TILL}")).json()["cursor"]


async def _scanned(agent, after, count, of="scan"):
    """Come back after a cursor; gives the events up to so many (of a type)."""
    events, found = [], 0
    async with _following(agent, after) as socket:
        while found < count:
            events.append(json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S)))
            found += of in {"", events[-1]["type"]}
    return events


def _following(agent, after):
    address = agent.url.replace("http", "ws", 1) + f"/v1/tills/{TILL}/events?after={after}"
    return connect(address, proxy=None, subprotocols=[f"bearer.{agent.token}"])
