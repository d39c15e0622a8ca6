"""What was bought: goods in hand, without what came back, what was paid back, or both."""

from __future__ import annotations

import random

import pytest

from agent.core.orders import OrderLine, purchase
from tests.core.orders.told import (
    CARRIAGE,
    KETTLE,
    TEA,
    anything,
    order,
    paid,
    placed,
    refund,
    step,
)

HANDED = step("delivered")
PAID = paid(10_998, kind="card")


def kept(*told, lines=(KETTLE, TEA)):
    return [each.kept for each in purchase(order(placed(*lines), HANDED, PAID, *told)).lines]


def test_nothing_is_bought_of_an_order_nobody_told():
    """HQ would book points for an order of which it knows a payment alone."""
    assert purchase(order(PAID)) is None


@pytest.mark.parametrize(
    ("told", "is_done"),
    [
        ((), False),
        ((HANDED,), False),
        ((PAID,), False),
        ((HANDED, PAID), True),
        ((step("collected", "c", (1, 2000)), PAID), False),
        ((step("cancelled", "x", (2, 3000)), step("delivered", "c", (1, 2000)), PAID), True),
        ((step("cancelled"), PAID), False),
    ],
)
def test_an_order_is_bought_once_all_of_it_is_in_hand_and_paid(told, is_done):
    """Points would be given for goods that are cancelled tomorrow, or never paid."""
    assert is_done is purchase(order(placed(), *told)).is_done


def test_what_was_handed_over_is_told_with_its_price_and_how_it_was_paid():
    """Points would be counted on what was ordered, or on what a voucher had paid."""
    told = step("delivered", "c", (1, 1000)), paid(3000, payment="v", kind="voucher"), PAID
    found = purchase(order(placed(KETTLE, TEA, CARRIAGE), *told))
    [line] = found.lines
    assert (1, 1000, 1000, 4999, ()) == (
        line.line.line,
        line.handed,
        line.kept,
        line.amount,
        line.in_sales,
    )
    assert {"voucher": 3000, "card": 10_998} == found.tenders


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ((), [2000, 3000]),
        ((step("returned", "r", (1, 1000)),), [1000, 3000]),
        ((refund(4999, (1, 4999)),), [1000, 3000]),
        ((step("returned", "r", (1, 1000)), refund(4999, (1, 4999))), [1000, 3000]),
        ((step("returned", "r", (1, 1000)), refund(9998, (1, 9998))), [0, 3000]),
        ((step("returned", "r", (1, 1000)), refund(100, (1, 100))), [1000, 3000]),
        ((refund(500, (1, 500), cause="goodwill"),), [1900, 3000]),
        ((refund(4999, (1, 4999), state="declined"),), [2000, 3000]),
        ((refund(10_998),), [0, 0]),
        ((refund(5499),), [1000, 1500]),
        ((refund(99_999),), [0, 0]),
    ],
)
def test_goods_and_money_that_came_back_count_once(told, left):
    """Points would stay with a refund, or go twice with goods and their money."""
    assert left == kept(*told)


def test_money_back_without_a_line_is_first_that_of_the_carriage():
    """A parcel that came late would cost the customer points for goods they keep."""
    lines = (KETTLE, TEA, CARRIAGE)
    told = placed(*lines), HANDED, paid(11_488), refund(490, cause="goodwill")
    assert [2000, 3000] == [each.kept for each in purchase(order(*told)).lines]


def test_what_a_voucher_takes_off_is_no_money_that_went_back():
    """Who redeems a voucher would lose points of goods they keep, or keep those of money back."""
    voucher = OrderLine(3, "Voucher", 1000, -5499, goods=False)
    told = [placed(KETTLE, TEA, voucher), HANDED, paid(5499)]
    found = purchase(order(*told))
    assert found.is_done
    assert [(2000, 4999), (3000, 500)] == [(each.kept, each.amount) for each in found.lines]
    back = [told, [*told, step("returned", "r", (1, 1000))], [*told, refund(2500, (1, 2500))]]
    assert [2000, 1000, 1000] == [purchase(order(*each)).lines[0].kept for each in back]
    assert [0, 0] == [each.kept for each in purchase(order(*told, refund(5499))).lines]


def test_goods_handed_over_that_were_taken_out_of_the_order_cost_nothing():
    """One changed order would have a till's word of it set aside, and its goods not be booked."""
    out = OrderLine(1, "Kettle", 0, 0)
    told = placed(out, TEA), step("collected", "c", (1, 1000), (2, 3000)), paid(1000)
    assert [(1000, 0), (3000, 1000)] == [
        (each.kept, each.amount) for each in purchase(order(*told)).lines
    ]


def test_goods_handed_over_in_two_parts_of_one_sale_are_named_once():
    """Each part would be taken for all that the sale sold, and the other for goods come back."""
    parts = [step("collected", each, (1, 1000), sale_id="s-1") for each in ("c1", "c2")]
    [line] = purchase(order(placed(KETTLE), *parts)).lines
    assert [("s-1", 2000, 2000)] == [tuple(each) for each in line.in_sales]


def test_goods_without_a_price_count_by_themselves():
    """A gift that came back would divide by nothing."""
    gift = OrderLine(1, "Sample", 2000, 0)
    assert [1000, 3000] == kept(step("returned", "r", (1, 1000)), lines=(gift, TEA))


def test_goods_paid_for_in_sales_are_named_by_them():
    """They have earned there: their points would come twice, or never go back."""
    out = step("collected", "c1", (1, 1000), sale_id="s-1")
    more = step("collected", "c2", (1, 1000), sale_id="s-2")
    back = step("returned", "r", (1, 1500))
    [line] = purchase(order(placed(KETTLE), out, more, back)).lines
    assert (0, 0) == (line.handed, line.kept)
    assert [("s-1", 1000, 0), ("s-2", 1000, 500)] == [tuple(each) for each in line.in_sales]


def test_what_is_kept_is_never_more_than_was_handed_over_nor_below_nothing():
    """One odd event of a web store would make points out of nothing."""
    for seed in range(300):
        told = anything(seed)
        random.Random(seed).shuffle(told)
        found = purchase(order(*told))
        assert found == purchase(order(*reversed(told)))
        for each in found.lines:
            assert 0 <= each.kept <= each.handed
            assert all(0 <= sold.kept <= sold.handed for sold in each.in_sales)
