"""What is due, what is change, and where cash rounding applies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.sale import Tender, round_cash, totals
from agent.core.sale.totals import settle
from tests.core.sale.baskets import empty


def settled(total, *tenders, unit=1):
    rows = [Tender(number, kind, amount) for number, (kind, amount) in enumerate(tenders, 1)]
    found = settle(total, rows, unit)
    return found.due, found.change, found.cash_rounding


@pytest.mark.parametrize(
    ("total", "tenders", "expected"),
    [
        (1000, [], (1000, 0, 0)),
        (1000, [("cash", 400)], (600, 0, 0)),
        (1000, [("cash", 2000)], (0, 1000, 0)),
        (1000, [("card", 700), ("cash", 500)], (0, 200, 0)),
        (1000, [("card", 1200)], (-200, 0, 0)),
        (1000, [("card", 1200), ("cash", 100)], (-200, 100, 0)),
        (-1000, [], (-1000, 0, 0)),
        (-1000, [("card", -1000)], (0, 0, 0)),
        (-500, [("cash", 2000)], (-500, 2000, 0)),
        (-500, [("cash", 2000), ("cash", -500)], (0, 2000, 0)),
        (0, [], (0, 0, 0)),
    ],
)
def test_due_and_change(total, tenders, expected):
    """The till would give change on a card, or forget a refund."""
    assert expected == settled(total, *tenders)


@pytest.mark.parametrize(
    ("total", "tenders", "expected"),
    [
        (998, [], (998, 0, 0)),
        (998, [("card", 998)], (0, 0, 0)),
        (998, [("cash", 1000)], (0, 0, 2)),
        (997, [("cash", 1000)], (0, 5, -2)),
        (998, [("card", 500), ("cash", 500)], (0, 0, 2)),
        (998, [("cash", 500)], (500, 0, 2)),
        (998, [("cash", 500), ("card", 498)], (0, 0, 0)),
        (998, [("cash", 500), ("card", 500)], (0, 0, 2)),
        (-998, [("cash", -1000)], (0, 0, -2)),
        (2, [("cash", 0)], (0, 0, -2)),
    ],
)
def test_swiss_rounding_is_for_cash_alone(total, tenders, expected):
    """A card would be charged a rounded amount, or coins asked for that do not exist."""
    assert expected == settled(total, *tenders, unit=5)


@pytest.mark.parametrize("unit", [-1, 0, 1])
def test_no_rounding_where_there_is_none(unit):
    """A wrong setting would divide by zero at the till."""
    assert 998 == round_cash(998, unit)


def test_an_empty_sale_adds_up_to_nothing():
    """Opening a sale would fail before the first line."""
    found = totals(empty(), 1)
    assert (0, 0, (), 0, 0, 0, 0) == (
        found.total,
        found.net,
        found.taxes,
        found.tendered,
        found.cash_rounding,
        found.due,
        found.change,
    )


@given(
    st.integers(-100_000, 100_000),
    st.lists(st.tuples(st.sampled_from(["cash", "card"]), st.integers(-50_000, 50_000))),
    st.sampled_from([1, 5, 10, 100]),
)
def test_every_cent_is_accounted_for(total, tenders, unit):
    """Money would appear or vanish between total, tenders, rounding, change and due."""
    due, change, rounding = settled(total, *tenders, unit=unit)
    assert total + rounding == due - change + sum(amount for _, amount in tenders)
    assert 0 <= change <= sum(amount for kind, amount in tenders if kind == "cash" and amount > 0)
    assert 2 * abs(rounding) <= unit
    assert change == 0 or due <= 0
