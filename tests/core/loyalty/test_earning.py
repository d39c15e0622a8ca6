"""Earning: what a receipt gives, to the point, whatever is on it."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.loyalty import (
    Basis,
    EarnedLine,
    EarnLine,
    EarnRule,
    GoodsBack,
    basis_of,
    earn,
    goods_back,
    promised_beyond,
)
from agent.core.sale import Line, ReturnOf, TaxRate, Tender

DAY = "2026-07-28"
BASE = EarnRule("base", 1, points=1, per=100)


def line(number, amount, quantity=1000, names=(), groups=()):
    return EarnLine(number, quantity, amount, names, groups)


def basis(*lines, **fields):
    return Basis(**({"lines": lines, "business_date": DAY} | fields))


def values(rules, found):
    return {each.unit: {row.line: row.value for row in each.lines} for each in earn(rules, found)}


def points(rules, found):
    return sum(values(rules, found).get("points", {}).values())


def rule(**fields):
    return EarnRule(**({"rule_id": "r", "version": 1, "points": 1, "per": 100} | fields))


def test_full_euros_of_the_receipt_count_not_of_each_line():
    """Three times 0.99 would earn nothing, where the receipt says 2.97."""
    found = earn([BASE], basis(line(1, 99), line(2, 99), line(3, 99)))
    assert [(1, 1, 1000), (2, 1, 1000)] == [
        (row.line, row.value, row.quantity) for row in found[0].lines
    ]
    assert (2, (("base", 1),)) == (found[0].value, found[0].rules)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 10**6), max_size=20))
def test_lines_together_earn_what_the_receipt_does(amounts):
    """Returning all lines one by one would leave points, or take too many."""
    lines = [line(number, amount) for number, amount in enumerate(amounts, 1)]
    assert sum(amounts) // 100 == points([BASE], basis(*lines))
    halves = rule(rounding="half")
    assert (2 * sum(amounts) + 100) // 200 == points([halves], basis(*lines))


def test_nothing_sold_earns_nothing():
    """An empty receipt would be written into the ledger."""
    assert () == earn([BASE], basis())
    assert () == earn([BASE], basis(line(1, 99)))
    assert {"points": {1: 1}} == values([BASE], basis(line(1, 100, quantity=1)))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"first_day": DAY, "last_day": DAY}, 40),
        ({"first_day": "2026-07-29"}, 0),
        ({"last_day": "2026-07-27"}, 0),
        ({"stores": ("s1", "s2")}, 40),
        ({"stores": ("s2",)}, 0),
        ({"channels": ("web",)}, 0),
        ({"tiers": ("gold",)}, 40),
        ({"tiers": ("silver",)}, 0),
        ({"items": ("tea", "4006381333931")}, 10),
        ({"items": ("milk",)}, 0),
        ({"groups": ("hot",)}, 10),
        ({"except_items": ("tea",)}, 30),
        ({"except_groups": ("hot", "cold")}, 30),
        ({"least": 4000}, 40),
        ({"least": 4001}, 0),
        ({"most": 15}, 15),
    ],
)
def test_a_rule_holds_where_its_conditions_do(changes, expected):
    """A bonus would be given in the wrong store, on the wrong day, for the wrong goods."""
    sold = [line(1, 1000, names=("tea",), groups=("hot",)), line(2, 3000)]
    found = basis(*sold, store="s1", channel="store", tier="gold")
    assert expected == points([rule(**changes)], found)


def test_goods_can_be_counted():
    """Points for three bottles would depend on their price."""
    rule_ = rule(by="quantity", points=50, per=2000, items=("bottle",))
    sold = basis(line(1, 100, 3000, ("bottle",)), line(2, 0, 2000, ("bottle",)), line(3, 999))
    assert {"points": {1: 75, 2: 50}} == values([rule_], sold)


def test_a_visit_counts_once():
    """A long receipt would be given the points of many visits; a free one none."""
    visit = rule(by="visit", points=7, per=1)
    assert {"points": {1: 4, 2: 3}} == values([visit], basis(line(1, 500), line(2, 500)))
    assert 7 == points([visit], basis(line(1, 0)))


def test_rules_add_up_and_the_best_of_a_group_counts():
    """Double points and triple points would be given together as five times."""
    double, triple = (rule(rule_id=str(n), points=n, one_of="x") for n in (1, 2))
    assert 3 * 10 == points([BASE, double, triple], basis(line(1, 1000)))
    some = rule(rule_id="some", items=("tea",))
    sold = basis(line(1, 1000, names=("tea",)), line(2, 500))
    assert {"points": {1: 20, 2: 5}} == values([BASE, some], sold)
    twins = [rule(rule_id="b", one_of="x"), rule(rule_id="a", one_of="x")]
    found = earn(twins, basis(line(1, 1000)))
    assert (10, (("a", 1),)) == (found[0].value, found[0].rules)


@settings(max_examples=40)
@given(st.permutations([BASE, rule(rule_id="x", one_of="g"), rule(rule_id="y", one_of="g")]))
def test_the_order_of_rules_does_not_matter(rules):
    """Two tills that hold the same rules would promise different points."""
    sold = basis(line(1, 1234), line(2, 777))
    assert earn(sorted(rules, key=lambda each: each.rule_id), sold) == earn(rules, sold)


def test_each_programme_has_its_own_unit():
    """Stamps would be added to points."""
    stamps = rule(unit="stamps", by="visit", points=1, per=1)
    assert {"points": {1: 10}, "stamps": {1: 1}} == values([BASE, stamps], basis(line(1, 1000)))


def test_what_is_paid_with_points_earns_none():
    """Points would breed points."""
    sold = (line(1, 600), line(2, 400))
    assert 7 == points([BASE], basis(*sold, tenders={"points": 250, "cash": 750}))
    assert 0 == points([BASE], basis(*sold, tenders={"points": 2000}))
    assert 10 == points([BASE], basis(*sold, tenders={"points": -250}))
    assert 10 == points([rule(not_paid_by=())], basis(*sold, tenders={"points": 250}))
    assert 0 == points([BASE], basis(line(1, 0), tenders={"points": 250}))


def test_tax_on_top_is_paid_with_points_as_well():
    """Where prices are without tax, half a bill paid with points would take off more than half."""
    sold = (line(1, 1000),)
    assert 5 == points([BASE], basis(*sold, tenders={"points": 600}, total=1200))


def test_goods_without_their_receipt_take_back_what_they_would_earn():
    """Who buys, earns and returns without the receipt would keep the points."""
    assert {"points": {1: -7, 2: -3}} == values(
        [BASE], basis(line(1, -700, -1000), line(2, -399, -1))
    )
    both = basis(line(1, 1000), line(2, -300, -1000))
    assert {"points": {1: 10, 2: -3}} == values([BASE], both)
    for kind in ({"by": "visit", "per": 1}, {"least": 100}):
        assert 0 == points([rule(**kind)], basis(line(1, -700, -1000)))
    assert -5 == points([rule(by="quantity", points=5, per=1000)], basis(line(1, -700, -1000)))


def test_a_deposit_taken_back_among_what_is_sold_lowers_it():
    """Other software's line of a negative price would stop the sale from being recorded."""
    assert {"points": {1: 7}} == values([BASE], basis(line(1, 1000), line(2, -250)))
    assert () == earn([BASE], basis(line(1, 100), line(2, -250)))


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(-5000, 5000), st.integers(-3000, 3000).filter(bool)), max_size=6
    ),
    st.dictionaries(st.sampled_from(["points", "cash"]), st.integers(-9000, 9000)),
    st.sampled_from(["amount", "quantity", "visit"]),
    st.sampled_from(["down", "half"]),
    st.sampled_from([0, 3]),
)
def test_no_receipt_is_too_odd(lines, tenders, by, rounding, most):
    """A sale would be lost to the points it earns."""
    sold = [line(number, *each) for number, each in enumerate(lines, 1)]
    found = earn(
        [rule(by=by, rounding=rounding, most=most)], basis(*sold, tenders=tenders, total=77)
    )
    for earning in found:
        assert all(row.value for row in earning.lines)
        assert not most or 3 >= sum(max(0, row.value) for row in earning.lines)


TAX = (TaxRate("standard", 2000),)
sale_line = partial(Line, name="Tea", unit_price=1000, taxes=TAX)


def test_a_receipt_is_read_as_rules_see_it():
    """Voided lines and lines that give back goods would earn; a receipt's discount as well."""
    lines = (
        sale_line(line=1, quantity=1000, extension=1000, item_id="tea", gtin="4006381333931"),
        sale_line(line=2, quantity=1000, extension=1000, voided=True),
        sale_line(line=3, quantity=-1000, extension=-400, returns=ReturnOf("s0", 4)),
        sale_line(line=4, quantity=-500, extension=-200, reason="no receipt"),
        sale_line(line=5, quantity=1000, extension=3000),
        sale_line(line=6, quantity=1000, extension=1000),
    )
    read = partial(
        basis_of,
        lines,
        discount=500,
        tenders=(Tender(1, "cash", 100), Tender(2, "points", 7), Tender(3, "cash", 50)),
        business_date=DAY,
        store="s1",
        channel="store",
        tier="gold",
        groups=lambda row: ("drinks",) if row.item_id else (),
        without={5},
    )
    found = read(prices_include_tax=True)
    assert (
        EarnLine(1, 1000, 900, ("tea", "4006381333931"), ("drinks",)),
        EarnLine(4, -500, -200),
        EarnLine(6, 1000, 900),
    ) == found.lines
    assert ({"cash": 150, "points": 7}, 4500) == (found.tenders, found.total)
    assert (DAY, "s1", "store", "gold") == (
        found.business_date,
        found.store,
        found.channel,
        found.tier,
    )
    assert 5400 == read(prices_include_tax=False).total
    assert {"points": {1: 8, 4: -2, 6: 9}} == values([BASE], found)


def test_goods_that_come_back_are_named_with_their_sale():
    """Nobody would know whose points to take back."""
    lines = (
        sale_line(line=1, quantity=-1500, extension=-400, returns=ReturnOf("s0", 4)),
        sale_line(line=2, quantity=-1000, extension=-400, returns=ReturnOf("s0", 5), voided=True),
        sale_line(line=3, quantity=-1000, extension=-400, reason="no receipt"),
    )
    assert (GoodsBack(1, ReturnOf("s0", 4), 1500),) == goods_back(lines)


def test_a_promise_beyond_the_rules_is_seen():
    """A till that gives itself points would never be noticed."""
    sold = basis(line(1, 1000))
    (promised,) = earn([BASE, rule(rule_id="bonus")], sold)
    rules = [BASE, rule(rule_id="bonus"), rule(rule_id="other")]
    assert 0 == promised_beyond(promised, rules, sold) == promised_beyond(promised, rules[:2], sold)
    assert None is promised_beyond(promised, [BASE], sold)
    more = type(promised)("points", (EarnedLine(1, 99, 1000),), promised.rules)
    assert 79 == promised_beyond(more, rules, sold)
    assert 99 == promised_beyond(type(promised)("stamps", more.lines, more.rules), rules, sold)
