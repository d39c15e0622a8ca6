"""The line before the intake: bounded, fair, and never for ever."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack

import pytest

from agent.core.exchange.wire import BATCH_RECORDS_MAX
from central.daemon.problems import headers_of
from central.intake import admission
from central.intake.admission import RECORDS_MIN, RETURN_S, Admission, Crowded, Note
from central.intake.line import AGED_S, Line, Place, Sender
from tests.central.herd import run


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def line(clock):
    return Admission(clock, workers=1, bytes_max=1000)


def note(store, lane="sales", *, records=100, more=True, took_s=0.1):
    return Note(Sender(store, lane), records, more, took_s)


async def served(line, order, gate, journal_id, size=10_000):
    async with line.turn(journal_id, size):
        order.append(journal_id)
        await gate.wait()


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


async def queue(line, *journals, size=10_000):
    """Let the first hold the only place, the others wait; gives the order they were served in."""
    order, gate = [], asyncio.Event()
    tasks = []
    for journal_id in journals:
        tasks.append(asyncio.create_task(served(line, order, gate, journal_id, size)))
        await settle()
    gate.set()
    await asyncio.gather(*tasks)
    return order


@pytest.mark.asyncio
async def test_bytes_that_are_here_are_counted_and_limited(line):
    """Wrong: a herd fills HQ's memory (I15)."""
    async with line.space(900):
        assert 900 == line.bytes
        with pytest.raises(Crowded) as caught:
            async with line.space(200):
                pass
        assert 1 <= caught.value.retry_after_s <= 60
        assert {"Retry-After": str(caught.value.retry_after_s)} == headers_of(caught.value)
        assert (429, True) == (caught.value.status, bool(caught.value.remedy))
    assert 0 == line.bytes


@pytest.mark.asyncio
async def test_the_store_served_longest_ago_comes_first(line, clock):
    """Wrong: one store with a long backlog keeps the others waiting (I18)."""
    for second, store in enumerate(("b", "a", "c")):
        clock.now = 100.0 + second
        line.heard(f"j-{store}", note(store))
    assert ["j-x", "j-b", "j-a", "j-c"] == await queue(line, "j-x", "j-c", "j-a", "j-b")


def test_who_comes_first_after_a_start_leaves_room_for_all_who_may_come(clock):
    """Wrong: after an outage the first dozens are given all they ask for, the last wait for it."""
    line = Admission(clock, known=2000)
    assert RECORDS_MIN == line.pace().max_records
    for number in range(1900):
        line.heard(f"j-{number}", note(f"s-{number}", records=1, more=False))
    assert RECORDS_MIN < line.pace().max_records < BATCH_RECORDS_MAX
    clock.now += RETURN_S + 1
    assert BATCH_RECORDS_MAX == line.pace().max_records


@pytest.mark.asyncio
async def test_who_is_still_being_read_counts_as_coming(line):
    """Wrong: while HQ reads what a crowd sends, nobody waits yet, and each is given all of it."""
    async with AsyncExitStack() as here:
        for _ in range(1000):
            await here.enter_async_context(line.space(1))
        assert RECORDS_MIN == line.pace().max_records
    assert BATCH_RECORDS_MAX == line.pace().max_records


@pytest.mark.asyncio
async def test_what_a_store_says_besides_costs_its_sales_no_turn(line, clock):
    """Wrong: in a crowd the sales of whoever has anything else to say wait for two rounds."""
    for second, lane in enumerate(("sales", "side")):
        clock.now = 100.0 + 2 * second
        line.heard(f"j-a-{lane}", note("a", lane))
    clock.now = 101.0
    line.heard("j-b", note("b"))
    assert ["j-x", "j-a-sales", "j-b"] == await queue(line, "j-x", "j-b", "j-a-sales")


@pytest.mark.asyncio
async def test_sales_come_before_side_and_small_ones_before_both(line):
    """Wrong: a sale just made waits behind somebody's backlog of prompts."""
    line.heard("j-side", note("a", "side"))
    line.heard("j-sales", note("b"))
    order, gate = [], asyncio.Event()
    tasks = [
        asyncio.create_task(served(line, order, gate, journal_id, size))
        for journal_id, size in (("j-x", 9999), ("j-side", 9999), ("j-sales", 9999), ("j-y", 100))
    ]
    await settle()
    gate.set()
    await asyncio.gather(*tasks)
    assert ["j-x", "j-y", "j-sales", "j-side"] == order


@pytest.mark.asyncio
async def test_whoever_waits_long_is_everybodys_equal(line, clock):
    """Wrong: a side journal starves as long as sales come in."""
    line.heard("j-side", note("a", "side"))
    line.heard("j-sales", note("b"))
    order, gate = [], asyncio.Event()
    tasks = [asyncio.create_task(served(line, order, gate, one)) for one in ("j-x", "j-side")]
    await settle()
    clock.now += AGED_S + 1
    tasks.append(asyncio.create_task(served(line, order, gate, "j-sales")))
    await settle()
    gate.set()
    await asyncio.gather(*tasks)
    assert ["j-x", "j-side", "j-sales"] == order


@pytest.mark.asyncio
async def test_a_wait_that_is_too_long_ends_with_a_time_to_come_again(line, monkeypatch):
    """Wrong: a till hangs on a socket until its own patience ends, and calls HQ unreachable."""
    monkeypatch.setattr(admission, "WAIT_MAX_S", 0.01)
    gate = asyncio.Event()
    first = asyncio.create_task(served(line, [], gate, "j-1"))
    await settle()
    with pytest.raises(Crowded, match="turn did not come"):
        await served(line, [], gate, "j-2")
    assert 0 == line.waiting
    gate.set()
    await first


@pytest.mark.asyncio
@pytest.mark.parametrize("given", [False, True], ids=["waiting", "turn given"])
async def test_who_goes_away_while_waiting_leaves_no_gap(line, given):
    """Wrong: each connection that breaks in line takes one of the few places with it."""
    order, gate = [], asyncio.Event()
    first = asyncio.create_task(served(line, order, gate, "j-1"))
    await settle()
    second = asyncio.create_task(served(line, order, gate, "j-2"))
    await settle()
    if given:
        gate.set()
        await first
        line.heard("j-2", note("b"))
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    gate.set()
    await first
    await asyncio.wait_for(served(line, order, gate, "j-3"), 60)
    assert "j-3" == order[-1]
    assert 0 == line.waiting


@pytest.mark.asyncio
async def test_a_crowd_is_cut_into_rounds_and_a_few_are_not(line):
    """Wrong: a single till's backlog is throttled, or a thousand come with all they have."""
    assert 500 == line.pace().max_records
    assert not line.is_crowded
    for n in range(1000):
        line.heard(f"j-{n}", note(f"s-{n}", took_s=0.1))
    assert line.is_crowded
    assert admission.RECORDS_MIN == line.pace().max_records
    assert 10_000 == line.pace().spread_ms
    for n in range(1000):
        line.heard(f"j-{n}", note(f"s-{n}", more=False))
    assert 500 == line.pace().max_records


@pytest.mark.asyncio
async def test_the_pace_follows_what_hq_gets_done(line):
    """Wrong: a fast HQ is fed in crumbs, a slow one in lumps."""
    for n in range(20):
        line.heard(f"j-{n}", note(f"s-{n}", records=500, took_s=5))
    slow = line.pace().max_records
    for _ in range(100):
        line.heard("j-0", note("s-0", records=500, took_s=0.01))
    assert slow < line.pace().max_records
    assert line.rate > 10_000


@pytest.mark.asyncio
async def test_journals_not_heard_any_more_are_no_crowd(line, clock):
    """Wrong: stores that went away again keep everybody's batches small for ever."""
    for n in range(100):
        line.heard(f"j-{n}", note(f"s-{n}", records=500, took_s=0.5))
    assert line.pace().max_records < 500
    clock.now += admission.FORGET_S + 1
    assert 500 == line.pace().max_records


def test_a_line_of_thousands_is_served_in_the_order_a_full_search_would_give(clock):
    """Wrong: a store that is fast to come back is always before one that waits."""
    rng, served, waiting, line = random.Random(7), {}, [], None
    line = Line(served)
    for n in range(5_000):
        clock.now += rng.random() / 10
        sender = Sender(f"s-{rng.randrange(200)}", rng.choice(["sales", "side"]))
        place = Place(sender, rng.random() < 0.1, clock.now)
        line.join(place)
        waiting.append(place)
        if rng.random() < 0.1:
            line.leave(waiting.pop(rng.randrange(len(waiting))))
        while len(waiting) > (150 if n < 4_900 else 0):
            due = min(waiting, key=lambda each: searched(each, served, clock.now))
            assert due is line.take(clock.now)
            waiting.remove(due)
            served[due.sender] = clock.now
        assert len(waiting) == len(line)
        assert sum(map(len, line._heaps)) < 2_000
    with pytest.raises(LookupError):
        line.take(clock.now)


def searched(place, served, now):
    aged = place.is_small or now - place.since > AGED_S
    rank = 0 if aged else 1 if place.sender.lane == "sales" else 2
    return rank, served.get(place.sender, 0.0), place.since


def test_a_herd_gets_all_its_sales_in():
    """Wrong: stores that come back together lose sales, or HQ does not outlast them."""
    outcome = run(12, 60, side=5, reconnect_s=0.2)
    assert (0, 0) == (outcome.missing, outcome.refused)
    assert outcome.requests >= 24
