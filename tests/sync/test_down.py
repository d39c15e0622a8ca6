"""From HQ to the directory: every change once applied and told, and nothing that stops it."""

from __future__ import annotations

import asyncio

import pytest

from agent.contracts.hq import HqRefused, HqSlowDown, HqUnreachable
from agent.core.exchange.faults import FeedGone
from agent.core.exchange.wire import FeedPage
from agent.core.faults import InputFault
from agent.directory import Directory
from agent.directory.faults import DirectoryFault
from agent.sync import feeds
from agent.sync.feeds import FeedFollower
from agent.sync.presence import Presence
from tests.sync.conftest import ListReplica, QuickClock


@pytest.mark.asyncio
async def test_a_change_is_applied_and_then_told(shop, run):
    """If it were told before, or not at all, the till would show what is no longer true."""
    shop.hq.publish("global", "item:1", 1)
    await shop.enrol()
    async with run(shop.loop):
        await shop.until(lambda: shop.replica.keys == ["item:1"])
        shop.link.publish("store:store-1", "order:7", 1)
        await shop.until(lambda: shop.replica.keys == ["item:1", "order:7"])
    assert [("global", ["item:1"]), ("store:store-1", ["order:7"])] == shop.changes


@pytest.mark.asyncio
async def test_changes_during_an_outage_arrive_after_it(shop, run):
    """If they did not, a web order placed meanwhile would never appear at the till."""
    await shop.enrol()
    async with run(shop.loop):
        await shop.until(lambda: len(shop.replica.pages) == 2)
        shop.link.set_offline(True)
        await shop.until(lambda: not shop.loop.status().online)
        shop.link.publish("global", "order:1", 1)
        await shop.settle()
        shop.link.set_offline(False)
        await shop.until(lambda: shop.replica.keys == ["order:1"])


@pytest.mark.asyncio
async def test_another_feed_is_read_from_the_start(shop, run):
    """If it were not, a restored HQ's changes would be skipped under known numbers."""
    before = shop.hq.backup()
    shop.hq.publish("global", "item:1", 1)
    await shop.enrol()
    async with run(shop.loop):
        await shop.until(lambda: shop.replica.keys == ["item:1"])
        shop.hq.restore(before)
        shop.link.publish("global", "item:2", 1)
        await shop.until(lambda: shop.replica.keys == ["item:1", "item:2"])
    assert ["global"] == shop.replica.reread_scopes


@pytest.mark.asyncio
async def test_a_page_that_cannot_be_applied_stops_no_other_scope(shop, run):
    """If it did, one bad page would cut the till off from everything."""
    await shop.enrol()
    shop.replica.failing = InputFault("the disk is full", remedy="make room")
    async with run(shop.loop):
        shop.link.publish("global", "item:1", 1)
        await shop.sell(1)
        await shop.until_sent()
        await shop.until(lambda: "disk is full" in (shop.loop.status().last_error or ""))
        shop.replica.failing = None
        await shop.until(lambda: shop.replica.keys == ["item:1"])


@pytest.mark.asyncio
async def test_a_full_disk_where_a_feed_is_begun_anew_ends_nothing(shop, run):
    """If it did, a till that meets a restored HQ on a full disk would never sync again."""
    before = shop.hq.backup()
    shop.hq.publish("global", "item:1", 1)
    await shop.enrol()
    async with run(shop.loop):
        await shop.until(lambda: shop.replica.keys == ["item:1"])
        shop.replica.failing = DirectoryFault("the disk is full", remedy="make room")
        shop.hq.restore(before)
        shop.link.publish("global", "item:2", 1)
        await shop.until(lambda: "disk is full" in (shop.loop.status().last_error or ""))
        await shop.sell(1)
        await shop.until_sent()
        assert [] == shop.replica.reread_scopes
        assert {"feed-not-applied"} == {trouble.name for trouble in shop.loop.status().troubles}
        shop.replica.failing = None
        await shop.until(lambda: shop.replica.keys == ["item:1", "item:2"])
        await shop.until(lambda: not shop.loop.status().troubles)
    assert ["global"] == shop.replica.reread_scopes


@pytest.mark.asyncio
async def test_an_hq_that_asks_for_patience_is_left_alone(shop, run, monkeypatch):
    """If it were not, feeds would knock through every slow-down."""
    await shop.enrol()
    asked = []

    async def busy(*_args):
        asked.append(1)
        raise HqSlowDown("busy", remedy="wait", delay_ms=30)

    monkeypatch.setattr(shop.link, "feed", busy)
    async with run(shop.loop):
        await shop.until(lambda: len(asked) >= 4)
        assert shop.loop.status().online
    assert [] == shop.changes


@pytest.mark.asyncio
async def test_a_refused_feed_is_shown_and_sales_go_on(shop, run, monkeypatch):
    """If it were silent, nobody would know why the till's prices are old."""
    await shop.enrol()

    async def refuse(*_args):
        raise HqRefused("this scope is not for you", remedy="ask HQ")

    monkeypatch.setattr(shop.link, "feed", refuse)
    async with run(shop.loop):
        await shop.sell(1)
        await shop.until_sent()
        await shop.until(lambda: "not for you" in (shop.loop.status().last_error or ""))
    assert await shop.own() == await shop.held()


@pytest.mark.asyncio
async def test_an_hq_that_never_waits_is_not_asked_in_a_tight_loop(shop, run, monkeypatch):
    """If it were, an old proxy would turn every till into a storm."""
    await shop.enrol()
    asked = []

    async def at_once(scope, *_args):
        asked.append(scope)
        return FeedPage((), "1-aa.0.0000000000000000")

    monkeypatch.setattr(shop.link, "feed", at_once)
    async with run(shop.loop):
        await shop.until_sent()
        await shop.settle()
    assert len(asked) < 10


@pytest.mark.asyncio
async def test_the_real_directory_follows_a_feed(shop, run, tmp_path):
    """If it did not, the fake in these tests would prove nothing."""
    shop.replica = Directory.open(tmp_path / "directory.db")
    body = b'{"item_id":"1","name":"Milk","taxes":["reduced"],"gtins":["04006381333931"]}'
    shop.hq.publish("global", "item:1", 1, body=body)
    await shop.enrol()
    loop = shop.new_loop()
    async with run(loop):
        await shop.until(lambda: shop.replica.counts()["items"] == 1)
    assert [("global", ["item:1"])] == shop.changes
    shop.replica.close()


class GoneLink:
    """An HQ that is silent for long, and then has another feed, in which nothing is."""

    def __init__(self, silent: int) -> None:
        self.silent, self.asked = silent, []
        self.answered = asyncio.Event()

    async def feed(self, _scope, after, wait_s):
        self.asked.append((after, wait_s))
        if len(self.asked) <= self.silent:
            raise HqUnreachable("nothing came", remedy="wait")
        if after == OLD:
            raise FeedGone("another feed", remedy="read it from the start")
        self.answered.set()
        return FeedPage((), NEW)


class PatientClock(QuickClock):
    """Draws a wait of sixteen seconds, wherever one may be that long."""

    def random(self, size: int) -> bytes:
        return (15_999).to_bytes(size, "big")


OLD, NEW = "1-aa.7.0123456789abcdef", "1-aa.0.0000000000000000"


@pytest.mark.asyncio
async def test_a_lost_place_is_found_at_once_after_a_long_outage(run):
    """What a restored HQ has no longer stays at a till for as long as HQ was silent before."""
    link, replica = GoneLink(silent=9), ListReplica()
    replica.cursors["global"] = OLD
    follower = follower_of(link, replica)
    async with asyncio.timeout(60), run(follower):
        while len(link.asked) <= link.silent:
            follower.hq_seen()
            await asyncio.sleep(0)
        await link.answered.wait()
        await asyncio.sleep(0)
    assert ["global"] == replica.reread_scopes
    assert [("", 0), (NEW, feeds.WAIT_S)] == link.asked[10:12]


def follower_of(link, replica):
    """Follow the scope of all stores, as `SyncLoop` does."""

    async def nobody_listens(*_):
        """No till page is open, no order comes."""

    return FeedFollower(
        "global",
        link=link,
        replica=replica,
        clock=PatientClock(),
        presence=Presence(PatientClock(), lambda: None),
        on_change=nobody_listens,
        on_epoch=lambda _epoch: None,
        on_orders=nobody_listens,
    )
