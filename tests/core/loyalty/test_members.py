"""Merged customers: one balance, no posting, and nothing left behind when it is undone."""

from __future__ import annotations

import msgspec

from agent.core.loyalty import (
    HELD,
    LEASED,
    REDEEMED,
    Account,
    Draw,
    Lease,
    Overspent,
    Standing,
    ValueSpent,
    Worth,
    balances,
    overspent,
    owned,
    shortfalls,
    standing,
    uncovered,
)
from agent.core.loyalty.bookings import adjusted, granted, released, spent
from agent.core.sale import Stamp

AT = Stamp("2026-07-28T12:03:05.123Z", 1, "boot")
LEASE = Lease("ada", "points", 130, "s1", "t1", "ab" * 16, "2026-07-28", Worth(1, 1))
BOTH = frozenset({"ada", "bob"})
APART = ({"ada"}, {"bob"})
OPENING = [
    *adjusted("ada", "points", 100, event="e1"),
    *adjusted("bob", "points", 50, event="e2"),
    *adjusted("bob", "EUR", 999, event="e3"),
    *adjusted("cyd", "points", 7, event="e4"),
]
PAID = ValueSpent("sale-1", "s1", "t1", AT, "ada", "points", 1, 120, (Draw("lease-1", 120),))


def merged_and_spent():
    """Spend more than is Ada's, while she is one with Bob."""
    return [*OPENING, *granted("lease-1", LEASE), *spent(PAID, {"lease-1": LEASE})]


def test_merged_customers_have_the_sum():
    """Points would be lost, doubled or split by a merge."""
    sums = balances(OPENING)
    assert Standing(150, 150) == standing(sums, BOTH, "points")
    assert Standing(100, 100) == standing(sums, {"ada"}, "points")
    assert Standing(0, 0) == standing(sums, {"dan"}, "points")


def test_what_is_leased_is_theirs_but_not_to_lease_again():
    """A customer would see points vanish whenever a till was given a lease."""
    sums = balances([*OPENING, *granted("lease-1", LEASE)])
    assert Standing(150, 20) == standing(sums, BOTH, "points")


def test_only_what_changes_hands_is_told():
    """A history would show points coming and going whenever a till is given a lease."""
    assert {} == owned(granted("lease-1", LEASE))
    assert {("ada", "points"): -120} == owned(spent(PAID, {"lease-1": LEASE}))
    assert {("bob", "EUR"): 999, ("bob", "points"): 50} == owned(
        row for row in OPENING if row.account.owner == "bob"
    )


def test_an_undone_merge_leaves_what_was_spent_for_a_person():
    """Bob would have paid for what Ada bought, without anybody knowing."""
    postings = merged_and_spent()
    assert () == shortfalls(postings, [BOTH], "points", since={"sale-1"})
    (found,) = shortfalls(postings, APART, "points", since={"lease-1", "sale-1"})
    assert (("ada",), 20) == (found.owners, found.by)
    assert [("sale-1", 120, REDEEMED)] == [
        (each.event, each.amount, each.account.kind) for each in found.spent
    ]
    assert 50 == standing(balances(postings), {"bob"}, "points").value


def test_only_what_was_spent_in_between_is_to_be_settled():
    """A person would be shown years of purchases to find the one that matters."""
    (found,) = shortfalls(merged_and_spent(), APART, "points", since=set())
    assert (20, ()) == (found.by, found.spent)
    enough = [*merged_and_spent(), *adjusted("ada", "points", 20, event="e9")]
    assert () == shortfalls(enough, APART, "points", since=set())


def test_leases_on_what_others_have_are_recalled():
    """After a merge is undone, a till could go on spending Bob's points for Ada."""
    sums = balances(merged_and_spent())
    out = Account("ada", "points", LEASED, "lease-1")
    assert (out,) == uncovered(sums, APART)
    assert () == uncovered(sums, [BOTH])
    just = [*OPENING, *granted("lease-1", msgspec.structs.replace(LEASE, cap=100))]
    assert () == uncovered(balances(just), APART)
    rest = released("lease-1", LEASE, spent=120, event="c1", standing=merged_and_spent())
    assert () == uncovered(balances([*merged_and_spent(), *rest]), APART)


def test_a_lease_that_paid_too_much_is_seen():
    """A disk that was copied would spend a lease twice, and every figure still look right."""
    postings = merged_and_spent()
    assert () == overspent(balances(postings))
    rest = released("lease-1", LEASE, spent=0, event="c1", standing=postings)
    out = Account("ada", "points", LEASED, "lease-1")
    assert (Overspent(out, 120),) == overspent(balances([*postings, *rest]))
    assert -20 == standing(balances([*postings, *rest]), {"ada"}, "points").value
    assert {HELD: 100, LEASED: -120} == {
        account.kind: amount
        for account, amount in balances([*postings, *rest]).items()
        if account.owner == "ada" and account.kind in {HELD, LEASED}
    }
