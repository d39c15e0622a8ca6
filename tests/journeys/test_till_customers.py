"""The till page in Chromium: people who are met, and what is told, offered and ordered for them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from agent.daemon.demo.world import STORE
from tests.journeys.waiting import until_stands

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="session"),
]

COFFEE = "]E09521000151109"
LEA, EMILY, AMINA = "LCNVHT1816FX", "LCCH3Q04B532", "LCBC74WZAYCT"
STANDARD = [{"name": "standard", "basis_points": 1900}]


async def test_a_customer_is_enrolled(page, till):
    """Somebody met for the first time would stay unknown, or have to say it again."""
    await page.wedge(COFFEE)
    await page.shows_lines(1)
    await page.page.get_by_role("button", name="New customer").click()
    await page.dialog.get_by_role("radio", name="Yes").check()
    await page.answer(name="Imke Janßen", phone="0171 3929001")
    await expect(page.message).to_contain_text("Card LC")
    await expect(page.customer).to_contain_text("Imke Janßen")
    await expect(page.customer).to_contain_text("yes to marketing by email")
    again = await till.ask("POST", "/v1/identify", {"type": "phone", "value": "+491713929001"})
    assert (await till.sale())["sale"]["party_id"] == again["party_id"]


async def test_who_is_enrolled_before_the_first_item_is_the_customer(page, till):
    """They would give their number, and be asked for it again a moment later."""
    await page.page.get_by_role("button", name="New customer").click()
    await page.answer(name="Okka Behrends", phone="0171 3929002")
    await expect(page.customer).to_contain_text("Okka Behrends")
    await page.wedge(COFFEE)
    await page.shows_lines(1)
    again = await till.ask("POST", "/v1/identify", {"type": "phone", "value": "+491713929002"})
    assert (await till.sale())["sale"]["party_id"] == again["party_id"]


@pytest.mark.parametrize("number", ["0171 3920024", "01713920024"])
async def test_a_phone_number_is_typed_as_it_is_dialled(page, number):
    """Who gives their number would have to give it with the country's code, or stay unknown."""
    await page.page.locator("#scan").press_sequentially(number, delay=60)
    await page.page.keyboard.press("Enter")
    await expect(page.customer).to_contain_text("Thomas Bergmann")


async def test_what_was_not_asked_is_no_answer(page, till):
    """A no that nobody said would bind every channel, and nobody could ask the customer again."""
    await page.page.get_by_role("button", name="New customer").click()
    await page.answer(name="Tjark Petersen", phone="0171 3929004")
    await expect(page.customer).to_contain_text("Tjark Petersen")
    here = (await till.look())["party_id"]
    shown = await till.world.ask_till("GET", f"/v1/parties/{here}")
    assert [] == shown["card"].get("consents", [])


async def test_a_no_that_is_said_is_kept(page):
    """Somebody who wants no news would get them as soon as another system thinks so."""
    await page.page.get_by_role("button", name="New customer").click()
    await page.dialog.get_by_role("radio", name="No", exact=True).check()
    await page.answer(name="Frauke Petersen", phone="0171 3929005")
    await expect(page.customer).to_contain_text("no to marketing by email")


def _now():
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_an_order_that_is_ready_is_opened_from_the_card(page, till):
    """The cashier would have to type the number that stands before them."""
    order = {
        "order_no": "WEB-77010",
        "currency": "EUR",
        "collect_at": STORE,
        "lines": [{"name": "Teapot", "quantity": 1, "amount": 2999, "taxes": STANDARD}],
    }
    told = {"occurred_at": _now(), "party": {"email": "lea.fontaine@example.org"}, "order": order}
    steps = ("placed", "ready")
    events = [{**told, "event_id": f"77010-{what}", "type": f"order.{what}"} for what in steps]
    await page.wedge(LEA)
    await expect(page.customer).to_contain_text("Léa Fontaine")
    await till.world.place_orders(events)
    await page.customer.get_by_role("button", name="1 ready here: WEB-77010").click()
    await page.dialog.get_by_role("button", name="Hand over").click()
    await expect(page.customer.locator(".ready")).to_have_count(0)
    held = await till.world.ask_till("GET", "/v1/orders/WEB-77010")
    assert "collected" == held["state"]


async def test_what_is_suggested_is_sold_or_refused_by_one_touch(page, till):
    """What the customer put into a cart at home would be told by them again, or never be sold."""
    cart = {"lead_id": "cart-77", "kind": "cart"}
    cart["items"] = [{"item": "item-0079", "quantity": 1}, {"item": "item-0101", "quantity": 1}]
    told = {"event_id": "77-cart", "type": "lead.told", "occurred_at": _now(), "lead": cart}
    await till.world.place_orders([{**told, "party": {"email": "emily.hartley@example.com"}}])
    await page.wedge(EMILY)
    await page.wedge(COFFEE)
    offers = page.customer.locator(".offer")
    await expect(offers).to_have_count(2)
    await expect(offers.first).to_contain_text("in the customer's cart (web)")
    await offers.filter(has_text="Cashews").get_by_title("Sell it").click()
    await page.shows_lines(2)
    await expect(page.lines.nth(1)).to_contain_text("Cashews 150 g")
    await page.page.get_by_role("button", name="No All-purpose Cleaner 1 l").click()
    await expect(offers).to_have_count(0)
    sale_id = (await till.sale())["sale"]["sale_id"]
    left = await till.ask("GET", f"/v1/sales/{sale_id}/suggestions")
    assert ([], "nothing is worth pointing out") == (left["suggestions"], left["why"])


async def test_what_is_not_here_is_ordered_made_ready_and_handed_over(page, till):
    """Who wants what the shelf does not have would leave with nothing, or be sent to the web."""
    await page.wedge(AMINA)
    await expect(page.customer).to_contain_text("Amina Haddad")
    await page.from_day_menu("special")
    await page.answer(text="no such thing")
    await expect(page.dialog).to_contain_text("Nothing is listed under no such thing")
    await page.answer(text="Instant Coffee")
    await page.dialog.get_by_role("button", name="Instant Coffee 100 g").click()
    await page.answer(n="2")
    await page.dialog.get_by_role("button", name="Order it, to be collected here").click()
    await expect(page.lines.first).to_contain_text("Deposit S-")
    await page.shows_total("€2.20")
    number = (await till.sale())["sale"]["lines"][0]["name"].removeprefix("Deposit ")
    await page.page.get_by_role("button", name="€2.20").click()
    await expect(page.receipt).to_contain_text("Paid €2.20")
    await until_stands(till, number, "reserved")
    await _open_order(page, number)
    await page.dialog.get_by_role("button", name="All of it is here: ready to collect").click()
    await until_stands(till, number, "ready")
    await _open_order(page, number)
    await page.dialog.get_by_role("button", name="Pay and hand over").click()
    await page.shows_total("€8.78")
    await page.page.get_by_role("button", name="€8.78").click()
    await until_stands(till, number, "collected")


async def _open_order(page, number):
    await page.from_day_menu("orders")
    await page.dialog.get_by_role("button", name=number).click()
    await expect(page.dialog).to_contain_text(f"Order {number}")
