"""Goods of an order that come back over any counter, or by post: how many, and what for."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.faults import NotFoundFault
from agent.core.orders import (
    By,
    CustomerOrder,
    OrderFault,
    OrderLine,
    Part,
    Stage,
    gathered,
    noted,
    of_sale,
    refund_for,
    return_line,
    returnable,
    view,
)
from agent.core.quantities import extend
from agent.core.sale import Line, ReturnOf, totals
from agent.core.sale.lines import append
from agent.core.stock import Bucket
from tests.core.orders.told import (
    ID,
    KETTLE,
    TEA,
    at_store,
    basket,
    order,
    paid,
    placed,
    refund,
    step,
)

PAID = paid(10_998)
SHIPPED = step("shipped")


def bought(*told, lines=(KETTLE, TEA)):
    return order(placed(*lines), paid(sum(line.amount for line in lines)), SHIPPED, *told)


def back_by_post(n, line, quantity, amount, *, echo=False):
    """Tell a return and its refund as the web store does."""
    goods = step("returned", f"web/r{n}", (line, quantity), location="dc", echo=echo)
    return goods, refund(amount, (line, amount), name=f"web/r{n}", echo=echo)


def test_only_what_was_handed_over_comes_back():
    """A store would refund goods that are still on its own shelf."""
    assert {1: 0, 2: 0} == returnable(at_store(PAID, step("ready")))
    assert {1: 2000, 2: 3000} == returnable(bought())
    assert {1: 0, 2: 3000} == returnable(bought(step("returned", "r", (1, 2000))))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(0, 5000), st.randoms(use_true_random=False))
def test_store_and_web_take_back_in_any_order(pieces, amount, rng):
    """A piece would come back twice, or a cent would be lost, depending on who was first."""
    line = OrderLine(1, "Tea", pieces * 1000, amount, item="tea")
    held = bought(lines=(line,))
    sent, given_back = [*held.told], 0
    for n in range(pieces):
        assert pieces - n == returnable(held)[1] // 1000
        due = refund_for(held, 1, 1000)
        given_back += due
        told = _some_return(rng, held, n, due)
        sent += told
        held = noted(held, *told, *rng.choices(sent, k=2))
    assert amount == given_back
    rng.shuffle(sent)
    stands = view(gathered(ID, [*sent, *sent]))
    assert ("returned", ()) == (stands.state, stands.troubles)
    assert (0, 0, 0) == (stands.lines[0].returnable, stands.money.due, stands.money.owed)
    with pytest.raises(OrderFault, match="cannot come back"):
        refund_for(held, 1, 1000)


def _some_return(rng, held, n, due):
    """Take one piece back by post, or over a counter whose return the web store echoes."""
    if rng.random() < 0.5:
        goods, money = back_by_post(n, 1, 1000, due)
        return [goods, money] if due else [goods]
    sale = basket(f"sale-{n}")
    sale = append(sale, return_line(held, sale, 1, 1000))
    told = of_sale(ID, sale.sale_id, sale.lines, location="s1")
    heard = [msgspec.structs.replace(each, echo=True, touch_point="webshop") for each in told]
    return [*told, *heard]


def test_two_tills_that_did_not_know_of_each_other():
    """The last piece would make up for nothing, and three thirds give 9.99 back."""
    held = bought(lines=(TEA,))
    blind = [of_sale(ID, f"sale-{n}", (_back(held, f"sale-{n}", 1000),)) for n in (1, 2)]
    known = noted(held, *blind[0], *blind[1])
    assert [333, 333] == [told[1].amount for told in blind]
    assert 1000 == returnable(known)[2]
    assert 334 == refund_for(known, 2, 1000)


def _back(held, sale_id, quantity):
    return return_line(held, basket(sale_id), 2, quantity)


@pytest.mark.parametrize(
    ("told", "quantity", "expected"),
    [
        ((), 2000, 9998),
        ((step("cancelled", "x", (1, 1000)),), 1000, 4999),
        ((refund(4999, (1, 4999), cause="goodwill"),), 2000, 4999),
        ((refund(10_998, cause="goodwill"),), 2000, 0),
        ((refund(500, cause="goodwill"),), 2000, 9998),
        ((refund(10_500, cause="goodwill"),), 2000, 498),
        ((refund(9998, (1, 9998), state="promised"),), 2000, 0),
        ((refund(9998, (1, 9998), state="declined"),), 2000, 9998),
    ],
)
def test_what_is_given_back(told, quantity, expected):
    """Money that went back on another channel would go back once more."""
    sent = step("shipped", "s", (1, quantity), (2, 3000))
    held = order(placed(KETTLE, TEA), PAID, sent, *told)
    assert expected == refund_for(held, 1, quantity)


def test_what_is_owed_for_other_goods_is_not_given_back_for_these():
    """A return would pay out what the web store is about to refund for another line."""
    given_up = step("cancelled", "x", (2, 3000))
    sent = step("shipped", "s", (1, 2000))
    held = order(placed(KETTLE, TEA), PAID, sent, given_up, *back_by_post(1, 1, 1000, 4999))
    assert 1000 == view(held).money.owed
    assert 4999 == refund_for(held, 1, 1000)
    early = order(placed(KETTLE, TEA), PAID, sent, given_up, refund(4999, (1, 4999)))
    assert 0 == refund_for(early, 1, 1000)
    assert 4999 == refund_for(early, 1, 2000)


def test_what_was_never_paid_is_not_given_back():
    """An order collected on account would pay the customer."""
    held = order(placed(), SHIPPED)
    assert 0 == refund_for(held, 1, 2000)
    assert 4000 == refund_for(noted(held, paid(5000)), 1, 2000)


def test_a_return_in_a_sale():
    """The receipt would give back another amount, or name other tax, than was paid."""
    sale = basket()
    held = bought()
    sale = append(sale, return_line(held, sale, 1, 1000, reason="too loud", actor="bo"))
    sale = append(sale, return_line(held, sale, 2, line_id="l2"))
    first, second = sale.lines
    assert (-1000, -4999, 0) == (first.quantity, first.extension, first.discount)
    assert (ReturnOf(ID, 1), "too loud", "bo") == (first.returns, first.reason, first.actor)
    assert (-3000, -1000, "tea", None, "l2") == (
        second.quantity,
        second.extension,
        second.item_id,
        second.actor,
        second.line_id,
    )
    assert -5999 == totals(sale).total
    assert KETTLE.taxes == first.taxes


def test_a_basket_knows_what_it_gives_back_itself():
    """Two lines of one basket would give one piece back twice."""
    sale, held = basket(), bought()
    sale = append(sale, return_line(held, sale, 1, 1000))
    sale = append(sale, return_line(held, sale, 1))
    assert [-1000, -1000] == [line.quantity for line in sale.lines]
    with pytest.raises(OrderFault, match="2 handed over, 2 came back already") as caught:
        return_line(held, sale, 1)
    assert "more-than-returnable" == caught.value.name


@given(st.integers(1, 9), st.integers(0, 2000), st.integers(0, 9), st.randoms())
@settings(max_examples=40, deadline=None)
def test_a_return_line_adds_up(pieces, amount, blind, rng):
    """A receipt would print a price, a quantity and a discount that do not make its amount."""
    held = bought(lines=(OrderLine(1, "Tea", pieces * 1000, amount, unit_price=99),))
    known = held
    for n in range(min(blind, pieces - 1)):
        line = return_line(held, basket(f"b{n}"), 1, 1000)
        known = noted(known, *of_sale(ID, f"b{n}", (line,)))
    line = return_line(known, basket(), 1, rng.randint(1, 1000))
    assert line.discount <= 0 <= line.unit_price
    assert line.extension == extend(line.unit_price, line.quantity) - line.discount


def test_a_sale_tells_goods_and_money_by_themselves():
    """Damaged goods would be sold again, because their money went back."""
    sale, held = basket(), bought()
    for line, quantity in ((1, 1000), (1, 1000), (2, 1000)):
        sale = append(sale, return_line(held, sale, line, quantity))
    by = By("2026-11-22T12:00:00Z", "s1/till-1", "anna")
    told = of_sale(
        ID, sale.sale_id, sale.lines, location="s1", put={2: Bucket.DAMAGED}, kind="cash", by=by
    )
    shelf, broken, money = told
    assert (Stage.RETURNED, Bucket.AVAILABLE, (Part(1, 1000), Part(2, 1000))) == (
        shelf.stage,
        shelf.bucket,
        shelf.parts,
    )
    assert (Bucket.DAMAGED, (Part(1, 1000),)) == (broken.bucket, broken.parts)
    assert (10_331, "cash", "sale-1", "anna") == (
        money.amount,
        money.kind,
        money.refund,
        money.actor,
    )
    stands = view(noted(held, *told, *told))
    assert ([0, 2000], 0) == ([line.returnable for line in stands.lines], stands.money.owed)
    assert [9998, 333] == [line.refunded for line in stands.lines]


def test_other_lines_of_a_sale_are_passed_over():
    """Goods of another order, or sold just now, would count as returned."""
    other = Line(1, "Tea", -1000, 100, -100, (), returns=ReturnOf("web/W2", 2))
    sold = Line(2, "Tea", 1000, 100, 100, ())
    voided = Line(3, "Tea", -1000, 100, -100, (), returns=ReturnOf(ID, 2), voided=True)
    assert () == of_sale(ID, "sale-1", (other, sold, voided))


def test_goods_that_cost_nothing_come_back_without_money():
    """A free sample could not be returned, or would make a refund of 0."""
    held = bought(lines=(msgspec.structs.replace(TEA, amount=0),))
    told = of_sale(ID, "sale-1", (_back(held, "sale-1", 3000),))
    assert [Stage.RETURNED] == [each.stage for each in told]


@pytest.mark.parametrize(
    ("line", "quantity", "name"),
    [(7, 1000, "no-such-line"), (1, 3000, "more-than-returnable"), (1, 0, "zero-quantity")],
)
def test_what_cannot_come_back(line, quantity, name):
    """A cashier would be refused without a word why."""
    with pytest.raises((NotFoundFault, OrderFault)) as caught:
        refund_for(bought(), line, quantity)
    assert name == caught.value.name
    assert caught.value.remedy


def test_nothing_can_come_back_of_an_unknown_order():
    """A till that never heard of an order would refund it."""
    with pytest.raises(NotFoundFault, match="no goods in line 1") as caught:
        return_line(CustomerOrder(ID), basket(), 1)
    assert caught.value.remedy.endswith("none")


@pytest.mark.parametrize("sale", [basket(currency="CHF"), basket(included=False)])
def test_other_money_is_refused(sale):
    """Euros would be given back as francs."""
    with pytest.raises(OrderFault, match="other price rules"):
        return_line(bought(), sale, 1)


@pytest.mark.parametrize("seed", range(10))
def test_a_refund_is_never_more_than_what_was_paid(seed):
    """Told anything at all, a till would hand out money that never came in."""
    rng = random.Random(seed)
    lines = tuple(
        OrderLine(n, f"item {n}", rng.randint(1, 4) * 1000, rng.randint(0, 999)) for n in (1, 2, 3)
    )
    held = order(placed(*lines), paid(rng.randint(0, 3000)), SHIPPED)
    for n in range(12):
        left = {line: most for line, most in returnable(held).items() if most}
        if not left:
            break
        line = rng.choice(sorted(left))
        quantity = rng.randint(1, left[line])
        amount = refund_for(held, line, quantity)
        goods, money = back_by_post(n, line, quantity, amount)
        let_off = refund(rng.randint(1, 50), name=f"g{n}", cause="goodwill")
        held = noted(held, goods, *([money] if amount else []), *rng.choice([(), (let_off,)]))
        stands = view(held).money
        assert stands.refunded - stands.let_off <= stands.settled
