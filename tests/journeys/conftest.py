"""One shop for all journeys that can share it: real programs, started once per test process."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from agent.daemon.demo.shop import Till
from agent.daemon.demo.watching import Watcher
from agent.daemon.demo.world import TILL, opened_world
from tests.forked import forked
from tests.journeys.pages import CHROMIUM, TillPage, chromium, opened

ANY_PORTS = (0, 0)
HAS_CHROMIUM = Path(CHROMIUM).exists()
TIDY = {"reason": "the next test begins"}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shop(tmp_path_factory):
    """A shop and its HQ, enrolled, paired and watched; the till of the story."""
    async with opened_world(tmp_path_factory.mktemp("shop"), ANY_PORTS, forked) as world:
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
        await _give_up(shop, view["sale"]["sale"])
    for parked in view["parked"]:
        open_again = await shop.ask("POST", f"/v1/sales/{parked['sale_id']}/resume", {})
        await _give_up(shop, open_again["sale"])
    if view.get("party_id"):
        await shop.ask("DELETE", f"/v1/tills/{TILL}/customer")
    return shop


async def _give_up(till, sale):
    path = f"/v1/sales/{sale['sale_id']}"
    for tender in sale.get("tenders", ()):
        await till.ask("DELETE", f"{path}/tenders/{tender['tender']}")
    await till.ask("POST", f"{path}/cancel", TIDY)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser():
    """Debian's Chromium."""
    if not HAS_CHROMIUM:
        pytest.skip(f"{CHROMIUM} is missing: apt install chromium")
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser, till):
    """The till page, open and following the till; its console must stay silent."""
    async with opened(browser, till.world.page) as (tab, complaints):
        await expect(tab.locator("#sync")).to_have_class("pill good")
        yield TillPage(tab, complaints)
        assert [] == complaints
