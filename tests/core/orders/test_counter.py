"""Paying for an order where it is collected; tax inside its prices, or on top of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.faults import NotFoundFault
from agent.core.orders import (
    CustomerOrder,
    OrderFault,
    OrderLine,
    Part,
    act,
    counter_line,
    noted,
    of_sale,
    paid_in_sale,
    refund_for,
    return_line,
    returnable,
    taxes_on_top,
    to_pay,
    view,
)
from agent.core.quantities import divide_half_away
from agent.core.sale import TaxRate, record_line, totals
from agent.core.sale.lines import append
from tests.core.orders.told import ID, TEA, at_store, basket, order, paid, placed, step

CITY = TaxRate("city", 825)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.integers(0, 3), st.integers(1, 3000), st.booleans())
def test_paid_piece_by_piece_it_is_the_ordered_price(pieces, given_up, amount, first):
    """A customer who collects in three goes would pay another price than in one."""
    line = OrderLine(1, "Tea", (pieces + given_up) * 1000, amount, item="tea")
    give_up = step("cancelled", "x", (1, given_up * 1000))
    held = at_store(*([give_up] if given_up and first else []), step("ready"), lines=(line,))
    for n in range(pieces):
        part = Part(1, 1000)
        due = to_pay(held, (part,))
        sale = record_line(basket(f"b{n}"), counter_line(held, part))
        assert due == totals(sale).total
        held = noted(held, *([paid_in_sale(ID, f"b{n}", due)] if due else []))
        told = step("collected", f"c{n}", (1, 1000), location="s1", sale_id=f"b{n}")
        held = noted(held, act(held, told))
    held = noted(held, *([give_up] if given_up and not first else []))
    stands = view(held)
    assert ("collected", 0, 0, ()) == (
        stands.state,
        stands.money.due,
        stands.money.owed,
        stands.troubles,
    )


def test_lines_that_cannot_be_paid():
    """A till would take money for goods nobody ordered."""
    held = at_store(step("collected", "c", (1, 2000), location="s1"))
    with pytest.raises(OrderFault, match="Kettle: 2 ordered, 2 handed over, so 1 cannot"):
        counter_line(held, Part(1, 1000))
    with pytest.raises(OrderFault, match="Tea: 3 ordered, 0 handed over, so 4 cannot"):
        counter_line(held, Part(2, 4000))
    with pytest.raises(OrderFault, match="so 0 cannot"):
        counter_line(held, Part(2, 0))
    with pytest.raises(NotFoundFault, match="line 7") as caught:
        counter_line(held, Part(7, 1000))
    assert caught.value.remedy.endswith("1, 2")
    with pytest.raises(NotFoundFault, match="line 7"):
        counter_line(CustomerOrder(ID), Part(7, 1000))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 5), st.integers(1, 3000), st.integers(0, 2500))
def test_tax_on_top_comes_back_with_the_goods(pieces, net, rate):
    """A customer of a store whose prices lack tax would lose the tax, or get it twice."""
    tax = divide_half_away(net * rate, 10_000)
    rates = (TaxRate("city", rate),)
    line = OrderLine(1, "Tea", pieces * 1000, net, tax=tax, item="tea", taxes=rates)
    held = order(placed(line, prices_include_tax=False), paid(net + tax), step("shipped"))
    given_back = 0
    for n in range(pieces):
        sale = basket(f"b{n}", included=False)
        sale = append(sale, return_line(held, sale, 1, 1000))
        taxes = taxes_on_top(sale.lines, sale.discount, included=False)
        told = of_sale(ID, sale.sale_id, sale.lines, taxes=taxes)
        given_back -= totals(sale).total
        held = noted(held, *told)
    assert (given_back, 0) == (view(held).money.refunded, returnable(held)[1])
    # A receipt rounds its tax once, so the last one may miss what is left by a cent.
    assert abs(given_back - (net + tax)) <= 1


def test_a_basket_with_tax_on_top_knows_what_it_gives_back():
    """Two lines of one basket would give tax back twice."""
    line = OrderLine(1, "Tea", 2000, 2000, tax=165, item="tea", taxes=(CITY,))
    held = order(placed(line, prices_include_tax=False), paid(2165), step("shipped"))
    sale = basket(included=False)
    sale = append(sale, return_line(held, sale, 1, 1000))
    sale = append(sale, return_line(held, sale, 1, 1000))
    assert -2165 == totals(sale).total


def test_free_goods_come_back_for_nothing():
    """A line without a price would divide by it."""
    held = order(placed(OrderLine(2, "Sample", 1000, 0)), step("shipped"))
    assert 0 == refund_for(held, 2, 1000)
    assert 0 == return_line(held, basket(), 2).extension
    assert TEA.cost == TEA.amount
