"""The till page in Chromium: a scanner, a keyboard and fingers, against the running programs."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from agent.daemon.demo.shop import new_id
from agent.daemon.demo.world import STORE, TILL
from tests.journeys.pages import DESK, SMALL, TillPage, opened
from tests.journeys.waiting import until, until_stands

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="session"),
]

GRETA, JONAS = "LCSETR8P36HB", "LC43QQSGDSYG"
COFFEE, OATS = "]E09521000151109", "]E09521100004039"
CHEESE = "]E02110909004370"
HONEY = "]Q1https://id.example.com/01/09521100359184"
STANDARD = [{"name": "standard", "basis_points": 1900}]
_STEPS = ("placed", "ready")
FINGER_PX = 40
NETWORK = re.compile(r"WebSocket|Failed to load resource|ERR_CONNECTION")


async def test_a_sale_from_card_to_receipt_by_a_wedge_scanner(page, till):
    """A cashier with a scanner that types could not sell, or would not see who the customer is."""
    await page.page.locator("#shop").click()  # the focus is nowhere in particular
    await page.wedge(GRETA)
    await expect(page.customer).to_contain_text("Greta Sommer")
    for words in ("Gold, 2480 points", "1 ready here: WEB-10063", "yes to marketing by email"):
        await expect(page.customer).to_contain_text(words)
    await page.page.locator("#day").click()
    for code in (COFFEE, CHEESE, HONEY):
        await page.wedge(code)
    await page.shows_lines(3)
    await expect(page.lines.nth(1)).to_contain_text("0.200 kg × €21.90")
    await page.shows_total("€13.85")
    await page.page.get_by_role("button", name="€20", exact=True).click()
    await expect(page.receipt.locator(".change")).to_have_text("Change €6.15")
    picture = page.receipt.locator("img")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 300
    sold = (await till.look())["last"]
    await expect(page.receipt).to_contain_text(sold["receipt_no"])
    assert (1385, 615) == (sold["total"], sold["change"])
    await expect(page.customer).to_contain_text("No customer yet")
    await expect(page.receipt.locator(".print")).to_be_hidden()


async def test_an_order_is_handed_over_and_given_back_on_the_page(page, till):
    """A cashier could see that an order is ready, and not hand it over."""
    order = {
        "order_no": "WEB-77001",
        "currency": "EUR",
        "collect_at": STORE,
        "lines": [{"name": "Kettle", "quantity": 2, "amount": 9998, "taxes": STANDARD}],
    }
    told = {"occurred_at": "2026-11-20T10:00:00Z", "order": order}
    events = [{**told, "event_id": f"77001-{what}", "type": f"order.{what}"} for what in _STEPS]
    await till.world.place_orders(events)
    await _is_here(till, "WEB-77001")
    await page.page.locator("#shop").click()
    await page.wedge("WEB-77001")
    dialog = page.page.locator("dialog[open]")
    await expect(dialog).to_contain_text("ready, to collect at")
    await dialog.get_by_role("button", name="Hand over").click()
    await until_stands(till, "WEB-77001", "collected")
    await page.wedge("WEB-77001")
    await expect(dialog).to_contain_text("collected")
    await dialog.get_by_role("button", name="Take back one Kettle").click()
    await page.shows_lines(1)
    await page.shows_total("-€49.99")
    held = await till.world.ask_till("GET", "/v1/orders/WEB-77001")
    assert ("collected", 2000) == (held["state"], held["goods"][0]["handed"])


async def _is_here(till, order_no):
    """Wait until HQ's feed has brought an order."""
    ready = f"/v1/tills/{TILL}/orders?state=ready"
    await until(
        lambda: till.world.ask_till("GET", ready),
        lambda orders: order_no in {each["order_no"] for each in orders},
    )


async def test_a_scan_at_the_counter_appears_by_itself(page, till):
    """The page would have to be touched or reloaded to show what the scanner read."""
    await till.scan(COFFEE)
    await page.shows_lines(1)
    await till.scan(f"]C0{GRETA}")
    await expect(page.customer).to_contain_text("Greta Sommer")
    await till.scan("]E09521000151108")
    await expect(page.message).to_contain_text("expected 9, got 8")
    await till.scan(OATS)
    await page.shows_lines(2)
    await expect(page.message).to_have_count(0)


async def test_what_is_scanned_first_is_sold_first(page):
    """On a slow line goods would be sold in an order of their own, and the wrong one be voided."""
    asked, held = [], asyncio.get_running_loop().create_future()

    async def first_one_late(route):
        asked.append(route.request.post_data_json["scan"])
        if not held.done():
            return held.set_result(route)
        return await route.continue_()

    await page.page.route("**/scan", first_one_late)
    for code in (COFFEE, OATS):
        await page.wedge(code)
    first = await held
    assert [COFFEE] == asked
    await first.continue_()
    await page.shows_lines(2)
    await expect(page.lines.nth(0)).to_contain_text("Coffee")
    assert [COFFEE, OATS] == asked


async def test_what_is_drawn_meanwhile_takes_no_touch_away(page, till):
    """A finger on a line or on a banknote would do nothing if the agent tells news meanwhile."""
    await till.scan(f"]C0{GRETA}")
    await till.scan(COFFEE)
    await page.page.get_by_role("button", name="€4.49").click()
    await expect(page.receipt.locator(".change")).to_have_text("Paid €4.49")
    await expect(page.customer).to_contain_text("No customer yet")
    await page.wedge(COFFEE)
    await page.shows_lines(1)
    note = await page.page.get_by_role("button", name="€4.49").element_handle()
    line = await page.lines.first.bounding_box()
    await page.page.mouse.move(line["x"] + 9, line["y"] + 9)
    await page.page.mouse.down()
    await till.scan(f"]C0{GRETA}")
    await expect(page.customer).to_contain_text("Greta Sommer")
    await expect(page.lines.first).to_contain_text("bought before")
    await page.page.mouse.up()
    await expect(page.page.get_by_role("button", name="Void line")).to_be_visible()
    assert await note.evaluate("(node) => node.isConnected")


async def test_keys_before_the_agent_has_answered_do_nothing(page):
    """Whoever is quicker than a starting agent would be told that the page went wrong."""
    asked, answered = asyncio.Event(), asyncio.Event()

    async def late(route):
        asked.set()
        await answered.wait()
        await route.continue_()

    await page.page.route(f"**/v1/tills/{TILL}", late)
    await page.page.reload()
    await asked.wait()
    for key in ("F2", "F9", "F4", "Escape"):
        await page.page.keyboard.press(key)
    await expect(page.dialog).to_have_count(0)
    await expect(page.message).to_have_count(0)
    answered.set()
    await page.wedge(COFFEE)
    await page.shows_lines(1)


async def test_with_the_keyboard_alone(page):
    """Who has no scanner and no touch screen could not sell."""
    await page.page.keyboard.type("rolled", delay=60)
    await page.page.keyboard.press("Enter")
    await expect(page.page.locator("#matches")).to_be_visible()
    await page.page.keyboard.press("ArrowDown")
    await page.page.keyboard.press("Enter")
    await page.shows_lines(1)
    await page.page.keyboard.press("F2")
    await page.answer(amount="1")
    await expect(page.receipt.locator(".change")).to_have_text("Change €0.11")


async def test_what_is_not_known_says_why_and_what_to_do(page):
    """A cashier would stand before a beep without knowing what to do."""
    await page.wedge("4006381333931")
    await expect(page.message).to_contain_text("No item is listed under GTIN 04006381333931")
    await expect(page.message).to_contain_text("Scan again, or type the number below the bars")
    await page.wedge("LCAAAAAAAAAA")
    await expect(page.message).not_to_contain_text("GTIN")
    assert await page.message.locator("small").inner_text()
    await page.wedge(COFFEE)
    await page.shows_lines(1)
    await expect(page.message).to_have_count(0)


async def test_a_line_is_voided_and_priced_with_a_reason(page, till):
    """A mistake at the till could not be put right, or nobody would know why it was."""
    for code in (COFFEE, OATS, HONEY):
        await page.wedge(code)
    await page.shows_lines(3)
    await page.lines.nth(1).click()
    await page.page.get_by_role("button", name="Void line").click()
    await page.page.keyboard.press("Enter")
    await expect(page.dialog, "no reason, no void").to_be_visible()
    await page.answer(reason="wrong article")
    await expect(page.lines.nth(1)).to_have_class("voided")
    await page.lines.nth(0).click()
    await page.page.get_by_role("button", name="Price", exact=True).click()
    await page.answer(amount="3.99", reason="dented tin")
    await expect(page.lines.nth(0)).to_contain_text("was €4.49 · dented tin")
    await page.page.get_by_role("button", name="Quantity").click()
    await page.answer(n="2")
    await expect(page.lines.nth(0)).to_contain_text("2 × €3.99")
    await page.shows_total("€12.97")
    reasons = [line.get("reason") for line in (await till.sale())["sale"]["lines"]]
    assert ["dented tin", "wrong article", None] == reasons


async def test_money_is_taken_in_parts_and_given_back(page, till):
    """A customer who pays half by card, or thinks again, could not be served."""
    await page.wedge(COFFEE)
    await page.shows_lines(1)
    await page.page.keyboard.press("F3")
    await page.answer(amount="4.00")
    await page.shows_total("€0.49")
    await page.page.get_by_role("button", name="Give back").click()
    await page.shows_total("€4.49")
    sale_id = (await till.sale())["sale"]["sale_id"]
    # What a crash between the money and the end of the sale leaves behind:
    cash = {"kind": "cash", "amount": 500, "tender_id": new_id()}
    await till.ask("POST", f"/v1/sales/{sale_id}/tenders", cash)
    await page.page.get_by_role("button", name="Complete the sale").click()
    await expect(page.receipt.locator(".change")).to_have_text("Change €0.51")


async def test_what_was_sold_comes_back_without_a_minus_being_typed(page, till):
    """A cashier would have to know that money given back is written below zero, or take it."""
    await page.wedge(COFFEE)
    await page.shows_lines(1)
    await page.page.get_by_role("button", name="€4.49").click()
    await expect(page.receipt).to_be_visible()
    await page.wedge((await till.look())["last"]["receipt_no"])
    await page.dialog.get_by_role("button", name="Roast Coffee").click()
    await page.shows_total("-€4.49")
    await page.page.get_by_role("button", name="Refund cash").click()
    await expect(page.dialog).to_contain_text("Amount given back")
    await expect(page.dialog.locator("#field-amount")).to_have_value("4.49")
    await page.page.keyboard.press("Enter")
    await expect(page.receipt.locator(".change")).to_have_text("Given back €4.49")
    assert -449 == (await till.look())["last"]["total"]


async def test_a_basket_is_parked_and_taken_up_again(page):
    """The next customer would have to wait for the one who forgot the milk."""
    await page.wedge(COFFEE)
    await page.shows_lines(1)
    await page.page.keyboard.press("F4")
    await page.shows_lines(0)
    await page.wedge(OATS)
    await page.shows_lines(1)
    await page.page.get_by_role("button", name="€0.89").click()
    await expect(page.receipt).to_be_visible()
    await page.page.get_by_role("button", name="Parked (1)").click()
    await page.dialog.locator(".list button").first.click()
    await page.shows_total("€4.49")


async def _ask_everybody(till, *questions):
    """Have HQ send what tills may ask, and nothing else; waits until the till has it."""
    mark = till.watcher.mark()
    await till.world.ask_hq("PUT", "/v1/prompts", list(questions))
    await till.watcher.until(
        mark, lambda event: "rule:prompts" in (event["data"].get("keys") or ())
    )


BY_MAIL = {
    "prompt_id": "receipt-by-mail",
    "texts": {"en": "Shall we send receipts by e-mail?"},
    "triggers": ["identify"],
    "reaches": [{"channel": "store", "value": 1}],
}


async def test_a_question_is_asked_once_and_a_no_is_kept(page, till):
    """The customer would be asked again and again, or their no would go unheard."""
    await _ask_everybody(till, BY_MAIL)
    await page.wedge(JONAS)
    await expect(page.customer).to_contain_text("Shall we send receipts by e-mail?")
    await page.customer.get_by_role("button", name="No", exact=True).click()
    await expect(page.customer.locator(".question")).to_have_count(0)
    await page.customer.get_by_role("button", name="Consents").click()
    await page.dialog.locator("button[value='marketing/email']").click()
    await page.dialog.locator("button[value=objects]").click()
    await expect(page.customer).to_contain_text("no to marketing by email")
    await page.customer.get_by_role("button", name="Clear").click()
    await expect(page.customer).to_contain_text("No customer yet")
    await page.wedge(JONAS)
    await expect(page.customer).to_contain_text("no to marketing by email")
    await expect(page.customer.locator(".question")).to_have_count(0)
    await _ask_everybody(till)


async def test_a_card_can_be_touched_while_a_newer_one_is_fetched(page, till):
    """An answer given on a slow machine would vanish, and the question would stay."""
    await _ask_everybody(till, {**BY_MAIL, "prompt_id": "bag", "texts": {"en": "A bag?"}})
    await page.wedge(GRETA)
    await expect(page.customer).to_contain_text("A bag?")
    fetched, touched = asyncio.Event(), asyncio.Event()

    async def later(route):
        fetched.set()
        await touched.wait()
        await route.continue_()

    await page.page.route(re.compile(r"/v1/parties/[^/]+$"), later)
    await page.wedge(GRETA)
    await fetched.wait()
    await page.customer.get_by_role("button", name="No", exact=True).click()
    touched.set()
    await expect(page.customer.locator(".question")).to_have_count(0)
    await _ask_everybody(till)


async def test_a_name_with_a_postcode_asks_for_more(page):
    """Who has neither card nor phone at hand would be enrolled a second time."""
    await page.page.locator("#scan").fill("Sommer, 10115")
    await page.page.keyboard.press("Enter")
    await expect(page.message).to_contain_text("Somebody is known by this")
    await expect(page.message).to_contain_text("phone number or e-mail")
    await expect(page.customer).not_to_contain_text("Greta")
    await page.page.locator("#scan").fill("Nobody, 10115")
    await page.page.keyboard.press("Enter")
    await expect(page.message).to_contain_text("Not recognised")


async def test_what_was_said_of_a_customer_is_not_said_of_the_next(page):
    """Nobody would be asked for their card: the page says that the chain knows them already."""
    await page.wedge(COFFEE)
    await page.shows_lines(1)
    elsewhere = {"kind": "customer", "answer": "known_elsewhere", "why": []}
    await page.page.route("**/scan", lambda route: route.fulfill(json=elsewhere))
    await page.wedge("+491713929003")
    await expect(page.customer).to_contain_text("Known to the chain")
    await page.page.unroute("**/scan")
    await page.wedge(OATS)
    await page.shows_lines(2)
    await expect(page.customer).to_contain_text("Known to the chain")
    await page.page.keyboard.press("F3")
    await page.page.keyboard.press("Enter")
    await expect(page.receipt).to_be_visible()
    await expect(page.customer).to_contain_text("No customer yet")


async def test_the_day_is_looked_at_and_closed(page, till):
    """The evening's count could not be made at the till."""
    await page.from_day_menu("open")
    await page.answer(amount="100.00")
    await expect(page.page.locator("#day")).not_to_contain_text("not opened")
    await page.from_day_menu("pay-out")
    await page.answer(amount="12.50", reason="window cleaner")
    await expect(page.message).to_contain_text("Paid out")
    await page.from_day_menu("x")
    await expect(page.dialog).to_contain_text("X report")
    await expect(page.dialog.locator("tr", has_text="Paid out")).to_contain_text("12.50")
    expected = (await till.ask("GET", f"/v1/tills/{TILL}/report"))["totals"]["expected_cash"]
    await page.page.keyboard.press("Enter")
    await page.from_day_menu("z")
    await page.answer(amount=f"{(expected - 5) // 100}.{(expected - 5) % 100:02d}")
    await expect(page.dialog.locator("tr", has_text="Difference")).to_contain_text("-€0.05")
    await page.page.keyboard.press("Enter")
    await expect(page.page.locator("#day")).to_contain_text("not opened")


async def test_a_scan_never_answers_a_question(page, till):
    """A scanner that types would pay with a bar code, or give one as the reason of a void."""
    await page.wedge(COFFEE)
    await page.shows_lines(1)
    await page.lines.first.click()
    await page.page.get_by_role("button", name="Void line").click()
    await page.wedge_timed("9521000151109")
    await expect(page.dialog).to_contain_text("Nothing was scanned: answer this first")
    await expect(page.dialog.locator("#field-reason")).to_have_value("")
    await page.page.keyboard.press("Escape")
    await page.page.keyboard.press("F2")
    await page.answer(amount="96385074")  # slowly, as some scanners type
    await expect(page.message).to_contain_text("That is a bar code, not an amount")
    sale = (await till.sale())["sale"]
    assert ([], False) == (sale.get("tenders", []), sale["lines"][0].get("voided", False))


async def test_a_question_given_up_does_not_answer_the_next(page):
    """Whoever presses Escape and then F2 fast enough would see the cash they type ignored."""
    await page.wedge(COFFEE)
    await page.shows_lines(1)
    await page.page.keyboard.press("F2")
    await expect(page.dialog).to_be_visible()
    give_up_and_pay = (
        "document.getElementById('dialog').close(''); document.getElementById('cash').click()"
    )
    await page.page.evaluate(give_up_and_pay)
    await page.answer(amount="96385074")
    await expect(page.message).to_contain_text("That is a bar code, not an amount")


async def test_names_from_outside_are_text(page, till):
    """Whoever names an item or a customer would run a script at every till."""
    nasty = '<img src=x onerror="document.title=1">'
    person = {"party_id": new_id(), "name": nasty, "email": "x@example.org"}
    await till.ask("POST", "/v1/parties", person)
    await page.from_day_menu("open-item")
    await page.answer(amount="1.00", name=nasty)
    await expect(page.lines.first).to_contain_text(nasty)
    await page.wedge("x@example.org")
    await expect(page.customer.locator("h2")).to_contain_text(nasty)
    assert 0 == await page.page.locator("img[src=x]").count()
    await page.page.get_by_role("button", name="€1", exact=True).click()
    await expect(page.receipt.locator("img")).to_be_visible()
    assert await page.page.title() == "till-1 · Corner Shop"


async def test_the_agent_restarts_and_the_page_goes_on(browser, till):
    """After a crash somebody would have to reload the page, or would sell into the void."""
    async with opened(browser, till.world.page) as (tab, complaints):
        page = TillPage(tab, complaints)
        await till.scan(COFFEE)
        await page.shows_lines(1)
        await till.world.agent.kill()
        await expect(tab.locator("#sync")).to_have_text("Agent away, reconnecting")
        await page.wedge(OATS)
        await expect(page.message).to_contain_text("The agent does not answer")
        await till.world.agent.start()
        await expect(tab.locator("#sync")).to_have_text("HQ in step")
        await page.shows_lines(1)
        await page.wedge(OATS)
        await page.shows_lines(2)
        # What a scanner sends before its port is open again, nobody reads.
        lamp = tab.locator("#devices .device", has_text="counter")
        await expect(lamp).to_have_attribute("title", re.compile("^counter: ready"))
        await till.scan(HONEY)
        await page.shows_lines(3)
        assert [] == [said for said in complaints if not NETWORK.search(said)]


async def _printed(till):
    """Wait until the receipt before is on its paper: what comes now is the next one's."""
    last = (await till.look())["last"] or {}
    while "print_id" in last:
        job = await till.ask("GET", f"/v1/print-jobs/{last['print_id']}")
        if job["state"] not in {"queued", "sending"}:
            return
        await asyncio.sleep(0.05)


async def test_a_receipt_in_doubt_is_said_and_copied(page, till):
    """A receipt that stuck in the printer would be lost, and nobody at the till would know."""
    printer = till.world.printer
    await _printed(till)
    await page.wedge(COFFEE)
    await page.shows_lines(1)
    printer.reset_at = printer.bytes_received + 200
    await page.page.get_by_role("button", name="€4.49").click()
    await expect(page.receipt.locator(".print")).to_contain_text("may not have come out whole")
    await page.page.get_by_role("button", name="Copy", exact=True).click()
    await expect(page.message).to_contain_text("A copy is printed")
    number = (await till.look())["last"]["receipt_no"]
    while not (number in (paper := (await printer.next_receipt()).text) and "COPY" in paper):
        pass


async def test_a_question_about_a_print_outlives_an_older_list(page, till):
    """A receipt in doubt would be asked about for a moment, and never again."""
    asked, told = asyncio.Event(), asyncio.Event()

    async def late(route):
        answer = await route.fetch()
        asked.set()
        await told.wait()
        await route.fulfill(response=answer)

    await _printed(till)
    await page.page.route(f"**/v1/tills/{TILL}/print-jobs", late)
    await page.page.reload()
    await asked.wait()
    before = len(await till.ask("GET", f"/v1/tills/{TILL}/print-jobs"))
    printer = till.world.printer
    await till.scan(COFFEE)
    printer.reset_at = printer.bytes_received + 200
    await till.pay_cash(449)
    question = page.page.locator("#papers .ask")
    await expect(question).to_have_count(1)
    async with page.page.expect_response("**/print-jobs"):
        told.set()
    await expect(question).to_have_count(before + 1)
    await question.last.get_by_role("button", name="Yes, it is whole").click()
    await expect(question).to_have_count(before)


async def test_a_page_with_a_wrong_token_asks_to_be_paired(browser, till):
    """A page whose token was revoked would stay empty and say nothing."""
    address = f"{till.world.agent_url}/#token=wrong&till={TILL}"
    async with opened(browser, address) as (tab, complaints):
        page = TillPage(tab, complaints)
        await expect(page.dialog).to_contain_text("till-agent pair")
        await page.answer(token=till.world.till_token)
        await expect(tab.locator("#sync")).to_have_text("HQ in step")
        assert "token" not in tab.url
        assert [] == [said for said in complaints if "401" not in said]


@pytest.mark.parametrize("size", [DESK, SMALL], ids=["1280x800", "800x600"])
async def test_everything_is_in_reach_of_a_finger(page, till, size):
    """On a till's small screen buttons would be cut off, or too small to hit."""
    await page.page.set_viewport_size(size)
    await _fits(page, size)
    await till.scan(f"]C0{GRETA}")
    for number in range(12):
        await till.scan((COFFEE, OATS)[number % 2])
    await till.scan("]E09521000151108")
    await page.shows_lines(12)
    await expect(page.message).to_be_visible()
    await expect(page.lines.last).to_be_in_viewport()
    await page.lines.last.click()
    await _fits(page, size)
    for key, wanted in (("F9", "Z report"), ("F2", "Amount given")):
        await page.page.keyboard.press(key)
        await expect(page.dialog).to_contain_text(wanted)
        await _fits(page, size)
        await page.page.keyboard.press("Escape")
        await expect(page.dialog).to_have_count(0)


async def _fits(page, size):
    """Insist that nothing scrolls sideways, and that every button is large and on the screen."""
    wide = await page.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= size["width"]
    for box in await page.page.evaluate(BOXES):
        where = f"{box['text']!r} at {size}"
        assert box["height"] >= FINGER_PX, where
        assert box["width"] >= FINGER_PX, where
        assert 0 <= box["left"] <= box["right"] <= size["width"], where
        assert 0 <= box["top"] <= box["bottom"] <= size["height"], where


BOXES = """() => {
  const open = document.querySelector("dialog[open]");
  const places = open ? [open] : [document];
  return places.flatMap((place) => [...place.querySelectorAll("button, input")])
    .filter((node) => node.checkVisibility() && (open || !node.closest("dialog")))
    .map((node) => {
      const { left, right, top, bottom, width, height } = node.getBoundingClientRect();
      return { text: node.innerText || node.id, left, right, top, bottom, width, height };
    });
}"""
