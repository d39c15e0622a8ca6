"""Waking the tills' long polls."""

from __future__ import annotations

import asyncio

import pytest

from central.ledger.hq import FeedSignal


@pytest.mark.asyncio
async def test_who_waited_first_is_woken_first():
    """Tills would be woken in the order of where they lie in memory, another one each time."""
    signal, woken = FeedSignal(), []
    signal.attach(asyncio.get_running_loop())
    waiting = [asyncio.create_task(_wait(signal, number, woken)) for number in range(50)]
    await asyncio.sleep(0)
    signal.notify(["global"])
    await asyncio.gather(*waiting)
    assert list(range(50)) == woken


@pytest.mark.asyncio
async def test_who_gives_up_leaves_nothing_behind():
    """Every long poll that ended with nothing new would stay in HQ's memory."""
    signal = FeedSignal()
    assert not await signal.wait("global", 0, 0.001)
    assert [] == list(signal._waiters["global"])


async def _wait(signal, number, woken):
    assert await signal.wait("global", 0, 30)
    woken.append(number)
