"""The supervisor itself: it works until it is told to stop, whatever it looks after."""

from __future__ import annotations

import asyncio

import pytest


@pytest.mark.asyncio
async def test_without_devices_it_works_until_stopped(desk):
    """An agent whose POS software has the devices would end right after its start."""
    async with desk.running() as devices:
        second = asyncio.create_task(devices.run())
        done, _ = await asyncio.wait({second}, timeout=0.1)
        assert not done
        assert [] == devices.status()
        await devices.stop()
        await asyncio.wait_for(second, 30)
