"""Points and gift cards through the real programs: earned, paid with online and with HQ away."""

from __future__ import annotations

import pytest
import pytest_asyncio
from playwright.async_api import expect

from agent.daemon.demo.shop import new_id
from agent.daemon.demo.world import TILL, Refused
from tests.journeys.pages import TillPage, opened
from tests.journeys.waiting import until

pytestmark = [pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="session")]
CASH = {"kind": "cash", "amount": 799}
MEHMET, ZOE = "LCGBBB4EX9SK", "LCHX6KPMQPCP"
PROGRAMME = {
    "rules": [{"rule_id": "base", "version": 1, "points": 1, "per": 100}],
    "worth": {"points": 100, "minor": 100},
    "points_offline": {"offline": 500},
    "gift_items": ["item-0003"],
    "in_advance": True,
}


async def sell(till, *tenders, line=None):
    """Sell a pack of coffee at 7.99, or another line, to whoever is here."""
    view = await till.ask("POST", f"/v1/tills/{TILL}/sales", {})
    sale_id = view["sale"]["sale_id"]
    await till.ask("POST", f"/v1/sales/{sale_id}/lines", line or {"item_id": "item-0002"})
    for tender in tenders:
        asked = {"tender_id": new_id()} | tender
        await till.ask("POST", f"/v1/sales/{sale_id}/tenders", asked)
    await till.ask("POST", f"/v1/sales/{sale_id}/complete", {})
    return sale_id


async def value(till, party_id, unit="points"):
    """What HQ says somebody has."""
    answer = await till.world.ask_hq("GET", f"/v1/parties/{party_id}/value")
    found = [each for each in answer["units"] if each["unit"] == unit]
    return found[0] if found else {"value": None, "free": None, "leases": []}


async def booked(till, party_id, sale_id):
    """What HQ has booked of a sale."""
    answer = await till.world.ask_hq("GET", f"/v1/parties/{party_id}/value")
    return sorted(each["amount"] for each in answer["bookings"] if each["event"] == sale_id)


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def programme(till):
    """The chain's programme, which the till has heard of; taken back for the other journeys."""
    await till.world.ask_hq("PUT", "/v1/loyalty/programme", PROGRAMME)
    await until(till.look, lambda view: view["takes"] == ["points", "gift_card"])
    yield
    await till.world.ask_hq("PUT", "/v1/loyalty/programme", {})
    await until(till.look, lambda view: not view["takes"])


async def leased(till, card):
    """Have somebody buy, and their till be given a lease; gives who, and what they have."""
    party_id = (await till.scan(card))["data"]["party_id"]
    sale_id = await sell(till, CASH)
    await until(lambda: booked(till, party_id, sale_id), lambda amounts: amounts == [7])
    return party_id, await until(lambda: value(till, party_id), lambda now: bool(now["leases"]))


async def test_points_pay_while_hq_is_away_as_far_as_it_has_signed(till):
    """Loyalty would stand in the core, and no shop could use it."""
    mehmet, held = await leased(till, MEHMET)
    assert (1212, [500]) == (held["value"], [each["left"] for each in held["leases"]])
    await till.world.hq.stop()
    try:
        await till.scan(MEHMET)
        cash = {"kind": "cash", "amount": 399}
        sale_id = await sell(till, {"kind": "points", "amount": 400}, cash)
        await till.scan(MEHMET)
        with pytest.raises(Refused) as caught:
            await sell(till, {"kind": "points", "amount": 101})
        assert caught.value.problem["type"].endswith("more-than-leased")
        assert "1.00" in caught.value.problem["remedy"]
    finally:
        await till.world.hq.start()
    # 3 were earned on what was paid in cash.
    await until(lambda: booked(till, mehmet, sale_id), lambda amounts: amounts == [-400, 3])
    now = await value(till, mehmet)
    assert [100] == [each["left"] for each in now["leases"]]


async def test_what_a_lease_lacks_is_asked_of_hq_for_the_sale(till):
    """Who has the points could not pay with them, although HQ is there."""
    zoe, _ = await leased(till, ZOE)
    await till.scan(ZOE)
    cash = {"kind": "cash", "amount": 99}
    sale_id = await sell(till, {"kind": "points", "amount": 700}, cash)
    await until(lambda: booked(till, zoe, sale_id), lambda amounts: amounts == [-700])
    now = await value(till, zoe)
    assert now["value"] == now["free"] + sum(each["left"] for each in now["leases"])
    await till.scan(ZOE)
    for _ in range(4):
        await till.scan(ZOE)
        left = (await value(till, zoe))["value"]
        if left < 799:
            break
        await sell(till, {"kind": "points", "amount": 799})
        await until(lambda: value(till, zoe), lambda now, was=left: now["value"] == was - 799)
    with pytest.raises(Refused) as caught:
        await sell(till, {"kind": "points", "amount": 799})
    assert caught.value.problem["type"].endswith("not-enough-value")


async def test_a_gift_card_is_sold_and_pays(till):
    """What was paid for a gift card would be nowhere, or would pay twice."""
    number = {"number": "GIFT-2026-0001-7777"}

    async def balance():
        answer = await till.world.ask_hq("POST", "/v1/gift-cards/balance", number)
        return [(each["unit"], each["value"], each["free"]) for each in answer["units"]]

    line = {"item_id": "item-0003", "gift_card": "gift 2026 0001 7777"}
    await sell(till, {"kind": "cash", "amount": 1499}, line=line)
    await until(balance, lambda held: held == [("EUR", 1499, 1499)])
    await sell(till, {"kind": "gift_card", "amount": 799, "reference": number["number"]})
    await until(balance, lambda held: held == [("EUR", 700, 700)])
    with pytest.raises(Refused) as caught:
        await sell(till, {"kind": "gift_card", "amount": 799, "reference": number["number"]})
    assert caught.value.problem["type"].endswith("not-enough-value")


async def test_points_and_a_gift_card_at_the_page(browser, till):
    """A cashier could take points or a gift card by hand-written requests alone."""
    async with opened(browser, till.world.page) as (tab, complaints):
        page = TillPage(tab, complaints)
        await expect(tab.locator("#sync")).to_have_class("pill good")
        await till.scan(MEHMET)
        await tab.locator("#scan").fill("Espresso Beans")
        await tab.keyboard.press("Enter")
        await tab.locator("#matches button", has_text="Espresso Beans Dark 1 kg").click()
        await page.shows_lines(1)
        await tab.get_by_role("button", name="Which card is charged?").click()
        await page.dialog.locator("#field-number").fill("GIFT-2026-0002-8888")
        await tab.keyboard.press("Enter")
        await expect(tab.get_by_role("button", name="€20", exact=True)).to_be_visible()
        await tab.keyboard.press("F6")
        await page.dialog.locator("#field-amount").fill("1.00")
        await tab.keyboard.press("Enter")
        await page.shows_total("€13.99")
        await tab.get_by_role("button", name="€20", exact=True).click()
        await expect(page.receipt.locator(".change")).to_have_text("Change €6.01")
        assert [] == complaints
