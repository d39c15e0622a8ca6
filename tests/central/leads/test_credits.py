"""A lead of one channel, sold on another: who is credited, and that it always adds up."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import event, update

from agent.core.entries.bodies import ConsentGiven
from agent.core.leads import CreditRule, Lead, LeadItem, LeadRedeemed, LeadTold
from agent.core.sale.model import ReturnOf
from central.leads.report import Span, lead_report
from central.leads.rules import register
from central.ledger.engine import reading, writing
from central.ledger.lead_tables import LEAD_CREDITS, LEAD_DUE, LEADS_OPEN
from central.ledger.tables import QUARANTINE

ADA = "01999999-0000-7000-8000-00000000ada0"
SALES_J, SIDE_J = "a" * 32, "b" * 32
EVER = Span()


def cart(**fields):
    fields = {"items": (LeadItem("pen", 1000),), "party_id": ADA} | fields
    return Lead("web/cart-1", "cart", "web", "2026-11-01T20:00:00.000Z", **fields)


def told_lead(told, lead):
    return LeadTold("store-0001", "till-1", told.at(0), lead)


def pen(told, quantity=1000, **fields):
    """A pen for 1.19, of which 1.00 is net."""
    return told.line(1, quantity, 119, item_id="pen", **fields)


def shown(told, sale_id, lead_id="web/cart-1"):
    return LeadRedeemed(sale_id, lead_id, "store-0001", "till-1", told.at(1))


def report(ledger, span=EVER):
    with reading(ledger) as conn:
        return lead_report(conn, span)


def by_channel(found):
    return {each.channel: (each.booked, each.credited) for each in found.channels}


@pytest.mark.both_databases
def test_cart_of_the_web_sold_in_a_store_credits_the_web(apply, told, ledger, rows):
    """The channel that brought the customer would get nothing, and stores would seem to sell it."""
    pens = (told.line(1, item_id="pen"), told.line(2, item_id="ink", price=300))
    apply(SIDE_J, told_lead(told, cart()), told.tie(1, ADA))
    apply(SALES_J, told.sale(1, lines=pens, ref="ref-1"), told.sale(2, lines=pens))
    found = report(ledger)
    assert {"store": (918, 708), "web": (0, 210)} == by_channel(found)
    assert (found.booked, found.credited, found.off, found.waiting) == (
        {"EUR": 918},
        {"EUR": 918},
        (),
        0,
    )
    assert [] == rows(QUARANTINE)


@pytest.mark.both_databases
def test_return_takes_the_credit_back(apply, told, ledger):
    """The web would keep the credit of goods that came back."""
    pens = (pen(told),)
    apply(SIDE_J, told_lead(told, cart()), told.tie(1, ADA))
    apply(SALES_J, told.sale(1, lines=pens, ref="ref-1"))
    assert {"store": (100, 0), "web": (0, 100)} == by_channel(report(ledger))
    back = told.sale(2, lines=(pen(told, -1000, returns=ReturnOf("sale-1", 1)),))
    apply(SALES_J, msgspec.structs.replace(back, net=-100))
    found = report(ledger)
    assert {"store": (0, 0), "web": (0, 0)} == by_channel(found)
    assert () == found.off


@pytest.mark.both_databases
@pytest.mark.parametrize("side_first", [True, False])
def test_code_shown_by_somebody_unknown_counts(apply, told, ledger, rows, side_first):
    """A quote redeemed by a stranger, or heard of before its sale, would credit nobody."""
    side = (SIDE_J, told_lead(told, cart(party_id=None)), shown(told, "sale-1"))
    sales = (SALES_J, told.sale(1, lines=(pen(told),)))
    for each in (side, sales) if side_first else (sales, side):
        apply(*each)
    assert {"store": (100, 0), "web": (0, 100)} == by_channel(report(ledger))
    [credit] = rows(LEAD_CREDITS)
    assert ("lead-redeemed", "web/cart-1") == (credit["why"], credit["lead_id"])
    assert [] == rows(LEAD_DUE)


def test_no_to_profiling_leaves_only_the_code(apply, told, ledger):
    """A customer who will not be followed from channel to channel would be."""
    no = told.enrolled(ADA, consents=(ConsentGiven("profiling", "any", False),))
    apply(SIDE_J, no, told_lead(told, cart()), told.tie(1, ADA), told.tie(2, ADA))
    pens = (pen(told),)
    apply(SALES_J, told.sale(1, lines=pens, ref="ref-1"))
    assert {"store": (100, 100)} == by_channel(report(ledger))
    apply(SIDE_J, shown(told, "sale-2"))
    apply(SALES_J, told.sale(2, lines=pens, ref="ref-2"))
    assert {"store": (200, 100), "web": (0, 100)} == by_channel(report(ledger))


def test_other_rule_is_derived_anew(apply, told, ledger, keeper):
    """A rule written into the settings would count only for what nobody has sold yet."""
    apply(SIDE_J, told_lead(told, cart()), told.tie(1, ADA))
    apply(SALES_J, told.sale(1, lines=(pen(told),), ref="ref-1"))
    half = CreditRule("half", "last", kept=5000)
    with writing(ledger) as conn:
        register(conn, [half])
    keeper.work_all()
    assert {"store": (100, 50), "web": (0, 50)} == by_channel(report(ledger))
    with writing(ledger) as conn:
        register(conn, [half])
    assert 0 == keeper.work_all()


def test_lead_that_is_used_up_brings_nothing_more(apply, told, ledger, rows):
    """One cart would be credited for every purchase of its customer."""
    apply(SIDE_J, told_lead(told, cart()), told.tie(1, ADA), told.tie(2, ADA))
    pens = (pen(told),)
    apply(SALES_J, told.sale(1, lines=pens, ref="ref-1"), told.sale(2, lines=pens, ref="ref-2"))
    assert {"store": (200, 100), "web": (0, 100)} == by_channel(report(ledger))
    assert [b'"converted":true' in row["body"] for row in rows(LEADS_OPEN)] == [True]


def test_only_the_days_asked_for_are_added_up(apply, told, ledger):
    """A month's report would show the year's."""
    pens = (pen(told),)
    apply(SIDE_J, told_lead(told, cart()), told.tie(1, ADA))
    apply(
        SALES_J,
        told.sale(1, lines=pens, ref="ref-1"),
        told.sale(2, lines=(pen(told),), date="2026-11-03"),
    )
    assert {"store": (100, 0), "web": (0, 100)} == by_channel(
        report(ledger, Span("2026-11-01", "2026-11-02"))
    )
    assert {"store": (100, 100)} == by_channel(report(ledger, Span("2026-11-03")))


@pytest.mark.both_databases
@pytest.mark.parametrize("wrong", [{"net": 99}, {"business_date": "2026-11-09"}, {"event": "none"}])
def test_credit_that_does_not_come_to_its_booking_is_named(apply, told, ledger, wrong):
    """Two views would differ on a day, by money or by the day itself, and nobody be told."""
    apply(SIDE_J, told_lead(told, cart()), told.tie(1, ADA))
    apply(SALES_J, told.sale(1, lines=(pen(told),), ref="ref-1"))
    assert () == report(ledger).off
    with writing(ledger) as conn:
        conn.execute(update(LEAD_CREDITS).values(wrong))
    [named] = report(ledger).off
    assert named == wrong.get("event", "sale-1")


def test_the_report_reads_no_sale_but_those_credited_to_others(ledger):
    """A year of a chain would be read row by row for each look at the report: minutes (G15)."""
    asked = []
    event.listen(ledger, "before_cursor_execute", lambda *given: asked.append(given[2:4]))
    report(ledger)
    with reading(ledger) as conn:
        plans = [
            conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", args).all() for sql, args in asked[:]
        ]
    steps = [
        row.detail for plan in plans for row in plan if row.detail.startswith(("SCAN", "SEARCH"))
    ]
    tables = ("sale", "channel_booking", "lead_credit")
    summed = [step for step in steps if step.split()[1] in tables and "_1 (" not in step]
    assert len(summed) == 4, steps
    assert all("USING COVERING INDEX" in step for step in summed), steps
