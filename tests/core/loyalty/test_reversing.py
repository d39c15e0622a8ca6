"""Reversals: the parts are the whole, in any order, and never more."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.loyalty import (
    HELD,
    ISSUED,
    REDEEMED,
    Account,
    LedgerFault,
    Posting,
    Source,
    balances,
    booking,
    move,
    reverse,
)

SOLD = Source("sale-1", "line-1")


def account(kind=HELD, owner="ada", unit="points"):
    return Account(owner, unit, kind)


def earned(value, quantity, unit="points"):
    return booking(
        Posting(account(unit=unit), "sale-1", "line-1", value, SOLD, quantity),
        Posting(account(ISSUED, unit=unit), "sale-1", "line-1", -value, SOLD),
    )


def held(postings, owner="ada", unit="points"):
    return balances(postings).get(account(HELD, owner, unit), 0)


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.lists(st.integers(1, 5000), min_size=1, max_size=12))
def test_parts_that_come_back_are_the_whole(value, parts):
    """A customer who returns piece by piece would keep a point, or lose one."""
    standing = list(earned(value, sum(parts)))
    for number, part in enumerate(parts):
        found = reverse(standing, event=f"return-{number}", line="line-1", measure=part)
        assert 0 == sum(posting.amount for posting in found.postings)
        assert 0 == found.over
        standing += found.postings
    assert 0 == held(standing)
    assert {0} == set(balances(standing).values())


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.permutations([300, 45, 1000, 7, 648]))
def test_the_order_of_returns_does_not_matter(value, parts):
    """Two stores that take goods back would leave another balance as their news comes in."""
    standing = list(earned(value, 4000))
    for part in parts:
        event = f"return-{part}"
        standing += reverse(standing, event=event, line="line-1", measure=part).postings
    assert value - (2 * value * 2000 + 4000) // 8000 == held(standing)


def test_more_than_was_sold_takes_back_no_more_than_was_earned():
    """Two tills that were both cut off would take the points of one bottle twice."""
    standing = [*earned(10, 2000)]
    first = reverse(standing, event="return-1", line="line-1", measure=1500)
    standing += first.postings
    second = reverse(standing, event="return-2", line="line-1", measure=1500)
    assert (0, 1000) == (first.over, second.over)
    assert 0 == held([*standing, *second.postings])


def test_a_return_that_is_told_again_takes_nothing():
    """Points would be deducted twice for one bottle."""
    standing = [*earned(10, 2000)]
    standing += reverse(standing, event="return-1", line="line-1", measure=1000).postings
    again = reverse(standing, event="return-1", line="line-1", measure=1000)
    assert ((), 0) == (again.postings, again.over)


def test_a_return_before_its_sale_waits():
    """Nothing would say that there is something left to be taken back."""
    found = reverse([], event="return-1", line="line-1", measure=1000)
    assert ((), 1000) == (found.postings, found.over)


def test_a_share_of_no_point_is_remembered():
    """The next return would not know that a part came back already."""
    standing = [*earned(1, 3000)]
    first = reverse(standing, event="return-1", line="line-1", measure=1000)
    assert [(0, -1000)] == [(each.amount, each.measure) for each in first.postings]
    second = reverse([*standing, *first.postings], event="return-2", line="line-1", measure=1000)
    assert 0 == held([*standing, *first.postings, *second.postings])


def test_each_unit_takes_back_its_own():
    """Who earns points and stamps on one line would keep the stamps."""
    standing = [*earned(10, 2000), *earned(2, 2000, "stamps")]
    found = reverse(standing, event="return-1", line="line-1", measure=1000)
    assert 0 == found.over
    standing += found.postings
    assert (5, 1) == (held(standing), held(standing, unit="stamps"))


def test_a_payment_that_is_given_back_is_theirs_again():
    """Points that were refunded would be gone, or be the lease's and with it some till's."""
    paid = account(REDEEMED)
    taken = Posting(paid, "sale-1", "tender-1", 300, Source("sale-1", "tender-1"), 301)
    standing = [taken]
    for event, money in (("return-1", 100), ("return-2", 201)):
        found = reverse(standing, event=event, line="tender-1", measure=money)
        standing += found.postings
    assert (300, 0) == (held(standing), balances(standing)[paid])


def test_less_than_nothing_does_not_come_back():
    """A malformed entry would earn points by returning goods."""
    with pytest.raises(LedgerFault, match="less than nothing") as fault:
        reverse(earned(10, 2000), event="return-1", line="line-1", measure=-1)
    assert "ledger-value" == fault.value.name
    assert () == reverse(earned(10, 2000), event="return-1", line="line-1", measure=0).postings


def test_a_sale_that_was_somebody_elses_moves_whole():
    """The wrong customer would keep the points, or a later return take them from them."""
    standing = [*earned(10, 3000)]
    standing += reverse(standing, event="return-1", line="line-1", measure=1000).postings
    moved = move(standing, owner="bob", event="fix-1")
    assert 0 == sum(posting.amount for posting in moved)
    standing += moved
    assert (0, 7) == (held(standing), held(standing, "bob"))
    standing += reverse(standing, event="return-2", line="line-1", measure=2000).postings
    assert (0, 0) == (held(standing), held(standing, "bob"))


def test_moving_it_twice_or_to_its_owner_moves_nothing():
    """A repeated correction would post into one account for ever."""
    standing = [*earned(10, 3000)]
    assert () == move(standing, owner="ada", event="fix-1")
    standing += move(standing, owner="bob", event="fix-1")
    assert () == move(standing, owner="ada", event="fix-1")
    payment = Posting(account(REDEEMED), "sale-1", "tender-1", 5, Source("sale-1", "tender-1"), 5)
    assert () == move([payment], owner="bob", event="fix-2")


def test_moving_back_restores_everything():
    """A correction of a correction would lose points to rounding."""
    standing = [*earned(10, 3000)]
    for number, owner in enumerate(("bob", "cyd", "ada", "bob", "ada")):
        back = reverse(standing, event=f"return-{number}", line="line-1", measure=500)
        standing += back.postings
        standing += move(standing, owner=owner, event=f"fix-{number}")
        assert {owner} == {name for name in ("ada", "bob", "cyd") if held(standing, name)}
    assert 2 == held(standing)
    standing += reverse(standing, event="return-9", line="line-1", measure=500).postings
    assert {0} == set(balances(standing).values())


def test_what_several_hold_of_one_line_moves_to_one():
    """Two corrections that crossed would leave a booking that posts one line twice."""
    his = account(owner="bob")
    extra = booking(
        Posting(his, "fix-0", "line-1", 4, SOLD, 1000),
        Posting(account(ISSUED, "bob"), "fix-0", "line-1", -4, SOLD),
    )
    moved = move([*earned(10, 3000), *extra], owner="cyd", event="fix-1")
    assert (14, 14) == (held(moved, "cyd"), -held(moved) - held(moved, "bob"))
