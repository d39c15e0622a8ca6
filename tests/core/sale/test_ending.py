"""Parking, resuming, cancelling, completing."""

from __future__ import annotations

import pytest

from agent.core.sale import (
    SaleFault,
    add_tender,
    cancel,
    complete,
    park,
    resume,
    void_line,
)
from tests.core.sale.baskets import basket, empty, item


def refusal(change, *arguments, **options):
    with pytest.raises(SaleFault) as fault:
        change(*arguments, **options)
    assert fault.value.remedy
    return fault.value.name


def test_a_parked_sale_comes_back_as_it_was():
    """A basket put aside would lose something."""
    sale = basket(item())
    assert "parked" == park(sale).state
    assert sale == resume(park(sale))


def test_a_cancelled_sale_is_over():
    """A basket that was given up could be paid."""
    sale = cancel(basket(item()))
    assert "cancelled" == sale.state
    assert "cancelled" == cancel(park(basket(item()))).state
    assert "sale-cancelled" == refusal(resume, sale)
    assert "sale-cancelled" == refusal(complete, sale, "r-1")


def test_money_on_the_counter_is_not_lost_sight_of():
    """A basket with money in it would be put aside or given up, the money with it."""
    sale = add_tender(basket(item()), "cash", 500)
    assert "money-on-the-counter" == refusal(park, sale)
    assert "money-on-the-counter" == refusal(cancel, sale)


def test_a_paid_sale_is_completed_under_its_number():
    """A sale would be released without a receipt number, or twice."""
    sale = complete(add_tender(basket(item(1000)), "cash", 2000), "s-t-ab12-1")
    assert ("completed", "s-t-ab12-1") == (sale.state, sale.receipt_no)
    assert "sale-completed" == refusal(complete, sale, "s-t-ab12-2")


def test_a_sale_with_money_due_is_not_completed():
    """Goods would leave the shop unpaid."""
    assert "not-paid" == refusal(complete, basket(item(1000)), "r")
    with pytest.raises(SaleFault, match=r"take a tender of 4\.00 EUR"):
        complete(add_tender(basket(item(1000)), "cash", 600), "r")


def test_a_refund_is_not_completed_before_it_is_given():
    """The customer would go without their money."""
    sale = basket(item(1000, -1000, reason="broken"))
    assert "not-refunded" == refusal(complete, sale, "r")
    assert "completed" == complete(add_tender(sale, "cash", -1000), "r").state


def test_a_card_charged_for_more_than_is_left_is_not_completed():
    """A line voided after payment would be kept by the shop."""
    sale = void_line(add_tender(basket(item(1000), item(300)), "card", 1300), 2)
    with pytest.raises(SaleFault, match="or remove a tender that took too much"):
        complete(sale, "r")


def test_an_empty_sale_is_no_sale():
    """Receipt numbers would be spent on nothing."""
    assert "sale-empty" == refusal(complete, empty(), "r")
    assert "sale-empty" == refusal(complete, void_line(basket(item()), 1), "r")


def test_a_gift_needs_no_tender():
    """A sale of nothing to pay could not be completed."""
    assert "completed" == complete(basket(item(0)), "r").state


def test_swiss_cash_completes_rounded():
    """9.98 could not be paid with ten francs even."""
    sale = add_tender(basket(item(997), currency="CHF"), "cash", 995, cash_rounding=5)
    assert "not-paid" == refusal(complete, sale, "r")
    assert "completed" == complete(sale, "r", cash_rounding=5).state
