"""Waking those who follow the journal."""

from __future__ import annotations

import asyncio

import pytest

from agent.journal import Signal, events
from tests.journal.shop import sell, sign_on


@pytest.mark.asyncio
async def test_follower_is_woken_by_what_it_follows(journal):
    """Sync would sleep over a sale, or wake for every line in a basket."""
    signals = journal.signals
    waiting = {
        name: asyncio.create_task(signal.wait(0))
        for name, signal in (("events", signals.events), ("entries", signals.entries))
    }
    prints = asyncio.create_task(signals.prints.wait(0))
    await journal.write(lambda conn: sell(conn, "sale-a"))
    assert await asyncio.wait_for(waiting["entries"], 30) == 1
    assert not waiting["events"].done()
    cursor = await journal.write(lambda conn: events.add(conn, "till-1", "scan", "t", {}))
    assert await asyncio.wait_for(waiting["events"], 30) == cursor
    assert not prints.done()
    prints.cancel()


@pytest.mark.asyncio
async def test_late_follower_misses_nothing(open_journal):
    """What was written before the follower looked would never be sent."""
    first = open_journal()
    await first.write(lambda conn: sell(conn, "sale-a"))
    await first.write(lambda conn: sign_on(conn, "anna", "till-2"))
    first.close()
    second = open_journal()
    assert await asyncio.wait_for(second.signals.entries.wait(0), 30) == 2
    assert await asyncio.wait_for(second.signals.entries.wait(1), 30) == 2


@pytest.mark.asyncio
async def test_refused_write_wakes_nobody(journal):
    """Followers would chase entries that were rolled back."""

    def half(conn):
        sell(conn, "sale-a")
        raise LookupError

    with pytest.raises(LookupError):
        await journal.write(half)
    await journal.write(lambda _: None)
    assert journal.signals.entries.value == 0


@pytest.mark.asyncio
async def test_all_followers_wake_and_each_sees_the_newest_number():
    """Two tabs of the till page must both hear of a sale."""
    signal = Signal()
    followers = [asyncio.create_task(signal.wait(seen)) for seen in (0, 0, 4)]
    await asyncio.sleep(0)
    signal.advance(3)
    assert await asyncio.gather(*followers[:2]) == [3, 3]
    signal.advance(2)
    assert signal.value == 3
    signal.advance(5)
    assert await followers[2] == 5


@pytest.mark.asyncio
async def test_follower_that_gives_up_leaves_nothing_behind():
    """A page that asks every few seconds would fill the memory on a quiet night."""
    signal = Signal()
    for _ in range(3):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(signal.wait(0), 0.001)
    assert signal._waiting == {}
    signal.advance(1)


def test_follower_whose_loop_is_gone_stops_nobody():
    """A loop that ended in between would end the writer's thread."""
    signal = Signal()

    async def follow_and_leave():
        task = asyncio.get_running_loop().create_task(signal.wait(0))
        await asyncio.sleep(0)
        return task, dict(signal._waiting)

    task, waiting = asyncio.run(follow_and_leave())
    assert task.cancelled()
    signal._waiting |= waiting
    signal.advance(1)
    assert signal.value == 1


@pytest.mark.asyncio
async def test_who_waited_first_is_woken_first():
    """What happens next would depend on where in memory the waiters lie."""
    signal, woken = Signal(), []

    async def wait(number):
        await signal.wait(0)
        woken.append(number)

    waiters = [asyncio.ensure_future(wait(number)) for number in range(50)]
    await asyncio.sleep(0)
    signal.advance(1)
    await asyncio.gather(*waiters)
    assert list(range(50)) == woken
