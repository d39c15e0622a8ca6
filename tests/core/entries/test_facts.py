"""The fact of a sale: everything that was decided, nothing about the person."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.entries import facts
from agent.core.entries.bodies import TillOpened
from agent.core.sale import (
    NewLine,
    SaleFault,
    Stamp,
    TaxRate,
    add_line,
    add_tender,
    complete,
    discount_sale,
    open_sale,
    set_customer,
    totals,
)

OPENED = Stamp("2026-07-28T12:00:00.000Z", 1, "boot")
NOW = Stamp("2026-07-28T12:03:05.123Z", 2, "boot")


def a_basket():
    sale = open_sale(
        sale_id="sale-1",
        till="till-1",
        currency="CHF",
        prices_include_tax=True,
        opened=OPENED,
        business_date="2026-07-28",
        actor="anna",
    )
    sale = add_line(sale, NewLine("Tea", 1000, 1098, (TaxRate("standard", 810),)))
    return set_customer(discount_sale(sale, 100, "regular"), "party-1", "ref-1")


def a_completed_sale():
    return complete(add_tender(a_basket(), "cash", 2000, "drawer 1"), "s-t-ab12-1")


def test_a_completed_fact_says_all_that_was_decided():
    """Something on the receipt would not be in the journal."""
    sale = a_completed_sale()
    body = facts.completed(sale, totals(sale, 5), store="store-1", stamp=NOW)
    assert ("sale-1", "s-t-ab12-1", "store-1", "till-1", "2026-07-28", "CHF") == (
        body.sale_id,
        body.receipt_no,
        body.store,
        body.till,
        body.business_date,
        body.currency,
    )
    assert (998, 1000, 2, 100, "regular") == (
        body.total,
        body.total + body.cash_rounding,
        body.cash_rounding,
        body.discount,
        body.discount_reason,
    )
    assert (1000, totals(sale).net, totals(sale).taxes) == (body.change, body.net, body.taxes)
    assert (OPENED, NOW, "anna") == (body.opened, body.completed, body.actor)
    assert (sale.lines, sale.tenders) == (body.lines, body.tenders)


def test_a_completed_fact_carries_the_pseudonym_and_never_the_party():
    """Who bought what would stand in a chain that nobody can erase from (P9)."""
    sale = a_completed_sale()
    body = facts.completed(sale, totals(sale, 5), store="store-1", stamp=NOW)
    assert "ref-1" == body.customer_ref
    assert b"party-1" not in msgspec.json.encode(body)


def test_a_basket_is_no_fact():
    """An unpaid basket could be written down as a sale."""
    sale = a_basket()
    with pytest.raises(SaleFault, match="open"):
        facts.completed(sale, totals(sale), store="store-1", stamp=NOW)
    unnumbered = msgspec.structs.replace(sale, state="completed")
    with pytest.raises(SaleFault):
        facts.completed(unnumbered, totals(sale), store="store-1", stamp=NOW)


@pytest.mark.parametrize(("actor", "kept"), [(None, "anna"), ("ben", "ben")])
def test_a_cancelled_fact_says_who_gave_it_up_and_why(actor, kept):
    """A basket could vanish with nobody's name on it, or with a customer's."""
    sale = a_basket()
    body = facts.cancelled(
        sale, totals(sale), store="store-1", stamp=NOW, actor=actor, reason="left"
    )
    assert (kept, "left", 998, sale.lines) == (body.actor, body.reason, body.total, body.lines)
    assert b"party-1" not in msgspec.json.encode(body)


def test_an_original_is_what_a_return_needs():
    """A return would forget the receipt discount."""
    sale = a_completed_sale()
    body = facts.completed(sale, totals(sale, 5), store="store-1", stamp=NOW)
    found = facts.original(body)
    assert ("sale-1", sale.lines, "CHF", True, 100) == (
        found.sale_id,
        found.lines,
        found.currency,
        found.prices_include_tax,
        found.discount,
    )


def test_a_closing_holds_the_count_against_the_journal():
    """Missing cash would not be seen."""
    sale = a_completed_sale()
    bodies = [
        TillOpened("store-1", "till-1", "2026-07-28", OPENED, 10_000, "CHF"),
        facts.completed(sale, totals(sale, 5), store="store-1", stamp=NOW),
    ]
    closed = facts.till_closed(
        bodies,
        store="store-1",
        till="till-1",
        currency="CHF",
        business_date="2026-07-28",
        z_number=3,
        stamp=NOW,
        counted_cash=10_900,
        actor="anna",
    )
    assert (3, OPENED, NOW, 11_000, 10_900, -100) == (
        closed.z_number,
        closed.opened,
        closed.at,
        closed.totals.expected_cash,
        closed.counted_cash,
        closed.difference,
    )
