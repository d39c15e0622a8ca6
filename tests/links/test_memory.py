"""The weather of the HQ in memory: each switch does what it says."""

from __future__ import annotations

import asyncio

import pytest

from agent.contracts.hq import HqSlowDown, HqTooLarge, HqUnreachable
from agent.core.exchange.wire import Batch, WireRecord
from agent.links import MemoryHq, MemoryLink

BATCH = Batch(1, "ab" * 16, "first", 1, bytes(32), 2, (WireRecord(1, 1, 1, bytes(16), b"{}"),) * 2)


@pytest.mark.asyncio
async def test_patience_and_size_are_asked_for():
    """If they were not, no test could show what the till makes of them."""
    link = MemoryLink(MemoryHq())
    link.weather.slow_down_ms = 40
    with pytest.raises(HqSlowDown):
        await link.send(BATCH)
    link.weather.slow_down_ms, link.weather.records_max = None, 1
    with pytest.raises(HqTooLarge):
        await link.send(BATCH)
    link.set_offline(True)
    with pytest.raises(HqUnreachable):
        await link.send(BATCH)


@pytest.mark.asyncio
async def test_the_same_seed_makes_the_same_weather():
    """If it did not, a failure could not be repeated from its seed."""

    async def run(seed):
        link = MemoryLink(MemoryHq(), seed=seed)
        link.weather.drop_requests = link.weather.drop_replies = 300
        return [await _came_through(link) for _ in range(40)]

    assert await run(7) == await run(7)
    assert await run(7) != await run(8)


@pytest.mark.asyncio
async def test_a_long_poll_is_answered_by_a_change_and_broken_by_an_outage():
    """If it were not, a change would wait for the poll's end."""
    link = MemoryLink(MemoryHq())
    start = (await link.feed("global", "", 0)).cursor
    poll = asyncio.create_task(link.feed("global", start, 60))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    link.publish("global", "item:1", 1)
    page = await poll
    assert ["item:1"] == [item.key for item in page.items]
    poll = asyncio.create_task(link.feed("global", page.cursor, 60))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    link.set_offline(True)
    with pytest.raises(HqUnreachable):
        await poll


@pytest.mark.asyncio
async def test_a_long_poll_ends_without_a_change():
    """If it did not, a quiet HQ would look like a dead one."""
    link = MemoryLink(MemoryHq())
    start = (await link.feed("global", "", 0)).cursor
    link.weather.slow_ms = 1
    assert () == (await link.feed("global", start, 0)).items


async def _came_through(link) -> bool:
    try:
        await link.feed("global", "", 0)
    except HqUnreachable:
        return False
    return True
