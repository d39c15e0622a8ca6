"""The feed, as a till reads it from a served HQ."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time

import httpx
import pytest

from agent.contracts.hq import HqRefused
from agent.core.exchange.coding import FEED_ITEMS_MAX, content_digest
from agent.links.signing import DeviceSigner
from central.feed.sealing import Sealer
from central.ledger.engine import open_engine, writing
from central.ledger.faults import POOL_SIZE
from central.ledger.outbox import GLOBAL, Change, publish, publish_many

pytestmark = pytest.mark.asyncio


def tell(engine, *changes, scope=GLOBAL):
    with writing(engine) as conn:
        for key, op, body in changes:
            publish(conn, scope, key, op, body)


async def raw(hq, till, path):
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        request = client.build_request("GET", hq.url + path)
        DeviceSigner(till.key, till.keyid).sign(request, b"")
        return await client.send(request)


@pytest.mark.both_databases
async def test_a_till_reads_everything_and_then_only_what_is_new(hq):
    """Wrong: tills miss changes, or load the whole catalogue again and again."""
    _, link = await hq.enrolled()
    tell(hq.engine, ("item:1", "put", b'{"a":1}'), ("item:2", "put", b'{"a":2}'))
    first = await link.feed(GLOBAL, "", 0)
    assert [("item:1", b'{"a":1}'), ("item:2", b'{"a":2}')] == [
        (item.key, bytes(item.body)) for item in first.items
    ]
    assert () == (await link.feed(GLOBAL, first.cursor, 0)).items
    tell(hq.engine, ("item:2", "del", b"null"))
    (item,) = (await link.feed(GLOBAL, first.cursor, 0)).items
    assert ("item:2", "del") == (item.key, item.op)
    assert item.ver > first.items[1].ver
    await link.aclose()


async def test_only_the_latest_change_of_a_key_is_kept(hq):
    """Wrong: the feed grows with every price change of every item."""
    _, link = await hq.enrolled()
    tell(hq.engine, *[("item:1", "put", b"%d" % n) for n in range(9)], ("item:2", "put", b"0"))
    page = await link.feed(GLOBAL, "", 0)
    assert [("item:1", b"8"), ("item:2", b"0")] == [
        (one.key, bytes(one.body)) for one in page.items
    ]
    await link.aclose()


async def test_a_long_feed_comes_in_pages_that_leave_nothing_out(hq):
    """Wrong: a till stops after the first page, or changes fall between two pages."""
    _, link = await hq.enrolled()
    with writing(hq.engine) as conn:
        count = 2 * FEED_ITEMS_MAX + 1
        publish_many(conn, GLOBAL, [Change(f"item:{n}", "put", b"1") for n in range(count)])
    keys, cursor, more, pages = [], "", True, 0
    while more:
        page = await link.feed(GLOBAL, cursor, 0)
        keys += [item.key for item in page.items]
        cursor, more, pages = page.cursor, page.more, pages + 1
        tell(hq.engine, ("item:0", "put", b"2"))
    assert (3, {f"item:{n}" for n in range(count)}) == (pages, set(keys))
    assert 2 == keys.count("item:0")
    await link.aclose()


@pytest.mark.both_databases
async def test_a_waiting_till_is_told_at_once(hq):
    """Wrong: a web order reaches the till only at the next poll."""
    _, link = await hq.enrolled()
    start = (await link.feed(GLOBAL, "", 0)).cursor
    waiting = asyncio.create_task(link.feed(GLOBAL, start, 20))
    await asyncio.sleep(0.3)
    began = time.monotonic()
    await asyncio.to_thread(tell, hq.engine, ("order:1", "put", b"{}"))
    page = await waiting
    assert ["order:1"] == [item.key for item in page.items]
    assert time.monotonic() - began < 10
    await link.aclose()


@pytest.mark.both_databases
async def test_a_waiting_till_is_told_of_another_programs_import(hq, database_url):
    """Wrong: an import on the command line reaches the tills only when their poll ends."""
    _, link = await hq.enrolled()
    start = (await link.feed(GLOBAL, "", 0)).cursor
    waiting = asyncio.create_task(link.feed(GLOBAL, start, 20))
    await asyncio.sleep(0.3)
    other = open_engine(database_url)
    began = time.monotonic()
    await asyncio.to_thread(tell, other, ("item:1", "put", b"{}"))
    assert 1 == len((await waiting).items)
    assert time.monotonic() - began < 15
    other.dispose()
    await link.aclose()


async def test_a_wait_that_brings_nothing_ends_in_time(hq):
    """Wrong: a long poll hangs until a proxy cuts it."""
    _, link = await hq.enrolled()
    began = time.monotonic()
    page = await link.feed("store:store-0001", "", 1)
    assert ((), True) == (page.items, 0.9 < time.monotonic() - began < 20)
    await link.aclose()


async def test_pages_in_the_making_hold_up_nothing_else(hq, monkeypatch):
    """Wrong: sales wait while fifty tills that come back read who was enrolled meanwhile."""
    till, link = await hq.enrolled()
    begun, ready, made = threading.Event(), threading.Event(), Sealer.page

    def page(*args):
        begun.set()
        ready.wait(60)
        return made(*args)

    monkeypatch.setattr(Sealer, "page", page)
    reads = [asyncio.create_task(raw(hq, till, "/v1/feeds/global")) for _ in range(3 * POOL_SIZE)]
    await asyncio.to_thread(begun.wait, 60)
    try:
        assert 200 == (await asyncio.wait_for(raw(hq, till, "/v1/keys"), 50)).status_code
    finally:
        ready.set()
    assert {200} == {each.status_code for each in await asyncio.gather(*reads)}
    await link.aclose()


async def test_stopping_hq_lets_waiting_tills_go(hq_at, tmp_path):
    """Wrong: HQ cannot be restarted as long as tills wait for news."""
    async with hq_at(tmp_path) as hq:
        till, _ = await hq.enrolled()
        link = till.link(hq.url)
        waiting = asyncio.create_task(link.feed(GLOBAL, "", 25))
        await asyncio.sleep(0.3)
        began = time.monotonic()
    assert time.monotonic() - began < 15
    assert () == (await waiting).items
    await link.aclose()


async def test_a_till_reads_its_own_stores_scope_only(hq):
    """Wrong: a till reads the customers of other stores."""
    _, link = await hq.enrolled()
    tell(hq.engine, ("order:1", "put", b"{}"), scope="store:store-0002")
    with pytest.raises(HqRefused) as caught:
        await link.feed("store:store-0002", "", 0)
    assert "not-your-scope" == caught.value.name
    assert () == (await link.feed("store:store-0001", "", 0)).items
    await link.aclose()


async def test_nobody_reads_unsigned(hq):
    """Wrong: customers' cards can be had without being a till."""
    async with httpx.AsyncClient(trust_env=False) as client:
        reply = await client.get(f"{hq.url}/v1/feeds/global")
    assert (401, "urn:till-agent:problem:bad-signature") == (
        reply.status_code,
        reply.json()["type"],
    )


async def test_a_cursor_of_a_lost_future_starts_the_feed_again(hq_at, tmp_path):
    """Wrong: after a restored backup tills skip the changes that were numbered a second time."""
    live, backup = tmp_path / "live", tmp_path / "backup"
    live.mkdir()
    async with hq_at(live) as hq:
        till, link = await hq.enrolled()
        tell(hq.engine, ("item:1", "put", b"1"))
        await link.aclose()
    shutil.copytree(live, backup)
    async with hq_at(live) as hq:
        tell(hq.engine, ("item:2", "put", b"2"))
        link = till.link(hq.url)
        cursor = (await link.feed(GLOBAL, "", 0)).cursor
        await link.aclose()
    shutil.rmtree(live)
    shutil.copytree(backup, live)
    async with hq_at(live) as hq:
        tell(hq.engine, ("item:3", "put", b"3"))
        reply = await raw(hq, till, f"/v1/feeds/global?after={cursor}")
        assert (410, "urn:till-agent:problem:feed-restart") == (
            reply.status_code,
            reply.json()["type"],
        )
        link = till.link(hq.url)
        page = await link.feed(GLOBAL, "", 0)
        told = [item.key for item in page.items if item.key.startswith("item:")]
        assert ["item:1", "item:3"] == told
        await link.aclose()


@pytest.mark.parametrize("query", ["wait=26", "wait=-1", "limit=0", "limit=501", "after=x"])
async def test_a_wrong_question_gets_a_problem(hq, query):
    """Wrong: a bad parameter ends in a stack trace or in an endless wait."""
    till, link = await hq.enrolled()
    reply = await raw(hq, till, f"/v1/feeds/global?{query}")
    assert 400 == reply.status_code
    assert reply.json()["remedy"]
    await link.aclose()


async def test_every_answer_to_a_device_names_its_digest(hq):
    """Wrong: a byte the line flipped is applied by the till."""
    till, _ = await hq.enrolled()
    async with httpx.AsyncClient(base_url=hq.url, trust_env=False) as client:
        for path in ("/v1/feeds/global", "/v1/feeds/store:other", "/v1/snapshots/global", "/v1/x"):
            request = client.build_request("GET", path)
            DeviceSigner(till.key, till.keyid).sign(request, b"")
            answer = await client.send(request)
            named = content_digest(answer.content) if path != "/v1/x" else None
            assert named == answer.headers.get("Content-Digest"), path
