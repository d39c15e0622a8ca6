"""Goods that come back: never more than was sold, and exactly what was paid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.faults import NotFoundFault
from agent.core.sale import (
    Original,
    SaleFault,
    discount_line,
    discount_sale,
    park,
    return_line,
    returnable,
    returned_in,
    totals,
    void_line,
)
from tests.core.sale.baskets import REDUCED, basket, baskets, empty, item


def original(sale):
    return Original("sale-0", sale.lines, sale.currency, sale.prices_include_tax, sale.discount)


def refusal(*arguments, **options):
    with pytest.raises(SaleFault) as fault:
        return_line(*arguments, **options)
    assert fault.value.remedy
    return fault.value.name


SOLD = original(basket(item(1000, 3000, name="Cup"), item(299, 345, unit="kg", taxes=(REDUCED,))))


def test_a_return_gives_back_what_was_sold_at_its_price():
    """The line would not say what it gives back, or lose price, tax or unit on the way."""
    line = return_line(empty(), SOLD, 2, reason="bad", actor="ben", line_id="a").lines[0]
    assert (-345, 299, -103, "kg", (REDUCED,)) == (
        line.quantity,
        line.unit_price,
        line.extension,
        line.unit,
        line.taxes,
    )
    assert ("sale-0", 2) == (line.returns.sale_id, line.returns.line)
    assert (1, "bad", "ben", "a") == (line.line, line.reason, line.actor, line.line_id)


def test_the_sign_of_the_quantity_does_not_matter():
    """A caller who writes a return as a negative quantity would be refused, or one who does not."""
    for quantity in (1000, -1000):
        assert -1000 == return_line(empty(), SOLD, 1, quantity, actor="anna").lines[0].quantity


def test_a_known_line_id_adds_nothing():
    """A repeated request would give the money back twice."""
    sale = return_line(empty(), SOLD, 1, 1000, line_id="a")
    assert sale is return_line(sale, SOLD, 1, 1000, line_id="a")


def test_more_than_was_sold_does_not_come_back():
    """The shop would buy its goods back twice: in one go, over several sales, or in one basket."""
    assert "more-than-sold" == refusal(empty(), SOLD, 1, 4000)
    assert "more-than-sold" == refusal(empty(), SOLD, 1, 2000, returned={1: 2000})
    assert "more-than-sold" == refusal(empty(), SOLD, 1, 2000, returned={1: -2000})
    assert "more-than-sold" == refusal(empty(), SOLD, 1, returned={1: 3000})
    twice = return_line(empty(), SOLD, 1, 2000)
    assert "more-than-sold" == refusal(twice, SOLD, 1, 2000)
    with pytest.raises(SaleFault, match=r"3 sold, 2 already returned.*return at most 1"):
        return_line(twice, SOLD, 1, 2000)


def test_a_voided_return_does_not_count():
    """A slip at the till would cost the customer their right."""
    voided = void_line(return_line(empty(), SOLD, 1, 2000), 1)
    assert -3000 == return_line(voided, SOLD, 1).lines[1].quantity


def test_returns_of_other_sales_do_not_count():
    """Goods of two receipts in one basket would block each other."""
    other = Original("sale-9", SOLD.lines, "EUR", prices_include_tax=True)
    both = return_line(return_line(empty(), SOLD, 1), other, 1)
    assert {1: 3000} == returned_in(both, "sale-0") == returned_in(both, "sale-9")


def test_a_return_of_nothing_is_refused():
    """A line of nothing would stand on the receipt."""
    assert "zero-quantity" == refusal(empty(), SOLD, 1, 0)


def test_what_was_not_sold_does_not_come_back():
    """A voided line, a return or a line that never was would be paid out."""
    mixed = basket(item(), item(), item(quantity=-1000, reason="x"))
    sold = original(void_line(mixed, 1))
    for line in (1, 3, 7):
        with pytest.raises(NotFoundFault) as fault:
            return_line(empty(), sold, line)
        assert "lines that can be returned: 2" == fault.value.remedy
    with pytest.raises(NotFoundFault, match="none"):
        return_line(empty(), original(empty()), 1)


def test_what_may_still_come_back():
    """The page would offer to return what is back already."""
    assert {1: 3000, 2: 345} == returnable(SOLD.lines)
    assert {1: 1000, 2: 0} == returnable(SOLD.lines, {1: 2000, 2: -400})


def test_another_currency_or_price_rule_is_refused():
    """Ten francs would be given back as ten euros, or net as gross."""
    assert "other-currency" == refusal(empty(currency="CHF"), SOLD, 1)
    assert "other-currency" == refusal(empty(prices_include_tax=False), SOLD, 1)


def test_a_parked_sale_takes_no_return():
    """Money would be given back in a basket nobody looks at."""
    assert "sale-parked" == refusal(park(empty()), SOLD, 1)


def test_discounts_are_not_given_back():
    """The customer would be refunded more than was paid."""
    sale = discount_line(basket(item(1000, 3000), item(1000)), 1, 300, "old")
    sold = original(discount_sale(sale, 370, "regular"))
    back = return_line(empty(), sold, 1)
    assert (-2430, -570) == (back.lines[0].extension, back.lines[0].discount)


@given(baskets())
def test_a_return_of_everything_is_exactly_the_negative(sale):
    """A basket brought straight back would cost the customer or the shop a cent."""
    back = empty(prices_include_tax=sale.prices_include_tax)
    for line in returnable(sale.lines):
        back = return_line(back, original(sale), line)
    sold, returned = totals(sale), totals(back)
    assert (-sold.total, -sold.net) == (returned.total, returned.net)
    assert [-tax.tax for tax in sold.taxes] == [tax.tax for tax in returned.taxes]


@given(baskets(least=1), st.data())
def test_bit_by_bit_gives_back_the_same(sale, data):
    """Returning one piece at a time would be worth a cent more than all at once."""
    sold, fresh = original(sale), empty(prices_include_tax=sale.prices_include_tax)
    for line, quantity in returnable(sale.lines).items():
        cuts = data.draw(st.sets(st.integers(1, quantity), max_size=5)) | {quantity}
        back, before = fresh, 0
        for cut in sorted(cuts):
            back, before = return_line(back, sold, line, cut - before), cut
        whole = return_line(fresh, sold, line).lines[0]
        assert whole.extension == sum(each.extension for each in back.lines)
        assert whole.discount == sum(each.discount for each in back.lines)
        assert all(each.extension <= 0 for each in back.lines)


@given(st.integers(1, 9999), st.integers(1, 9999), st.integers(0, 500))
def test_over_several_days_gives_back_the_same(price, quantity, discount):
    """What came back yesterday would be forgotten in today's cent."""
    sale = basket(item(price, quantity, unit="kg"))
    reduced = discount_line(sale, 1, min(discount, sale.lines[0].extension), "old")
    sold, half = original(reduced), (quantity + 1) // 2
    first = return_line(empty(), sold, 1, half)
    second = return_line(empty(), sold, 1, quantity - half + 1, returned={1: half - 1})
    overlap = return_line(empty(), sold, 1, 1, returned={1: half - 1})
    both = totals(first).total + totals(second).total - totals(overlap).total
    assert -totals(reduced).total == both
