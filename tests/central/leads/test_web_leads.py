"""Carts of a web store as events: versions of a lead, on the timeline, credited in a store."""

from __future__ import annotations

import itertools
import json

import pytest

from central.channels.intake import take
from central.channels.registry import Channel, register
from central.identity.interactions import interactions_of
from central.leads.listing import leads_of
from central.leads.report import Span, lead_report
from central.ledger.engine import reading, writing

NOW = "2026-11-02T12:00:00.000Z"
ADA = "01999999-0000-7000-8000-00000000ada0"
SALES_J, SIDE_J = "a" * 32, "b" * 32


@pytest.fixture
def send(ledger, keeper):
    """Send events of the channel `web`; gives what became of each."""
    with writing(ledger) as conn:
        register(conn, [Channel("web", "distribution", "Shop", ("webshop",))], NOW)
    numbers = itertools.count(1)

    def _send(*events):
        bodies = [json.dumps(each).encode() for each in events]
        with writing(ledger) as conn:
            found = take(conn, "web", bodies, NOW, lambda: f"new-{next(numbers)}")
        keeper.work_all()
        return found

    return _send


def cart(n, *items, party=ADA, at="2026-11-01T20:00:00Z", **lead):
    told = [{"item": item, "quantity": quantity} for item, quantity in items]
    body = {"event_id": f"c-{n}", "type": "lead.told", "occurred_at": at}
    body["lead"] = {"lead_id": "cart-1", "items": told} | lead
    return body | ({"party": party} if party else {})


@pytest.mark.both_databases
def test_cart_of_the_web_is_credited_for_what_a_store_sells(send, apply, told, ledger):
    """The whole way from the web store's event to the report would be broken."""
    [outcome] = send(cart(1, ("pen", 1)))
    assert ("accepted", ADA) == (outcome.outcome, outcome.party_id)
    apply(SIDE_J, told.tie(1, ADA))
    apply(SALES_J, told.sale(1, lines=(told.line(1, price=119, item_id="pen"),), ref="ref-1"))
    with reading(ledger) as conn:
        found = lead_report(conn, Span())
        [lead] = leads_of(conn, ADA, NOW)
        history = [(each.type, each.title) for each in interactions_of(conn, ADA)]
    assert {"store": (100, 0), "web": (0, 100)} == {
        each.channel: (each.booked, each.credited) for each in found.channels
    }
    assert ("web/cart-1", "converted", "sale-1") == (
        lead.lead_id,
        lead.standing,
        lead.bought[0].event,
    )
    assert ("lead.told", "Cart: 1 item") in history


@pytest.mark.parametrize("turned", [False, True])
def test_last_version_counts_in_whatever_order_they_come(send, ledger, turned):
    """A cart that was emptied would be offered again, since its news overtook another."""
    events = [cart(1, ("pen", 1)), cart(2, ("ink", 2), at="2026-11-01T21:00:00Z")]
    send(*(reversed(events) if turned else events))
    with reading(ledger) as conn:
        [lead] = leads_of(conn, ADA, NOW)
    assert ({"ink": 2000}, "open") == (lead.left, lead.standing)


def test_nobodys_cart_is_kept_for_its_code(send):
    """A cart without an account would be refused, and its code at the till would mean nothing."""
    [outcome] = send(cart(1, ("pen", 1), party=None))
    assert ("accepted", None) == (outcome.outcome, outcome.party_id)


@pytest.mark.parametrize(
    ("lead", "said"),
    [
        ({"items": [{"quantity": 1}]}, "without `item` or `gtin`"),
        ({"items": [{"item": "pen", "quantity": -1}]}, "a quantity of -1"),
        ({"lead_id": "my cart"}, "no id of a lead"),
    ],
)
def test_lead_that_makes_no_sense_waits_with_its_reason(send, lead, said):
    """It would be lost, or block what comes behind it."""
    bad, good = send(cart(1, **lead), cart(2, ("pen", 1)))
    assert ("quarantined", "accepted") == (bad.outcome, good.outcome)
    assert said in bad.reason
