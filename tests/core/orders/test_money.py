"""Payment apart from goods: what is due, what is owed, in a word."""

from __future__ import annotations

import pytest

from agent.core.orders import OrderLine, view
from agent.core.orders.tally import tallies
from tests.core.orders.told import (
    CARRIAGE,
    KETTLE,
    TEA,
    at_store,
    order,
    paid,
    placed,
    refund,
    step,
)


def money(*told):
    return view(order(*told)).money


@pytest.mark.parametrize(
    ("told", "word", "due", "owed"),
    [
        ([], "unpaid", 10_998, 0),
        ([paid(10_998, "promised")], "unpaid", 10_998, 0),
        ([paid(10_998, "declined")], "unpaid", 10_998, 0),
        ([paid(10_998, "authorized")], "authorized", 10_998, 0),
        ([paid(2000)], "partly paid", 8998, 0),
        ([paid(10_998)], "paid", 0, 0),
        ([paid(10_998), step("cancelled")], "owed", 0, 10_998),
        ([step("cancelled")], "nothing to pay", 0, 0),
        ([paid(10_998), step("expired"), refund(10_998, cause="cancel")], "paid", 0, 0),
        ([paid(10_998), step("expired"), refund(10_998, state="promised")], "paid", 0, 0),
        ([paid(10_998), step("expired"), refund(10_998, state="declined")], "owed", 0, 10_998),
        ([paid(10_998), refund(1000, cause="goodwill")], "paid", 0, 0),
        ([paid(10_998), refund(1000, cause="return")], "partly paid", 1000, 0),
        ([paid(5000), paid(5998, payment="p2")], "paid", 0, 0),
    ],
)
def test_money_is_told_apart_from_goods(told, word, due, owed):
    """An order to be paid in the store would count as paid, or be refunded twice."""
    stands = money(placed(), *told)
    assert (word, due, owed) == (stands.word, stands.due, stands.owed)


def test_a_payment_counts_once_through_all_its_states():
    """Authorized and settled would be two payments."""
    told = [paid(10_998, state) for state in ("settled", "authorized", "promised", "voided")]
    assert (10_998, 0) == (money(placed(), *told).settled, money(placed(), *told).authorized)


def test_carriage_is_not_kept_where_nothing_was_sent():
    """A customer would pay carriage for an order that was cancelled whole."""
    lines = (KETTLE, TEA, CARRIAGE)
    assert 11_488 == money(placed(*lines)).payable
    assert 0 == money(placed(*lines), step("cancelled")).payable
    half = [step("shipped", "s", (2, 3000)), step("cancelled")]
    assert 1490 == money(placed(*lines), *half).payable


def test_let_off_more_than_is_left_owes_no_more_than_was_paid():
    """Goodwill and a return together would pay the customer for buying."""
    told = [paid(10_998), refund(10_000, cause="goodwill"), step("shipped"), step("returned")]
    stands = money(placed(), *told)
    assert (0, 998) == (stands.payable, stands.owed)


def test_a_line_that_was_let_off_costs_less():
    """A customer who got money for a scratch would get it again on returning the kettle."""
    let_off = refund(3000, (1, 2998), cause="goodwill")
    stands = money(placed(), paid(10_998), step("shipped"), let_off)
    assert (7998, 2, 0, 0) == (stands.payable, stands.let_off, stands.due, stands.owed)
    half = money(placed(), paid(10_998), let_off, step("shipped"), step("returned", "r", (1, 1000)))
    assert 3500 == half.owed


def test_a_voucher_line_lowers_the_price():
    """A discount told as a line of its own would be ignored."""
    voucher = OrderLine(4, "Voucher", 1000, -500, goods=False)
    assert 10_498 == money(placed(KETTLE, TEA, voucher)).payable


def test_without_lines_there_is_no_price():
    """An order only heard of would be due, or divide by nothing."""
    assert 0 == money(step("ready")).payable
    assert 0 == tallies(order(placed(OrderLine(1, "none", 0, 500)))).lines[0].worth(1000)


def test_money_that_comes_first_is_not_owed():
    """A payment that overtakes its order would be paid back."""
    stands = money(paid(500))
    assert ("paid", 0, 0) == (stands.word, stands.due, stands.owed)
    assert ("nothing to pay", 0) == (money(paid(500, "authorized")).word, money().owed)


def test_shares_add_up():
    """Three thirds of 10.00 would not be 10.00."""
    tea = tallies(order(placed(TEA))).lines[0]
    assert [0, 333, 667, 1000, 1000] == [tea.worth(1000 * n) for n in range(5)]


def test_goods_collected_unpaid_stay_due():
    """A pick-up would settle the bill."""
    stands = view(at_store(step("collected", "c", (1, 2000), (2, 3000), location="s1")))
    assert ("collected", 10_998) == (stands.state, stands.money.due)
    assert ["not-paid"] == [trouble.name for trouble in stands.troubles]
