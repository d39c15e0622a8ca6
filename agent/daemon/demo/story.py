"""The story: one day of a shop, played through real programs, every result checked.

Each step does what people do, checks what must then be true, and says it in a line or two. The
order of the steps is the order of `STEPS`; a check that fails ends the story with the step's name.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from agent.daemon.demo.programs import call
from agent.daemon.demo.shop import GS1_DIGITAL_LINK, in_store_price_code, new_id
from agent.daemon.demo.telling import Story, check
from agent.daemon.demo.world import STORE, TILL, Refused

GRETA_CARD = "LCSETR8P36HB"
GRETA_ORDER = "WEB-10063"
COFFEE, HONEY, OATS = "9521000151109", "09521100359184", "9521100004039"
CHEESE = "2110909"
BANANAS, BANANAS_G = "item-0138", 482
CHEESE_LABEL = 437
COFFEE_PRICE, HONEY_PRICE = 449, 499
BY_POINTS = 400
"""Points, each of which pays one cent."""
POINTS_LEFT = 2480 + 1 + 13 - BY_POINTS
"""Greta's, with what her first two sales have earned."""
FLOAT = 10_000
NOTHING_WAITS_MS = 1000
CAUGHT_UP_S = 10


async def opens(story: Story) -> None:
    """The shop opens."""
    await story.till.day("sign-on", {"actor": "Anna"})
    await story.till.day("open", {"float_amount": FLOAT})
    view = await story.till.look()
    check(view["opened"] and view["actor"] == "Anna", "the till is open and Anna signed on")
    story.say("Anna signs on and opens the till with 100.00 EUR in the drawer.")


async def morning(story: Story) -> None:
    """A first purchase in the store: one thing is scanned, one is weighed."""
    await story.till.scan(f"]C0{GRETA_CARD}")
    await story.till.scan(f"]E0{OATS}")
    story.world.scale.put(BANANAS_G, swings_ms=300)
    sale = await story.till.add({"item_id": BANANAS})
    story.world.scale.put(0)
    weighed = sale["sale"]["lines"][-1]
    check(weighed["quantity"] == BANANAS_G, f"the scale's weight once it is stable: {weighed}")
    await story.world.display.until(lambda lines: "1.80" in "".join(lines))
    done = await story.complete(200)
    await story.world.printer.next_receipt()
    check(done["total"] == 180 and done["change"] == 20, f"oats 0.89, bananas 0.91: {done}")
    view = await story.till.look()
    check(view.get("sale") is None, "the basket is empty again")
    story.say(
        f"In the morning Greta Sommer buys oats and {BANANAS_G} g of bananas off the scale, and "
        f"reads the total on the display: receipt {done['receipt_no']}."
    )


async def recognised(story: Story) -> None:
    """A customer is recognised."""
    mark = story.watcher.mark()
    event = (await story.till.scan(f"]C0{GRETA_CARD}"))["data"]
    check(event["kind"] == "customer" and event["answer"] == "found", f"the card is found: {event}")
    told = await story.watcher.until(mark, lambda event: event["type"] == "customer")
    check("Greta" not in msgspec.json.encode(told).decode(), "the event carries ids only")
    story.greta = event["party_id"]
    card = await story.till.card(story.greta)
    channels = {happened["channel"] for happened in card["last"]}
    check(card["name"] == "Greta Sommer" and card["tier"] == "Gold", "name and tier are shown")
    check({"web", "store"} <= channels, f"purchases from web and store are shown: {channels}")
    waiting = [order["order_no"] for order in card["orders"] if order["state"] == "ready"]
    check(GRETA_ORDER in waiting, f"the order waiting to be collected is shown: {waiting}")
    story.say(f"Her card is scanned: {card['name']}, {card['tier']}, {card['points']} points.")
    for happened in card["last"]:
        story.say(
            f"   {happened['channel']:<6} {happened['occurred_at'][:10]}  {happened['title']}"
        )
    story.say(f"   Ready to be collected here: {', '.join(waiting)}")


async def three_codes(story: Story) -> None:
    """Three kinds of code."""
    label = in_store_price_code(CHEESE, CHEESE_LABEL)
    for symbol in (f"]E0{COFFEE}", f"]E0{label}", "]Q1" + GS1_DIGITAL_LINK.format(gtin=HONEY)):
        event = (await story.till.scan(symbol))["data"]
        check(event["kind"] == "item", f"{symbol} is an item: {event}")
    sale = await story.till.sale()
    prices = [line["extension"] for line in sale["sale"]["lines"]]
    check(prices == [COFFEE_PRICE, CHEESE_LABEL, HONEY_PRICE], f"right prices: {prices}")
    cheese = sale["sale"]["lines"][1]
    check(cheese["quantity"] == 200 and cheese["unit"] == "kg", f"0.200 kg of cheese: {cheese}")
    total = COFFEE_PRICE + CHEESE_LABEL + HONEY_PRICE
    check(sale["totals"]["total"] == total, f"the total is {total}: {sale['totals']}")
    tax = sale["totals"]["taxes"][0]
    check(tax["tax"] == total - round_net(total, 700), f"7 % tax inside the price: {tax}")
    check(sale["sale"]["party_id"] == story.greta, "the sale is Greta's")
    story.say("An EAN-13, a price label of the cheese counter and a GS1 Digital Link QR:")
    for line in sale["sale"]["lines"]:
        story.say(f"   {line['name']:<34} {line['quantity']:>5}/1000  {line['extension']:>6}")


def round_net(gross: int, basis_points: int) -> int:
    """Take the tax out of a gross amount, by the rule of the receipt: the net, half away."""
    return (2 * gross * 10_000 + 10_000 + basis_points) // (2 * (10_000 + basis_points))


async def paid(story: Story) -> None:
    """Cash is paid, and the sale is on disk before the answer."""
    done = await story.complete(2000)
    check(done["total"] == 1385 and done["change"] == 615, f"13.85, 6.15 back: {done}")
    config = str(story.world.agent_toml)
    out = await call("till-agent", "journal", "tail", "-n", "5", "--json", "--config", config)
    receipts = [entry["body"].get("receipt_no") for entry in msgspec.json.decode(out)]
    check(done["receipt_no"] in receipts, "the receipt is in the journal file")
    story.say(f"20.00 in cash, 6.15 back: {done['receipt_no']}, in the journal before the answer.")


async def printed(story: Story) -> None:
    """The receipt is printed, and shown as a picture."""
    done = story.completed[-1]
    receipt = await story.world.printer.next_receipt()
    text = "\n".join(receipt.lines)
    for words in ("Corner Shop", "Roast Coffee", "Mountain Cheese", "13.85", done["receipt_no"]):
        check(words in text, f"{words!r} is on the printed receipt:\n{text}")
    picture = await story.world.picture(done["print_id"])
    check(picture.startswith(b"\x89PNG"), "the picture is a PNG")
    path = story.world.directory / "receipt.png"
    await asyncio.to_thread(path.write_bytes, picture)
    story.say(f"The receipt came out of the printer; its picture: {path}")


async def in_history(story: Story) -> None:
    """Within a second HQ shows it beside the web orders."""
    done = story.completed[-1]
    ms = await story.at_hq(story.greta, done["receipt_no"], within_s=1.0)
    channels = {happened["channel"] for happened in await story.timeline(story.greta)}
    check({"web", "store"} <= channels, f"store and web are one history: {channels}")
    story.say(f"HQ shows it in the same history as her web orders, {ms} ms after the print.")


async def points_pay(story: Story) -> None:
    """Points pay a part."""
    await story.till.scan(f"]C0{GRETA_CARD}")
    await story.till.scan(f"]E0{COFFEE}")
    await take_points(story)
    done = await story.complete(COFFEE_PRICE - BY_POINTS)
    story.by_points += BY_POINTS
    receipt = await story.world.printer.next_receipt()
    check(any("Points" in line for line in receipt.lines), f"the receipt says so: {receipt.lines}")
    deadline = time.monotonic() + CAUGHT_UP_S * story.patience
    while (left := await points_of(story)) != POINTS_LEFT:
        check(time.monotonic() < deadline, f"{POINTS_LEFT} points are left of hers: {left}")
        await asyncio.sleep(0.02)
    story.say(f"{BY_POINTS} points pay 4.00 of {done['receipt_no']}; {left} are left at HQ.")


async def take_points(story: Story) -> None:
    """Take points for the open sale; on a slow machine HQ may sign the lease a moment later."""
    sale_id = (await story.till.sale())["sale"]["sale_id"]
    tender = {"kind": "points", "amount": BY_POINTS, "tender_id": new_id()}
    deadline = time.monotonic() + CAUGHT_UP_S * story.patience
    while True:
        try:
            await story.till.ask("POST", f"/v1/sales/{sale_id}/tenders", tender)
        except Refused as refused:
            is_early = refused.problem.get("type", "").endswith("more-than-leased")
            check(is_early and time.monotonic() < deadline, f"points are taken: {refused}")
            await asyncio.sleep(0.1)
        else:
            return


async def points_of(story: Story) -> int:
    """Ask HQ how many points Greta has: a cent each."""
    value = await story.world.ask_hq("GET", f"/v1/parties/{story.greta}/value")
    return sum(unit["value"] for unit in value["units"] if unit["unit"] == "points")


async def hq_away(story: Story) -> None:
    """HQ is stopped, and nothing waits."""
    await story.world.hq.stop()
    story.till.slowest_ms = 0
    event = (await story.till.scan(f"]C0{GRETA_CARD}"))["data"]
    check(event["answer"] == "found", "a known customer is recognised offline")
    card = await story.till.card(story.greta)
    check(card["last"][0]["ref"] == story.completed[-1]["receipt_no"], "with her newest purchase")
    await story.till.scan(f"]E0{COFFEE}")
    await story.complete(COFFEE_PRICE)
    await enrols_nora(story)
    await story.till.scan("]Q1" + GS1_DIGITAL_LINK.format(gtin=HONEY))
    await story.complete(500)
    for _ in range(2):
        await story.world.printer.next_receipt()
    waits_ms = NOTHING_WAITS_MS * story.patience
    check(story.till.slowest_ms < waits_ms, f"slowest: {story.till.slowest_ms} ms")
    story.say("HQ is stopped. A sale, a recognition and a new customer go on as before:")
    story.say(f"   the slowest answer took {story.till.slowest_ms} ms.")


async def enrols_nora(story: Story) -> None:
    """Enrol a new customer offline, and scan her new card at once."""
    story.nora = new_id()
    person = {"party_id": story.nora, "name": "Nora Lindqvist", "phone": "0171 3929999"}
    made = await story.till.ask("POST", "/v1/parties", person)
    check(made["party_id"] == story.nora, "the id is the one the till made")
    event = (await story.till.scan(f"]C0{made['card']}"))["data"]
    check(event["party_id"] == story.nora, f"her new card is known at once: {event}")
    again = await story.till.ask(
        "POST", "/v1/identify", {"type": "phone", "value": "+49 171 3929999"}
    )
    check(again["party_id"] == story.nora, f"her phone number too: {again}")


async def killed(story: Story) -> None:
    """The agent is killed in the middle of a sale."""
    await story.till.scan(f"]E0{COFFEE}")
    await story.till.scan(f"]E0{OATS}")
    story.half_done = await story.till.sale()
    await story.world.agent.kill()
    await story.verified()
    started = time.monotonic()
    await story.world.agent.start()
    back_ms = int((time.monotonic() - started) * 1000)
    after = await story.till.sale()
    check(after == story.half_done, f"the open basket is back as it was: {after}")
    for done in story.completed:
        sale = await story.till.ask("GET", f"/v1/sales/{done['sale_id']}")
        check(sale["sale"]["state"] == "completed", "nothing completed is missing")
        check(sale["sale"]["receipt_no"] == done["receipt_no"], "and keeps its number")
    state = await story.till.ask("GET", f"/v1/sales/{after['sale']['sale_id']}")
    check(state["sale"]["state"] == "open", "nothing half-done is shown as done")
    await story.complete(1000)
    await story.world.printer.next_receipt()
    story.say(f"SIGKILL in the middle of a sale. {back_ms} ms later the till is back, the basket")
    story.say(f"   with it, and all {len(story.completed) - 1} completed sales are there.")


async def hq_back(story: Story) -> None:
    """HQ comes back, and everything arrives once, in order."""
    await story.world.hq.start()
    ms = await story.at_hq(story.nora, story.completed[-2]["receipt_no"], within_s=15.0)
    await caught_up(story)
    party = await story.world.ask_hq("GET", f"/v1/parties/{story.nora}")
    check(party["party_id"] == party["canonical_id"] == story.nora, "Nora keeps her id")
    check(party["card"]["name"] == "Nora Lindqvist", "and her name")
    day = await story.world.ask_hq("GET", f"/v1/reports/days?store={STORE}")
    sold = sum(total["sales"] for total in day)
    check(sold == len(story.completed), f"each sale is at HQ once: {sold}")
    story.say(f"HQ is back; after {ms} ms everything is in, once and in order: {sold} sales.")
    story.say("   Nora, enrolled offline, keeps her id and has her purchase in her history.")


async def caught_up(story: Story) -> None:
    """Wait until nothing is left to be sent, then verify both ends."""
    deadline = time.monotonic() + CAUGHT_UP_S * story.patience
    while left := await _unsent(story):
        check(time.monotonic() < deadline, f"HQ still lacks {left}")
        await asyncio.sleep(0.05)
    entries = await story.verified()
    config = str(story.world.central_toml)
    out = await call("till-central", "ledger", "verify", "--json", "--config", config)
    ledger = msgspec.json.decode(out)
    held = sum(journal["have_seq"] for journal in ledger["journals"])
    check(ledger["ok"] and held == entries, f"HQ holds all {entries} entries: {ledger}")


async def _unsent(story: Story) -> dict[str, Any]:
    status = await story.till.ask("GET", "/v1/status")
    backlog: dict[str, dict[str, int]] = status["sync"]["backlog"]
    return {till: lanes for till, lanes in backlog.items() if any(lanes.values())}


async def web_order(story: Story) -> None:
    """A web order placed at HQ appears at the till."""
    placed = {
        "event_id": "WEB-20001-1",
        "type": "order.placed",
        "occurred_at": "2026-11-20T10:00:00Z",
        "party": {"email": "Greta.Sommer@Example.org"},
        "order": {
            "order_no": "WEB-20001",
            "currency": "EUR",
            "total": COFFEE_PRICE,
            "lines": [{"name": "Roast Coffee House Blend 250 g", "amount": COFFEE_PRICE}],
            "collect_at": STORE,
        },
    }
    ready = {**placed, "event_id": "WEB-20001-2", "type": "order.ready"}
    mark, started = story.watcher.mark(), time.monotonic()
    outcomes = await story.world.place_orders([placed, ready])
    check(all(out["outcome"] == "accepted" for out in outcomes), f"HQ takes it: {outcomes}")
    await story.watcher.until(
        mark, lambda event: "order:WEB-20001" in event["data"].get("keys", ())
    )
    ms = int((time.monotonic() - started) * 1000)
    event = (await story.till.scan("]Q1WEB-20001"))["data"]
    check(event["kind"] == "order", f"the order's code is recognised: {event}")
    await story.till.scan(f"]C0{GRETA_CARD}")
    await on_her_card(story, "WEB-20001", "ready")
    story.say(f"A web order placed at HQ is at the till {ms} ms later, ready to be collected.")


async def on_her_card(story: Story, order_no: str, state: str) -> None:
    """Wait for an order on Greta's card: the order and the card come in feeds of their own."""
    deadline = time.monotonic() + CAUGHT_UP_S * story.patience
    while True:
        card = await story.till.card(story.greta)
        orders = {each["order_no"]: each["state"] for each in card["orders"]}
        if orders.get(order_no) == state:
            return
        check(time.monotonic() < deadline, f"{order_no} waits on her card: {orders}")
        await asyncio.sleep(0.05)


async def day_ends(story: Story) -> None:
    """The day ends."""
    report = await story.till.ask("GET", f"/v1/tills/{TILL}/report")
    takings = sum(done["total"] for done in story.completed)
    check(report["totals"]["gross"] == takings, f"X report: {takings}")
    counted = FLOAT + takings - story.by_points
    closed = await story.till.day("close", {"counted_cash": counted, "request_id": new_id()})
    z = closed["report"]
    check(z["difference"] == 0 and z["totals"]["expected_cash"] == counted, f"no difference: {z}")
    receipt = await story.world.printer.next_receipt()
    check(any("Z" in line for line in receipt.lines), f"the Z report is printed: {receipt.lines}")
    await caught_up(story)
    reports = await story.world.ask_hq("GET", f"/v1/reports/z?store={STORE}")
    check(len(reports) == 1 and reports[0]["z_number"] == 1, f"the Z report is at HQ: {reports}")
    story.say(f"The cash is counted: {counted}, nothing missing. Z 1 is printed, and at HQ.")


Step = Callable[[Story], Awaitable[None]]
STEPS: tuple[Step, ...] = (
    opens,
    morning,
    recognised,
    three_codes,
    paid,
    printed,
    in_history,
    points_pay,
    hq_away,
    killed,
    hq_back,
    web_order,
    day_ends,
)


def title(step: Step) -> str:
    """Give a step's title: the first line of what its docstring says."""
    return (step.__doc__ or step.__name__).splitlines()[0].rstrip(".")
