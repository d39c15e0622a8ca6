"""Changing what is in the basket."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.faults import NotFoundFault
from agent.core.sale import (
    ReturnOf,
    SaleFault,
    add_line,
    change_quantity,
    discount_line,
    discount_sale,
    override_price,
    park,
    set_customer,
    totals,
    void_line,
)
from tests.core.sale.baskets import basket, baskets, empty, item, new_lines


def refusal(change, *arguments):
    with pytest.raises(SaleFault) as fault:
        change(*arguments)
    assert fault.value.remedy
    return fault.value.name


def test_a_voided_line_stays_and_counts_nothing():
    """A void would leave no trace, or still be charged."""
    sale = void_line(basket(item(), item(300)), 1, "mistake", "ben")
    assert (True, "mistake", "ben") == (
        sale.lines[0].voided,
        sale.lines[0].reason,
        sale.lines[0].actor,
    )
    assert 300 == totals(sale).total


def test_a_void_without_a_word_still_has_a_reason():
    """An auditor would find a void that says nothing."""
    assert "voided" == void_line(basket(item()), 1).lines[0].reason


def test_a_voided_line_is_not_changed_any_more():
    """A line could be voided twice, or come back by a price change."""
    sale = void_line(basket(item()), 1)
    assert "line-voided" == refusal(void_line, sale, 1)
    assert "line-voided" == refusal(override_price, sale, 1, 1, "why")


def test_a_line_that_is_not_there_is_not_found():
    """The caller would not learn which lines there are."""
    with pytest.raises(NotFoundFault, match="line 7") as fault:
        void_line(basket(item(), item()), 7)
    assert "its lines are 1, 2" == fault.value.remedy
    with pytest.raises(NotFoundFault, match="none yet"):
        void_line(empty(), 1)


def test_another_quantity_is_charged():
    """Two pieces would cost as much as one."""
    sale = discount_line(basket(item(999)), 1, 99, "old")
    assert (1899, 2000) == (
        change_quantity(sale, 1, 2000).lines[0].extension,
        change_quantity(sale, 1, 2000).lines[0].quantity,
    )


def test_the_same_quantity_changes_nothing():
    """A label's price would be recomputed because somebody pressed enter."""
    sale = basket(item(1990, unit="kg", extension=412))
    assert sale is change_quantity(sale, 1, 207)


@pytest.mark.parametrize(
    ("name", "quantity"),
    [("zero-quantity", 0), ("quantity-sign", -1000), ("quantity-too-large", 10**12)],
)
def test_a_quantity_out_of_range_is_refused(name, quantity):
    """A line would sell nothing, or turn into a return behind the cashier's back."""
    assert name == refusal(change_quantity, basket(item()), 1, quantity)


def test_an_overridden_price_keeps_the_first_one():
    """Two overrides would hide the catalogue's price, or one back to it look like another."""
    sale = override_price(basket(item(1000)), 1, 900, "scratched")
    again = override_price(sale, 1, 800, "broken")
    back = override_price(again, 1, 1000, "a mistake")
    assert [(900, 1000), (800, 1000), (1000, None)] == [
        (each.lines[0].extension, each.lines[0].list_price) for each in (sale, again, back)
    ]
    assert "scratched; broken; a mistake" == back.lines[0].reason


def test_a_line_keeps_its_last_four_reasons():
    """A line changed by a loop would grow without end."""
    sale = basket(item())
    for number in range(9):
        sale = override_price(sale, 1, number, f"reason {number}")
    assert "reason 5; reason 6; reason 7; reason 8" == sale.lines[0].reason


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_overrides_and_discounts_need_a_reason(reason):
    """Prices would change with nobody saying why."""
    sale = basket(item())
    assert "reason-missing" == refusal(override_price, sale, 1, 500, reason)
    assert "reason-missing" == refusal(discount_line, sale, 1, 100, reason)
    assert "reason-missing" == refusal(discount_sale, sale, 100, reason)


def test_an_override_below_zero_is_refused():
    """A price below zero would pay the customer."""
    assert "negative-price" == refusal(override_price, basket(item()), 1, -1, "why")


def test_a_discount_is_set_and_not_added_to():
    """A repeated request would give the discount twice."""
    once = discount_line(basket(item(1000)), 1, 100, "old")
    assert 900 == discount_line(once, 1, 100, "old").lines[0].extension
    assert (1000, "old") == (
        discount_line(once, 1, 0, None).lines[0].extension,
        discount_line(once, 1, 0, None).lines[0].reason,
    )


def test_a_discount_on_a_return_gives_less_back():
    """The discount of goods that come back would be paid out on top."""
    sale = discount_line(basket(item(1000, -1000, reason="broken")), 1, 100, "used")
    assert (-900, -100) == (sale.lines[0].extension, sale.lines[0].discount)


def test_a_discount_keeps_a_label_price():
    """Reducing a weighed line would first round its label's price away."""
    sale = discount_line(basket(item(1990, unit="kg", extension=413)), 1, 100, "best before")
    assert 313 == sale.lines[0].extension


@pytest.mark.parametrize("amount", [-1, 1001])
def test_a_discount_beyond_the_line_is_refused(amount):
    """A line would pay the customer, or a discount would be a surcharge."""
    names = {-1: "negative-discount", 1001: "discount-too-large"}
    assert names[amount] == refusal(discount_line, basket(item(1000)), 1, amount, "why")
    assert names[amount] == refusal(discount_sale, basket(item(1000)), amount, "why")
    back = basket(item(1000, -1000, reason="broken"))
    assert names[amount] == refusal(discount_line, back, 1, amount, "why")


def test_a_discount_never_outgrows_what_its_line_costs():
    """A cheaper price or a smaller quantity would leave a line below zero."""
    sale = discount_line(basket(item(1000, 2000)), 1, 1500, "why")
    assert "discount-too-large" == refusal(change_quantity, sale, 1, 1000)
    assert "discount-too-large" == refusal(override_price, sale, 1, 700, "why")


def test_a_receipt_discount_never_outgrows_the_goods():
    """Voiding a line would leave a receipt that pays the customer."""
    sale = discount_sale(basket(item(1000), item(300)), 500, "regular")
    assert "discount-too-large" == refusal(void_line, sale, 1)
    assert 300 == totals(void_line(discount_sale(sale, 0), 1)).total


def test_a_receipt_discount_needs_goods_that_are_sold():
    """A refund would shrink, or grow, by a discount on nothing."""
    back = basket(item(1000, -1000, reason="broken"))
    assert "discount-too-large" == refusal(discount_sale, back, 1, "why")


def test_a_referenced_return_is_fixed():
    """More could be given back than was sold, by changing the line afterwards."""
    sale = basket(item(1000, -1000, returns=ReturnOf("sale-0", 1)))
    assert "return-is-fixed" == refusal(change_quantity, sale, 1, -2000)
    assert "return-is-fixed" == refusal(override_price, sale, 1, 2000, "why")
    assert "return-is-fixed" == refusal(discount_line, sale, 1, 1, "why")


def test_a_customer_and_the_pseudonym_come_together():
    """A completed sale would name a customer nobody can be told from."""
    sale = set_customer(empty(), "party-1", "ref-1")
    assert ("party-1", "ref-1") == (sale.party_id, sale.customer_ref)
    assert empty() == set_customer(sale, None, None)
    assert "customer-incomplete" == refusal(set_customer, sale, "party-1")
    assert "customer-incomplete" == refusal(set_customer, sale, None, "ref-1")


def test_a_parked_sale_is_not_changed():
    """A basket nobody looks at would change."""
    sale = park(basket(item()))
    assert ["sale-parked"] * 6 == [
        refusal(void_line, sale, 1),
        refusal(change_quantity, sale, 1, 2000),
        refusal(override_price, sale, 1, 1, "why"),
        refusal(discount_line, sale, 1, 1, "why"),
        refusal(discount_sale, sale, 1, "why"),
        refusal(set_customer, sale, None),
    ]


@given(baskets(), new_lines)
def test_voiding_a_line_restores_the_totals(sale, new):
    """A scan taken back would leave a cent of tax or discount behind."""
    with_line = add_line(sale, new)
    assert totals(sale) == totals(void_line(with_line, with_line.lines[-1].line))


@given(baskets(least=1), st.integers(1, 100_000))
def test_an_extension_is_price_times_quantity_less_discount(sale, price):
    """The line on the receipt would not add up."""
    for line in sale.lines:
        if not line.voided and price * line.quantity >= 1000 * line.discount + 500:
            try:
                changed = override_price(sale, line.line, price, "why").lines[line.line - 1]
            except SaleFault:
                continue
            exact = price * line.quantity - 1000 * line.discount
            assert abs(1000 * changed.extension - exact) <= 500
