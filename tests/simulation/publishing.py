"""Fates of what HQ publishes: changes lost by a restore nobody can notice, deletions forgotten."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select

from central.feed import horizon
from central.ledger.engine import transact
from central.ledger.tables import FEED_SCOPES
from tests.simulation import actions, fates
from tests.simulation.clock import BEGIN

WHILE_S = 60.0
PUBLISHED_MAX = 6


async def lose_publications(world, rng):
    """HQ publishes, is put back to just before that, and publishes something else.

    What it had signed for is all there: only the feed's running hash tells a till that what it has
    read is not what HQ has published.
    """
    if not world.hq.up:
        return
    await fates.back_up(world, rng)
    count = rng.randint(1, PUBLISHED_MAX)
    await _publish(world, rng, count)
    await asyncio.sleep(WHILE_S)
    if world.hq.up:
        await fates.restore_last(world)
        await _publish(world, rng, count)


async def _publish(world, rng, count):
    for _ in range(count):
        await actions.publish(world, rng)


async def forget_deleted(world, _rng):
    """Days pass at HQ: it forgets what it has deleted more than a day ago."""
    if not world.hq.up:
        return
    with world.hq.reading() as conn:
        scopes = conn.execute(select(FEED_SCOPES.c.scope)).scalars().all()
    world.days += 1
    day = (BEGIN + timedelta(days=world.days)).date().isoformat()
    transact(world.hq.engine, lambda conn: horizon.note_day(conn, day))
    for scope in scopes:
        transact(
            world.hq.engine,
            lambda conn, scope=scope: horizon.forget_deleted(conn, scope, days=1),
        )
