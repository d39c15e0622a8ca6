"""The till page in Chromium: people who are met, and what is told, offered and ordered for them."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="session"),
]

COFFEE = "]E09521000151109"


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
