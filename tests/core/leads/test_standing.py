"""What has become of a lead, in one word."""

from __future__ import annotations

import pytest

from agent.core.leads import (
    STANDINGS,
    BookedLine,
    Booking,
    CreditRule,
    Lead,
    LeadItem,
    credit,
    moment,
    standing,
)

RULE = CreditRule("r", "first")
TWO = (LeadItem("coffee", 2000),)


def a_sale(pieces):
    lines = (BookedLine(1, 1000 * pieces, 100, "coffee"),)
    return Booking(
        "s", "store", "2026-11-02", "2026-11-02", "EUR", lines, redeemed=("l", "shown-too")
    )


@pytest.mark.parametrize(
    ("expected", "items", "bought", "today"),
    [
        ("open", TWO, 0, "2026-11-03"),
        ("partly", TWO, 1, "2026-11-03"),
        ("converted", TWO, 2, "2026-11-03"),
        ("converted", TWO, 2, "2027-11-03"),
        ("converted", None, 1, "2026-11-03"),
        ("open", None, 0, "2026-11-03"),
        ("withdrawn", (), 0, "2026-11-03"),
        ("open", TWO, 0, "2026-10-01"),  # A clock that is behind.
        ("expired", TWO, 0, "2026-11-09"),
        ("expired", TWO, 1, "2026-11-09"),
    ],
)
def test_lead_says_what_became_of_it(expected, items, bought, today):
    """A colleague would chase a customer who has bought already, or give one up who has not."""
    lead = Lead("l", "cart", "web", "2026-11-01", items=items)
    bookings = [a_sale(bought)] if bought else []
    (left,) = credit([lead], bookings, [RULE]).leads
    assert expected == standing(left, RULE, moment(today))
    assert expected in STANDINGS


def test_cart_that_becomes_about_anything_is_done_once_something_was_bought():
    """A cart turned into a bare visit would count a second time."""
    versions = [
        Lead("l", "cart", "web", "2026-11-01", items=TWO),
        Lead("l", "cart", "web", "2026-11-03", ver=2),
    ]
    (left,) = credit(versions, [a_sale(1)], [RULE]).leads
    assert (None, True) == (left.left, left.spent)
    (back,) = credit(
        [Lead("l", "cart", "web", "2026-11-01"), Lead("l", "cart", "web", "2026-11-03", 2)], [], []
    ).leads
    assert not back.spent
