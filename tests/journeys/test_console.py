"""HQ's console in Chromium, against the running HQ: stores, a customer, one history."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from agent.daemon.demo.shop import new_id
from agent.daemon.demo.world import STORE, TILL
from tests.journeys.pages import SMALL, opened
from tests.journeys.waiting import until

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="session"),
]

GRETA = "]C0LCSETR8P36HB"
LINES = [{"name": "Teapot", "quantity": 1, "amount": 2999}]
HONEY = "]Q1https://id.example.com/01/09521100359184"


async def test_one_history_at_hq(browser, till):
    """HQ would not see what was just bought in a store beside what was ordered on the web."""
    greta = (await till.scan(GRETA))["data"]["party_id"]
    await till.scan(HONEY)
    done = await till.pay_cash(500)
    await _booked(till, greta, done["sale_id"])
    async with opened(browser, till.world.console) as (tab, complaints):
        row = tab.locator("tbody tr", has_text=STORE).filter(has_text="in step")
        await expect(row).to_contain_text(TILL)
        assert till.world.staff_token not in tab.url
        await tab.get_by_role("searchbox").fill("sommer")
        await tab.keyboard.press("Enter")
        await tab.get_by_role("link", name="Greta Sommer").click()
        history = tab.locator(".timeline li")
        newest = history.first
        await expect(newest).to_contain_text(done["receipt_no"])
        await expect(newest).to_contain_text("Flower Honey 500 g")
        await expect(newest).to_contain_text("€4.99")
        await expect(history.filter(has_text="WEB-10063").first).to_be_visible()
        await expect(tab.locator(".order.ready")).to_contain_text("WEB-10063")
        assert [] == complaints


async def _booked(till, party_id, sale_id):
    """Wait until HQ has put a sale into its customer's history: a page that is open stays so."""
    while True:
        shown = await till.world.ask_hq("GET", f"/v1/parties/{party_id}/timeline")
        if sale_id in {each["event_id"] for each in shown["interactions"]}:
            return
        await asyncio.sleep(0.05)


async def test_every_page_of_the_console_opens(browser, till):
    """A page of the console would break, or scroll sideways on a small screen."""
    async with opened(browser, till.world.console, SMALL) as (tab, complaints):
        for name in ("Customers", "Orders", "Leads", "Rights", "Days", "Attention", "Stores"):
            await tab.get_by_role("link", name=name, exact=True).click()
            await expect(tab.locator("h1")).to_contain_text(name)
            wide = await tab.evaluate("document.documentElement.scrollWidth")
            assert wide <= SMALL["width"], name
        assert [] == complaints


async def test_an_order_is_found_and_made_ready_at_hq(browser, till):
    """Service could see an order at no place but in the customer's history, and do nothing."""
    order = {"order_no": "WEB-77020", "currency": "EUR", "collect_at": STORE, "lines": LINES}
    told = {"event_id": "77020", "type": "order.placed", "occurred_at": "2026-11-20T10:00:00Z"}
    await till.world.place_orders([told | {"order": order}])
    async with opened(browser, till.world.console) as (tab, complaints):
        await tab.get_by_role("link", name="Orders", exact=True).click()
        await tab.get_by_label("Or its number").fill("WEB-77020")
        await tab.keyboard.press("Enter")
        await expect(tab.locator("h1")).to_contain_text("WEB-77020 web · placed")
        for stage in ("reserved", "ready"):
            await tab.locator("select[name=stage]").select_option(stage)
            await tab.get_by_label("Your name").fill("Eva")
            await tab.get_by_label("All of it").check()
            await tab.get_by_role("button", name="Tell it").click()
            await expect(tab.get_by_role("status")).to_have_text(f"the order is {stage}")
        await tab.get_by_role("link", name="Orders", exact=True).click()
        await tab.locator("select[name=standing]").select_option("ready")
        await tab.get_by_role("button", name="Show").click()
        await expect(tab.locator("tbody tr", has_text="WEB-77020")).to_contain_text("Teapot")
        assert [] == complaints


async def test_somebody_is_erased_by_hand_and_the_till_confirms_it(browser, till):
    """Service could not do what the law asks for, or not show that every till has done it."""
    person = {"party_id": new_id(), "name": "Vera Gehrke", "email": "vera.gehrke@example.org"}

    def search():
        return till.world.ask_hq("POST", "/v1/parties/search", {"text": person["email"]})

    async def hers():
        found = (await till.world.ask_hq("GET", "/v1/erasures"))["erasures"]
        return [each["complete"] for each in found if each["party_id"] == person["party_id"]]

    await till.ask("POST", "/v1/parties", person)
    await until(search, lambda told: told["parties"])
    async with opened(browser, till.world.console) as (tab, complaints):
        await tab.get_by_role("searchbox").fill(person["email"])
        await tab.keyboard.press("Enter")
        await tab.get_by_role("link", name="Vera Gehrke").click()
        await tab.get_by_role("link", name="Rights: access, export, erasure").click()
        await tab.locator("select[name=kind]").select_option("erase")
        await tab.get_by_label("How it was made sure").fill("identity card")
        await tab.get_by_label("Your name").fill("Eva")
        await tab.get_by_role("button", name="Take it down").click()
        await tab.get_by_label("For good, everywhere").check()
        await tab.get_by_role("button", name="Erase", exact=True).click()
        done = tab.locator("tbody tr", has_text="hq")
        await expect(done.get_by_text("done", exact=True)).to_be_visible()
        await until(hers, [True].__eq__)
        await tab.reload()
        its = tab.locator("tbody tr", has_text=f"{STORE}/{TILL}")
        await expect(its.get_by_text("done", exact=True)).to_be_visible()
        assert [] == complaints


async def test_without_the_token_nothing_is_shown(browser, till):
    """Whoever reaches HQ's address would read its customers."""
    async with opened(browser, f"{till.world.hq_url}/customers?q=sommer") as (tab, _):
        await expect(tab).to_have_url(re.compile("/login$"))
        await tab.get_by_label("Staff token").fill("guessed")
        await tab.keyboard.press("Enter")
        await expect(tab.get_by_role("alert")).to_contain_text("not valid")
        await tab.get_by_label("Staff token").fill(till.world.staff_token)
        await tab.keyboard.press("Enter")
        await expect(tab.locator("h1")).to_contain_text("Stores")
