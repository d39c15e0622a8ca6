"""Points of an order's goods: brought to what is kept, down and up, and never past either end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.core.loyalty import HELD, Account, EarnedLine, Earning, balances
from agent.core.loyalty.bookings import earned
from agent.core.loyalty.ordered import kept_by, order_event, order_goods

EVENT = order_event("web/W-1")
HERS, HIS = Account("ada", "points", HELD), Account("bob", "points", HELD)


def bought(value, quantity=3000):
    lines = (EarnedLine(1, value, quantity),)
    units = Earning("points", lines, ()), Earning("stars", lines, ())
    return [*earned(EVENT, units, owner="ada")]


def brought(standing, kept, number, owner="ada"):
    booked = kept_by(owner, kept, standing, event=f"{EVENT}/{number}")
    standing += booked
    assert 0 == sum(balances(standing).values())
    return booked


def test_what_an_order_earns_is_named_by_its_line():
    """A line of a sale that returns goods of the order would take its points once more."""
    assert {order_goods("web/W-1", 1)} == {each.source for each in bought(10)}


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
