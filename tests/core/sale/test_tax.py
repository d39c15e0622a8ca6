"""Tax once per rate, both ways, and discounts shared out over lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.core.sale import TaxAmount, discount_sale, line_taxes, spread, totals, void_line
from tests.core.sale.baskets import (
    CITY,
    REDUCED,
    STANDARD,
    ZERO,
    basket,
    baskets,
    goods_back,
    item,
    new_lines,
)


def test_tax_inside_the_price():
    """11.90 at 19 % would not be 10.00 and 1.90."""
    found = totals(basket(item(1190)))
    assert (TaxAmount("standard", 1900, 1000, 190, 1190),) == found.taxes
    assert (1190, 1000) == (found.total, found.net)


def test_tax_on_top_of_the_price():
    """10.00 net at 19 % would not be 11.90 to pay."""
    found = totals(basket(item(1000), prices_include_tax=False))
    assert (TaxAmount("standard", 1900, 1000, 190, 1190),) == found.taxes
    assert (1190, 1000) == (found.total, found.net)


def test_tax_is_rounded_once_per_rate():
    """Ten lines of 9 cents at 7 % would be taxed ten times a rounded cent."""
    cheap = [item(9, taxes=(REDUCED,))] * 10
    assert 6 == totals(basket(*cheap)).taxes[0].tax
    assert 6 == totals(basket(*cheap, prices_include_tax=False)).taxes[0].tax


def test_rates_come_highest_first_and_a_zero_rate_is_shown():
    """The tax table would move about, or a zero-rated sale would show no rate at all."""
    lines = [item(100, taxes=(rate,)) for rate in (ZERO, REDUCED, STANDARD)]
    names = [amount.name for amount in totals(basket(*lines)).taxes]
    assert ["standard", "reduced", "zero"] == names


def test_rates_of_one_line_stand_beside_each_other():
    """A city tax would be taxed by the state, or the parts would not add up to the price."""
    inside = totals(basket(item(1215, taxes=(STANDARD, CITY))))
    assert [(190, 1190), (25, 1025)] == [(tax.tax, tax.gross) for tax in inside.taxes]
    assert (1215, 1000) == (inside.total, inside.net)
    on_top = totals(basket(item(1000, taxes=(STANDARD, CITY)), prices_include_tax=False))
    assert (1215, 1000) == (on_top.total, on_top.net)


def test_a_line_without_tax_is_net():
    """A deposit without tax would be taxed."""
    found = totals(basket(item(500, taxes=())))
    assert (500, 500, ()) == (found.total, found.net, found.taxes)


def test_a_receipt_discount_lowers_each_rate_by_its_share():
    """The discount would be taxed at the rate that suits us."""
    sale = basket(item(3000), item(1000, taxes=(REDUCED,)))
    found = totals(discount_sale(sale, 400, "regular"))
    assert [2700, 900] == [tax.gross for tax in found.taxes]


def test_a_receipt_discount_leaves_returns_alone():
    """Goods that come back would be paid for less because others are bought."""
    sale = basket(item(1000), item(1000, -1000, reason="broken"))
    parts = spread(discount_sale(sale, 400, "regular").lines, 400)
    assert [600, -1000] == [part.amount for part in parts]


def test_a_discount_on_nothing_is_not_shared_out():
    """A basket whose goods all went would divide by zero."""
    sale = void_line(basket(item()), 1)
    assert () == spread(sale.lines, 100)


def test_tax_of_a_line_takes_the_remainder_to_the_largest():
    """A report by item would not add up to the receipt."""
    sale = basket(
        item(10, taxes=(REDUCED,)), item(11, taxes=(REDUCED,)), item(10, taxes=(REDUCED,))
    )
    assert {1: 1, 2: 0, 3: 1} == line_taxes(spread(sale.lines, 0), included=True)


@given(baskets(), baskets(lines=st.one_of(new_lines, goods_back)))
def test_the_parts_add_up_to_the_whole(sale, mixed):
    """Net and tax would not be the total, per rate or in all, with or without returns."""
    for each in (sale, mixed):
        found = totals(each)
        assert found.total == found.net + sum(tax.tax for tax in found.taxes)
        assert all(tax.gross == tax.net + tax.tax for tax in found.taxes)


@given(baskets())
def test_the_total_is_what_the_lines_and_the_discount_say(sale):
    """The customer would pay another sum than the lines of the receipt add up to."""
    lines = sum(line.extension for line in sale.lines if not line.voided)
    found = totals(sale)
    paid = found.total if sale.prices_include_tax else found.net
    assert lines - sale.discount == paid


@given(baskets())
def test_a_discount_never_turns_a_line_round(sale):
    """A line would cost less than nothing, or more than without the discount."""
    assert all(
        0 <= part.amount <= part.line.extension for part in spread(sale.lines, sale.discount)
    )


@given(baskets(lines=st.one_of(new_lines, goods_back)))
def test_the_tax_of_the_lines_is_the_tax_of_the_receipt(sale):
    """Shares by line would lose or invent a cent."""
    parts = spread(sale.lines, sale.discount)
    taxes = line_taxes(parts, included=sale.prices_include_tax)
    assert sum(tax.tax for tax in totals(sale).taxes) == sum(taxes.values())


@given(baskets())
def test_tax_is_at_most_half_a_cent_off(sale):
    """Rounding would drift with the number of lines."""
    found = totals(sale)
    if all(len(line.taxes) == 1 for line in sale.lines):
        for tax in found.taxes:
            assert abs(tax.tax * (10_000 + tax.basis_points) - tax.gross * tax.basis_points) <= (
                (10_000 + tax.basis_points) // 2 + tax.basis_points
            )
