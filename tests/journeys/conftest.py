"""One shop for all journeys that can share it: real programs, started once per test process."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest_asyncio

from agent.daemon.demo.shop import Till
from agent.daemon.demo.watching import Watcher
from agent.daemon.demo.world import TILL, opened_world

ANY_PORTS = (0, 0)
TIDY = {"reason": "the next test begins"}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop(tmp_path_factory):
    """A shop and its HQ, enrolled, paired and watched; the till of the story."""
    async with opened_world(tmp_path_factory.mktemp("shop"), ANY_PORTS) as world:
        watcher = Watcher(world.agent_url, TILL, world.till_token)
        watching = asyncio.create_task(watcher.run())
        till = Till(world, watcher)
        await till.day("sign-on", {"actor": "Anna"})
        yield till
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


@pytest_asyncio.fixture(loop_scope="session")
async def till(shop):
    """The shop's till with no basket and no customer before it."""
    view = await shop.look()
    if view.get("sale"):
        sale_id = view["sale"]["sale"]["sale_id"]
        await shop.ask("POST", f"/v1/sales/{sale_id}/cancel", TIDY)
    for parked in view["parked"]:
        await shop.ask("POST", f"/v1/sales/{parked['sale_id']}/resume", {})
        await shop.ask("POST", f"/v1/sales/{parked['sale_id']}/cancel", TIDY)
    if view.get("party_id"):
        await shop.ask("DELETE", f"/v1/tills/{TILL}/customer")
    return shop
