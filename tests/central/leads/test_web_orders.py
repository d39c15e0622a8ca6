"""Web orders beside store sales: one report of all channels, one profile of all purchases."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest

from agent.core.entries.bodies import ConsentGiven
from agent.core.leads import Lead, LeadItem, LeadTold
from central.channels.intake import take
from central.channels.registry import Channel, register
from central.identity.cards import card_of
from central.leads.report import Span, lead_report
from central.ledger.engine import reading, writing
from central.ledger.lead_tables import CHANNEL_BOOKINGS

NOW = "2026-11-02T12:00:00.000Z"
ADA = "01999999-0000-7000-8000-00000000ada0"
SALES_J, SIDE_J = "a" * 32, "b" * 32
YES = (ConsentGiven("profiling", "any", True),)
RATE = {"name": "standard", "basis_points": 1900}
LINE = {"name": "Pen", "quantity": 2, "amount": 238, "item": "pen", "taxes": [RATE]}


@pytest.fixture
def send(ledger, keeper):
    """Send events of the channel `web`."""
    with writing(ledger) as conn:
        register(conn, [Channel("web", "distribution", "Shop", ("webshop",))], NOW)

    def _send(*events):
        with writing(ledger) as conn:
            found = take(
                conn, "web", [json.dumps(each).encode() for each in events], NOW, lambda: "n"
            )
        keeper.work_all()
        assert ["accepted"] * len(events) == [each.outcome for each in found]

    return _send


def order(n, what="placed", party=ADA, **more):
    told = {"order_no": "W-1", "currency": "EUR"} | more
    at = f"2026-11-01T1{n}:00:00Z"
    body = {"event_id": f"o-{n}", "type": f"order.{what}", "occurred_at": at, "order": told}
    return body | {"party": party}


def views(ledger):
    with reading(ledger) as conn:
        found = lead_report(conn, Span())
    assert (found.booked, ()) == (found.credited, found.off)
    sums = defaultdict(lambda: (0, 0))
    for each in found.channels:
        booked, credited = sums[each.channel]
        sums[each.channel] = (booked + each.booked, credited + each.credited)
    return dict(sums)


@pytest.mark.both_databases
def test_quote_of_a_store_ordered_on_the_web_credits_the_store(send, apply, told, ledger):
    """The colleague who advised the customer would get nothing of what they then ordered."""
    quote = Lead(
        "store-0001/q-1",
        "quote",
        "store",
        "2026-11-01T09:00:00.000Z",
        party_id=ADA,
        items=(LeadItem("pen", 1000),),
    )
    apply(SIDE_J, LeadTold("store-0001", "till-1", told.at(0), quote))
    apply(SALES_J, told.sale(1, lines=(told.line(1, price=119, item_id="pen"),)))
    send(order(0, lines=[LINE]))
    assert {"store": (100, 200), "web": (200, 100)} == views(ledger)


def test_what_was_ordered_on_the_web_is_in_the_profile(send, apply, told, ledger):
    """A till would suggest what the customer ordered at home an hour ago."""
    apply(SIDE_J, told.enrolled(ADA, consents=YES))
    send(order(0, lines=[LINE]))
    with reading(ledger) as conn:
        profile = card_of(conn, ADA).insight.profile
    assert (["pen"], {"web": 1}, {"EUR": 200}) == (
        [item for day in profile.lately for item in day.items],
        profile.visits,
        profile.spent,
    )


def test_cancelled_order_is_no_sale_any_more(send, ledger, rows):
    """The web's share would be made of orders nobody paid for."""
    send(order(0, lines=[LINE]))
    assert {"web": (200, 200)} == views(ledger)
    send(order(1, "cancelled"))
    assert ({}, []) == (views(ledger), rows(CHANNEL_BOOKINGS))


def test_order_to_be_paid_at_a_counter_is_the_stores_sale(send, ledger):
    """Its money would be reported twice: as ordered, and as paid."""
    send(order(0, lines=[LINE], paid=False, collect_at="store-0001"))
    assert {} == views(ledger)
