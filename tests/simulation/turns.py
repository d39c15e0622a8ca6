"""Fates that need several things in turn, which chance alone would bring together too seldom."""

from __future__ import annotations

import asyncio

from tests.simulation import actions, fates

DAY_S = 20.0
"""Long enough for a day's sales to be at HQ."""
WHILE_S = 60.0
SALES_MAX = 3


async def go_back_days(world, rng):
    """Day after day is backed up, the tills prune what they may, HQ is put back to the oldest."""
    for _ in range(world.scenario.backups_kept):
        await _day(world, rng)
        await fates.back_up(world, rng)
    for machine in world.running():  # The ack of what comes next tells a till what is safe.
        actions.sell_at(world, machine, 1, rng)
    await asyncio.sleep(WHILE_S)
    for machine in world.running():
        await machine.record(fates.drop_bodies)
    if world.hq.up:
        fates.put_back(world, 0)


async def _day(world, rng):
    for machine in world.running():
        actions.sell_at(world, machine, rng.randint(1, SALES_MAX), rng)
        for till in machine.tills:
            machine.start(actions.close_day(world, machine, till))
    await asyncio.sleep(DAY_S)


async def overtake(world, rng):
    """A disk is put back, and sells more than HQ has of it since, before it is heard of again."""
    if not world.hq.up or not world.running():
        return
    machine, sold = rng.choice(world.running()), rng.randint(1, SALES_MAX)
    world.images[machine.name] = machine.disk.image()
    actions.sell_at(world, machine, sold, rng)
    await asyncio.sleep(DAY_S)
    machine.wire.cut = True
    if machine.up and world.hq.up:
        await fates.put_back_disk(world, machine)
    if machine.up:
        actions.sell_at(world, machine, sold + rng.randint(1, SALES_MAX), rng)
    await asyncio.sleep(DAY_S)
    machine.wire.cut = False
