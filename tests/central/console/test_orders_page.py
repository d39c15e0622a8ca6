"""Orders and leads at HQ's pages: shown as the API shows them, acted on, and logged like it."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import insert

from central.channels.intake import take
from central.channels.registry import Channel, register
from central.console.login import COOKIE
from central.ledger.engine import writing
from central.ledger.lead_tables import CHANNEL_BOOKINGS, LEAD_CREDITS

NOW = "2026-11-02T12:00:00.000Z"
ADA = "01999999-0000-7000-8000-00000000ada0"
LINES = [{"name": "Tea <b>", "quantity": 2, "amount": 798}]
GOOD = {"stage": "ready", "location": "store-0001", "actor": "Eva", "event": "e", "sure": "yes"}


@pytest.fixture
def staff(client):
    client.cookies.set(COOKIE, "right")
    client.follow_redirects = False
    return client


@pytest.fixture(autouse=True)
def placed(ledger):
    """One order to collect, one to be sent."""
    with writing(ledger) as conn:
        register(conn, [Channel("web")], NOW)
        events = [event("W-1", collect_at="store-0001", paid=False), event("W-2")]
        take(conn, "web", [json.dumps(each).encode() for each in events], NOW, str)


def event(number, **more):
    order = {"order_no": number, "currency": "EUR", "lines": LINES, **more}
    about = {"event_id": number, "type": "order.placed", "occurred_at": NOW, "party": ADA}
    return about | {"order": order}


def test_orders_are_listed_by_store_and_state(staff, reads):
    """Service would have to ask IT where an order is."""
    both = staff.get("/orders").text
    assert "W-1" in both
    assert "2 × Tea &lt;b&gt;" in both
    here = staff.get("/orders?store=store-0001&standing=placed").text
    assert "W-1" in here
    assert "W-2" not in here
    assert "No order is like that" in staff.get("/orders?standing=ready").text
    assert ("staff", "orders", ADA) in reads.rows
    named = staff.get("/orders?number=W-2")
    assert (303, "/orders/W-2") == (named.status_code, named.headers["location"])
    assert 404 == staff.get("/orders/W-9").status_code


def test_one_order_as_it_stands_and_what_happens_to_it(staff, reads):
    """Goods that lie in a back room could be made ready by no one at HQ."""
    sheet = staff.get("/orders/W-1").text
    for shown in ("€7.98", "unpaid", "store-0001", f"/customers/{ADA}", 'value="reserved"'):
        assert shown in sheet
    assert ("staff", "order", ADA) in reads.rows
    assert 'value="ready"' not in sheet
    [shown] = re.findall(r'name="event" value="([^"]+)"', sheet)
    told = GOOD | {"event": shown, "stage": "reserved"}
    for _ in range(2):
        answer = staff.post("/orders/W-1", data=told)
        assert (303, "/orders/W-1?done=the+order+is+reserved") == (
            answer.status_code,
            answer.headers["location"],
        )
    ready = staff.post("/orders/W-1", data=GOOD | {"until": "2026-11-30"})
    sheet = staff.get(ready.headers["location"]).text
    assert "the order is ready" in sheet
    assert "until Mon 30 Nov 2026" in sheet
    assert 1 == len(re.findall("<td>reserved</td>", sheet))
    assert "Eva" in sheet
    assert 409 == staff.post("/orders/W-2", data=GOOD).status_code


@pytest.mark.parametrize("missing", ["sure", "actor", "event", "stage"])
def test_nothing_happens_by_half(staff, missing):
    """One click in error would tell a customer that their order is here."""
    data = GOOD | {"stage": "cancelled"}
    answer = staff.post("/orders/W-1", data={k: v for k, v in data.items() if k != missing})
    assert 400 == answer.status_code
    assert "cancelled</small>" not in staff.get("/orders/W-1").text


def test_leads_and_their_rules(staff, ledger):
    """Who brings customers into the stores would be credited by rules nobody could read."""
    day = {"event": "web/W-1", "business_date": NOW[:10], "currency": "EUR", "net": 671}
    credit = {"number": 1, "line": 1, "booked": "web", "channel": "phone", "touch_point": "call"}
    with writing(ledger) as conn:
        conn.execute(insert(CHANNEL_BOOKINGS).values(day | {"channel": "web", "body": b"{}"}))
        conn.execute(insert(LEAD_CREDITS).values(day | credit | {"why": "last", "rule": "r@1"}))
    text = staff.get("/leads").text
    assert "last-within-a-week@1" in text
    assert "in force" in text
    assert '<td>web</td><td>phone</td><td class="n">€6.71</td>' in text
    assert "do not come to their net" not in text
    empty = staff.get("/leads?since=2030-01-01").text
    assert "every channel sold what it brought itself" in empty
    assert "nothing" in empty


def test_the_pages_are_for_staff_alone(client):
    """Anybody on the network could read orders, or cancel them."""
    client.follow_redirects = False
    for path in ("/orders", "/orders/W-1", "/leads"):
        assert (303, "/login") == (
            client.get(path).status_code,
            client.get(path).headers["location"],
        )
    assert 303 == client.post("/orders/W-1", data=GOOD).status_code
