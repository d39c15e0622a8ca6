"""What a person leaves with a chain that uses all it has: on the web, at service, at a till.

Words that name them are written wherever words can be; what a till refuses is told.
"""

from __future__ import annotations

from agent.daemon.demo.shop import new_id
from tests.journeys.cashier import Broken
from tests.journeys.chain_hq import TILL

POS = "till-2"
COFFEE, GIFT = {"item_id": "item-0002"}, "item-0003"
BY = {"actor": "eva"}
PROGRAMME = {
    "rules": [{"rule_id": "base", "version": 1, "points": 1, "per": 100}],
    "worth": {"points": 100, "minor": 100},
    "points_offline": {"offline": 500},
    "gift_items": [GIFT],
    "in_advance": True,
}
PROMPTS = [
    {
        "prompt_id": "not-eaten",
        "texts": {"en": "Anything you cannot eat?"},
        "kind": "text",
        "triggers": ["identify"],
        "reaches": [{"channel": "store", "value": 1}],
    }
]
STANDARD = [{"name": "standard", "basis_points": 1900}]


async def on_the_web(hq, one):
    """Have somebody order, leave a cart, call, say no, and open a second account on the web."""
    party = {"name": one.name, "email": one.email.upper(), "phone": one.spaced}
    party |= {"postcode": one.postcode, "web_account": one.web_account}
    party |= {"verified": ["email", "phone", "web_account"]}
    order = {"order_no": one.order_no, "total": 2999, "currency": "EUR", "collect_at": "store-0001"}
    order["lines"] = [{"name": "Teapot", "quantity": 1, "amount": 2999, "taxes": STANDARD}]
    cart = {"lead_id": one.cart, "kind": "cart", "items": [{"item": "item-0002", "quantity": 1}]}
    no = {"purpose": "marketing", "contact": "email", "given": False}
    called = f"{one.name} called from {one.dialled} about the {one.allergy}"
    events = (
        {"type": "order.placed", "order": order},
        {"type": "order.ready", "order": order},
        {"type": "lead.told", "lead": cart},
        {"type": "service.contact", "title": called},
        {"type": "consent.recorded", "party": party | {"consents": [no]}},
        # What nobody can use waits aside, with whom it names.
        {"type": "order.placed", "order": order, "occurred_at": "never"},
        {"type": "party.observed", "party": {"name": one.name, "email": one.second_email}},
    )
    told = {"occurred_at": "2026-11-01T10:00:00Z", "party": party}
    await hq.tell([told | each | {"event_id": f"{one.cart}-{n}"} for n, each in enumerate(events)])


async def at_service(hq, one, party_id):
    """Have staff write, search, hand data out and make a pass; gives the pass."""
    who = f"/v1/parties/{party_id}"
    said = f"{one.name} moved to {one.street}, {one.allergy}"
    await hq.ask("POST", f"{who}/notes", {"text": said} | BY)
    task = await hq.ask("POST", f"{who}/tasks", {"text": f"call {one.spaced}"} | BY)
    done = {"outcome": f"called {one.dialled}"} | BY
    await hq.ask("POST", f"/v1/tasks/{task['task_id']}/close", done)
    await hq.ask("POST", f"{who}/tasks", {"text": f"send to {one.street}"} | BY)
    no = {"purpose": "profiling", "state": "refused", "contact": "email", "operator": "eva"}
    await hq.ask("POST", f"{who}/consents", no)
    for text in (one.email, one.dialled, one.name, one.card, one.order_no):
        await hq.ask("POST", "/v1/parties/search", {"text": text})
        await hq.page(f"/customers?q={text}")
    await handed_out(hq, party_id)
    return await hq.ask("POST", f"{who}/wallet-passes", {"request_id": new_id()})


async def handed_out(hq, party_id):
    """Have staff hand out what is known of somebody, as a file and as a page."""
    for kind in ("access", "portability"):
        asked = {"kind": kind, "verified_by": ["passport"], "operator": "eva"}
        made = await hq.ask("POST", f"/v1/parties/{party_id}/requests", asked)
        query = f"export?request_id={made['request_id']}"
        await hq.ask("GET", f"/v1/parties/{party_id}/{query}")
        await hq.page(f"/customers/{party_id}/{query}")
    await hq.page(f"/customers/{party_id}")


async def merged(hq, one, party_id):
    """Have a steward join a second account, part it, and join it again; a household, too."""
    found = await hq.ask("POST", "/v1/parties/search", {"text": one.second_email})
    ids = [party_id, found["parties"][0]["party_id"]]
    by = BY | {"reason": f"{one.name} said so"}
    made = await hq.ask("POST", "/v1/merges", by | {"party_ids": ids})
    await hq.ask("POST", f"/v1/merges/{made['merge']['merge_id']}/undo", by)
    await hq.ask("POST", "/v1/merges", by | {"party_ids": ids})
    home = by | {"party_id": party_id}
    await hq.ask("POST", f"/v1/households/{new_id()}/members", home)


async def identified(shop, one):
    """Present everything somebody has at a till, typed and scanned; gives who they are."""
    shown = (one.email, one.dialled, one.spaced, one.card, one.order_no, one.web_account)
    for value in (*shown, one.name, f"{one.name}, {one.postcode}"):
        await shop.ask("POST", "/v1/identify", {"value": value})
        await shop.ask("POST", f"/v1/tills/{TILL}/scan", {"scan": value})
    await shop.ask("POST", "/v1/identify", {"type": "par", "value": one.account})
    return (await shop.ask("POST", "/v1/identify", {"type": "email", "value": one.email}))[
        "party_id"
    ]


async def told(shop, one, party_id):
    """Have somebody answer, agree and object, and a cashier write notes and tasks about them."""
    who = f"/v1/parties/{party_id}"
    asked = (await shop.ask("GET", who)).get("prompt")
    if asked:
        path = f"{who}/prompts/{asked['prompt_id']}"
        await shop.ask("POST", path, {"answer": f"{one.allergy}, says {one.name}"})
    yes = {"purpose": "marketing", "given": True, "contact": "sms", "lifts_objection": True}
    await shop.ask("POST", f"{who}/consents", yes)
    no = {"purpose": "marketing", "given": False, "contact": "sms", "objection": True}
    await shop.ask("POST", f"{who}/consents", no)
    said = f"{one.name}, {one.street}: {one.allergy}; {one.spaced}"
    await shop.ask("POST", f"{who}/notes", {"text": said})
    task = await shop.ask("POST", f"{who}/tasks", {"text": f"call {one.dialled}"})
    done = {"outcome": f"reached {one.family} at {one.dialled}"}
    await shop.ask("POST", f"{who}/tasks/{task['id']}/close", done)
    await shop.ask("POST", f"{who}/tasks", {"text": f"write to {one.email}"})


async def opened(shop, party_id, *lines):
    """Open a sale for somebody; gives its path."""
    sale_id = new_id()
    path = f"/v1/sales/{sale_id}"
    await shop.ask("POST", f"/v1/tills/{TILL}/sales", {"sale_id": sale_id})
    await shop.ask("PUT", f"{path}/customer", {"party_id": party_id})
    for line in lines:
        await shop.ask("POST", f"{path}/lines", {"line_id": new_id()} | line)
    return path


async def paid(shop, path, **tender):
    """Pay all of a sale; gives the answer to the completed one, whose receipt is shown."""
    due = (await shop.ask("GET", path))["totals"]["due"]
    given = {"kind": "cash", "amount": due, "tender_id": new_id()} | tender
    await shop.ask("POST", f"{path}/tenders", given)
    done = await shop.ask("POST", f"{path}/complete", {})
    await shop.ask("GET", f"{path}/receipt")
    again = {"print_id": new_id(), "sale_id": path.rpartition("/")[2]}
    await shop.ask("POST", "/v1/print-jobs", again)
    return done


async def bought(shop, one, party_id, *, offline):
    """Have somebody buy in every way; gives the receipts' numbers."""
    path = await opened(shop, party_id, COFFEE)
    quote = {"sale_id": path.rpartition("/")[2], "kind": "quote"}
    await shop.ask("POST", f"/v1/tills/{TILL}/leads", quote)
    await shop.ask("POST", f"{path}/leads", {"lead_id": f"web/{one.cart}"})
    await shop.ask("GET", f"{path}/suggestions")
    card = {"kind": "card", "payment_account_reference": one.account}
    receipts = [await paid(shop, path, **card)]
    charged = {"item_id": GIFT, "gift_card": one.gift_card}
    receipts.append(await paid(shop, await opened(shop, party_id, charged)))
    by_gift = {} if offline else {"kind": "gift_card", "reference": one.gift_card}
    receipts.append(await paid(shop, await opened(shop, party_id, COFFEE), **by_gift))
    path = await opened(shop, party_id)
    wanted = {"items": [{"item_id": "item-0002", "quantity": 2000}], "order_id": new_id()}
    await shop.ask("POST", f"{path}/special-orders", wanted)
    receipts.append(await paid(shop, path))
    said = f"For {one.name}, {one.street}, {one.spaced}"
    paper = {"language": "en", "blocks": [{"type": "text", "text": said}]}
    await shop.ask("POST", "/v1/print-jobs", {"print_id": new_id(), "document": paper})
    return {each["receipt_no"] for each in receipts}


async def refused_words(shop, one, party_id):
    """Write how to reach somebody wherever words become part of the books; gives what was taken."""
    path = await opened(shop, party_id, COFFEE)
    taken = []
    for said in (f"for {one.dialled}", f"ask {one.email}", f"at {one.spaced}"):
        line = {"name": said, "unit_price": 100, "taxes": ["standard"], "line_id": new_id()}
        for where, body in (
            (f"{path}/lines", line),
            (f"{path}/lines/1/price", {"unit_price": 500, "reason": said}),
            (f"{path}/lines/1/discount", {"amount": 10, "reason": said}),
            (f"{path}/discount", {"amount": 10, "reason": said}),
            (f"{path}/cancel", {"reason": said}),
            (f"/v1/tills/{TILL}/cash", {"amount": 100, "reason": said}),
        ):
            try:
                await shop.ask("POST", where, body)
                taken.append(where)
            except Broken as refusal:
                taken += [] if "contact-written" in str(refusal) else [str(refusal)]
    await shop.ask("POST", f"{path}/park", {})
    return taken


async def by_pos_software(shop, one, party_id):
    """Have POS software send a whole sale with everything of somebody in its words."""
    line = {"name": f"Delivery, {one.dialled}", "quantity": 1000, "unit_price": 500}
    line |= {"taxes": ["standard"], "reason": f"{one.email} 4111 1111 1111 1111"}
    tender = {"kind": "card", "amount": 500, "reference": one.email}
    tender["payment_account_reference"] = one.account
    sale = {"lines": [line], "tenders": [tender], "external_receipt_no": "R-1", "till": POS}
    sale |= {"party_id": party_id, "print": True}
    done = await shop.ask("PUT", f"/v1/sales/{new_id()}", sale, as_admin=True)
    assert ["lines[0].name", "lines[0].reason"] == [each["field"] for each in done["left_out"]]
