"""The pictures of the README, taken from the running demo: `make pictures`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import expect

from agent.daemon.demo.shop import GS1_DIGITAL_LINK, Till, in_store_price_code
from agent.daemon.demo.watching import Watcher
from agent.daemon.demo.world import TILL, opened_world
from agent.program.terminal import say
from tests.journeys.pages import SMALL, TillPage, chromium, opened

PICTURES = Path(__file__).parents[2] / "pictures"
GRETA = "]C0LCSETR8P36HB"
BASKET = (
    "]E09521000151109",
    "]E0" + in_store_price_code("2110909", 437),
    "]Q1" + GS1_DIGITAL_LINK.format(gtin="09521100359184"),
)


async def take(directory: Path) -> None:
    """Play a little, and take a picture of each face of the product."""
    async with opened_world(directory) as world, chromium() as browser:
        watcher = Watcher(world.agent_url, TILL, world.till_token)
        watching = asyncio.create_task(watcher.run())
        till = Till(world, watcher)
        await open_shop(till)
        await till_page(browser, till)
        await receipt(till)
        await console(browser, till)
        watching.cancel()
        await asyncio.wait([watching])


async def open_shop(till: Till) -> None:
    """A cashier, a float, and a first purchase of this morning."""
    await till.day("sign-on", {"actor": "Anna"})
    await till.day("open", {"float_amount": 10_000})
    await till.scan(GRETA)
    await till.scan("]E09521100004039")
    await till.pay_cash(100)


async def till_page(browser, till: Till) -> None:
    """A customer with a basket, on a desk's screen and on a small one."""
    await till.scan(GRETA)
    for symbol in BASKET:
        await till.scan(symbol)
    for name, size in (("till-page", None), ("till-page-small", SMALL)):
        async with opened(browser, till.world.page, size) as (tab, _):
            page = TillPage(tab, _)
            await page.shows_lines(len(BASKET))
            await expect(page.customer).to_contain_text("ready here")
            await expect(tab.locator("#sync")).to_have_class("pill good")
            await tab.screenshot(path=PICTURES / f"{name}.png")


async def receipt(till: Till) -> None:
    """The basket paid in cash, as it came out of the printer."""
    done = await till.pay_cash(2000)
    picture = await till.world.picture(done["print_id"])
    await asyncio.to_thread((PICTURES / "receipt.png").write_bytes, picture)


async def console(browser, till: Till) -> None:
    """The same customer at HQ, with web and store in one history."""
    async with opened(browser, till.world.console) as (tab, _):
        await tab.get_by_role("searchbox").fill("sommer")
        await tab.keyboard.press("Enter")
        await tab.get_by_role("link", name="Greta Sommer").click()
        await expect(tab.locator(".timeline li").first).to_contain_text("€13.85")
        await tab.screenshot(path=PICTURES / "console.png")


def main() -> int:
    """Take them all and say how large they are."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="till-agent-pictures-") as directory:
        asyncio.run(take(Path(directory)))
    for picture in sorted(PICTURES.glob("*.png")):
        say(f"{picture.name} {picture.stat().st_size // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
