"""Points of an order's goods: brought to what is kept, down and up, and never past either end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.core.loyalty import HELD, Account, EarnedLine, Earning, Source, balances
from agent.core.loyalty.bookings import earned, taken_back
from agent.core.loyalty.earning import GoodsBack
from agent.core.loyalty.ordered import (
    earned_by,
    is_of,
    is_of_any,
    kept_by,
    kept_event,
    more_event,
    order_event,
    reckoned,
    sold_by,
    sold_event,
)
from agent.core.sale.model import ReturnOf

EVENT = order_event("web/W-1")
HERS, HIS = Account("ada", "points", HELD), Account("bob", "points", HELD)


def bought(value, quantity=3000):
    lines = (EarnedLine(1, value, quantity),)
    units = Earning("points", lines, ()), Earning("stars", lines, ())
    return [*earned(EVENT, units, owner="ada")]


def brought(standing, kept, number, owner="ada"):
    booked = kept_by(owner, kept, standing, event=kept_event("web/W-1", number))
    standing += booked
    assert 0 == sum(balances(standing).values())
    return booked


def test_what_an_order_earns_is_named_by_its_line():
    """A line of a sale that returns goods of the order would take its points once more."""
    assert {Source("order/web/W-1", "line-1")} == {each.source for each in bought(10)}


@given(st.integers(0, 10**6), st.lists(st.integers(0, 3000), max_size=8))
def test_what_stands_is_the_share_of_what_is_kept(value, kepts):
    """A refund that fell through, or came twice, would leave a point too many or too few."""
    standing = bought(value)
    for number, kept in enumerate(kepts):
        brought(standing, kept, number)
        assert (2 * value * kept + 3000) // 6000 == balances(standing)[HERS]
    brought(standing, 3000, "all")
    assert value == balances(standing)[HERS]
    brought(standing, 0, "none")
    assert 0 == balances(standing)[HERS] == balances(standing)[Account("ada", "stars", HELD)]


def test_as_much_as_is_kept_books_nothing():
    """Each event of the order would leave another line in the books."""
    assert () == brought(bought(10), 3000, 1)
    assert () == kept_by("ada", 3000, [], event="e")


def test_no_more_is_given_again_than_was_taken():
    """An order that grew after it was bought would earn without being reckoned."""
    standing = bought(9)
    brought(standing, 9000, 1)
    assert 9 == balances(standing)[HERS]


@given(st.lists(st.integers(0, 3000), min_size=2, max_size=5), st.integers(0, 3000))
def test_what_was_handed_over_unheard_earns_as_if_it_had_been_heard_of(parts, kept):
    """Who was handed goods that a web store took for cancelled would have no points for them."""
    standing, handed = [], 0
    for number, part in enumerate(parts):
        handed += part
        units = (
            Earning("points", (EarnedLine(1, handed // 100, handed),), ()),
            Earning("stars", (EarnedLine(2, 7, 1000),), ()),
        )
        event = more_event("web/W-1", number) if standing else EVENT
        both = {"line-1": handed, "line-2": 1000}
        standing += earned_by("ada", "web/W-1", both, units, standing, event=event)
        mine = [each for each in standing if each.source == Source(EVENT, "line-1")]
        standing += kept_by("ada", kept, mine, event=kept_event("web/W-1", number))
        assert handed == reckoned(mine)
        share = (2 * (handed // 100) * min(kept, handed) + handed) // (2 * handed) if handed else 0
        sums = balances(standing)
        assert (share, 7) == (sums.get(HERS, 0), sums[Account("ada", "stars", HELD)])
        assert 0 == sum(sums.values())
    assert () == earned_by("ada", "web/W-1", both, units, standing, event=more_event("web/W-1", 99))


def test_it_follows_whom_the_order_turned_out_to_be_of():
    """A return would be taken from who never had the points."""
    standing = bought(9)
    brought(standing, 3000, 1, "bob")
    brought(standing, 1000, 2, "bob")
    brought(standing, 2000, 3, "bob")
    sums = balances(standing)
    assert (0, 6) == (sums[HERS], sums[HIS])
    brought(standing, 3000, 4)
    sums = balances(standing)
    assert (9, 0) == (sums[HERS], sums[HIS])


def of_sale(value, quantity=3000):
    lines = (EarnedLine(1, value, quantity),)
    units = Earning("points", lines, ()), Earning("stars", lines, ())
    return [*earned("sale-1", units, owner="ada")]


def test_no_booking_of_an_order_is_named_as_another_s():
    """A shop that numbers parts of orders `W-1/1` would have its till's words set aside."""
    names = [order_event(each) for each in ("web/W-1", "web/W-1/1")]
    names += [more_event("web/W-1", n) for n in (1, 2)]
    names += [kept_event(each, n) for each in ("web/W-1", "web/W-1/1", "web/1/W-1") for n in (1, 2)]
    names += [sold_event("web/W-1", each, n) for each in ("s-1", "s-2") for n in (1, 2)]
    assert len(names) == len(set(names))
    sold = sold_event("web/W-1", "s-1", 4)
    assert is_of(sold, sold_event("web/W-1", "s-1", 7))
    assert not is_of(sold, sold_event("web/W-1", "s-2", 4))
    assert is_of_any(sold)
    assert not is_of_any(kept_event("web/W-1", 1))


@given(st.integers(0, 10**6), st.lists(st.integers(0, 3000), max_size=8))
def test_of_a_sale_s_line_goes_the_share_of_what_came_back_as_goods_of_an_order(value, backs):
    """Money that never went back would have cost the points of the goods that are kept."""
    standing = of_sale(value)
    for number, back in enumerate(backs):
        standing += sold_by(back, standing, event=sold_event("o", "sale-1", number))
        sums = balances(standing)
        assert value - (2 * value * back + 3000) // 6000 == sums[HERS]
        assert 0 == sum(sums.values())
    assert () == sold_by(backs[-1] if backs else 0, standing, event=sold_event("o", "sale-1", 99))
    standing += sold_by(0, standing, event=sold_event("o", "sale-1", "none"))
    assert value == balances(standing)[HERS] == balances(standing)[Account("ada", "stars", HELD)]


def test_what_came_back_by_the_receipt_is_taken_back_beside_it_and_never_more_than_all():
    """Goods that came back by two ways would keep their points, or take more than they earned."""
    standing = of_sale(90)
    one = GoodsBack(1, ReturnOf("sale-1", 1), 1000)
    standing += sold_by(1000, standing, event=sold_event("o", "sale-1", 1))
    standing += taken_back("sale-2", one, standing).postings
    assert 30 == balances(standing)[HERS]
    standing += sold_by(3000, standing, event=sold_event("o", "sale-1", 2))
    assert 0 == balances(standing)[HERS]
    standing += sold_by(0, standing, event=sold_event("o", "sale-1", 3))
    assert 60 == balances(standing)[HERS]


def test_nothing_goes_back_of_a_line_that_earned_nothing():
    """Goods without points would take those of others, or divide by nothing."""
    event = sold_event("o", "sale-1", 1)
    assert () == sold_by(1000, [], event=event)
    assert () == sold_by(1000, of_sale(5, 0), event=event)
