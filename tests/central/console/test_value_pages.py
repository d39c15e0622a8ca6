"""Points at the console: beside the customer, and among what needs attention."""

from __future__ import annotations

import pytest

from agent.core.loyalty import EarnedLine, Earning, Lease, ValueEarned, Worth
from agent.core.loyalty.bookings import adjusted
from central.console.login import COOKIE
from central.histories import Applier
from central.ledger.engine import writing
from central.value import leasing
from central.value.books import SqlBooks

ADA = "01999999-0000-7000-8000-00000000ada0"
NOW = "2026-11-02T12:00:00.000Z"
PLACE = ("store-0001", "till-1")


@pytest.fixture
def staff(client):
    """A browser that has logged in."""
    client.cookies.set(COOKIE, "right")
    return client


@pytest.fixture
def ada(ledger, receive, told):
    """A customer with 100 points, 40 of them with a till."""
    earning = Earning("points", (EarnedLine(1, 100, 1000),), (("base", 1),))
    fact = ValueEarned("sale-1", *PLACE, told.at(1), ADA, (earning,))
    receive("b" * 32, told.enrolled(ADA, name="Ada"), fact)
    Applier(ledger, lambda: NOW).apply_pending()
    with writing(ledger) as conn:
        lease = Lease(ADA, "points", 40, *PLACE, "b" * 32, "2026-11-02", Worth(1, 1))
        leasing.book(conn, "lease-1", lease, NOW)


@pytest.mark.usefixtures("ada")
def test_the_customers_page_says_what_they_have_and_where(staff, reads):
    """Staff could not tell a customer why their points do not pay at another till."""
    text = staff.get(f"/customers/{ADA}").text
    assert "100 points" in text
    assert "40 points of it with store-0001/till-1" in text
    assert ("staff", "console", ADA) in reads.rows


@pytest.mark.usefixtures("ada")
def test_who_owes_points_is_shown_among_what_needs_attention(staff, ledger, reads):
    """Points that were spent although they were not there would be missed by nobody."""
    assert "Points and gift cards" not in staff.get("/attention").text
    with writing(ledger) as conn:
        SqlBooks(conn).post(adjusted(ADA, "points", -130, event="by-hand"), NOW)
    text = staff.get("/attention").text
    assert "30 points more were spent than there were" in text
    assert f"/customers/{ADA}" in text
    assert ("staff", "value", ADA) in reads.rows
