"""Bookings: each fact goes to the accounts it belongs to, once, and adds up to nothing."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.loyalty import (
    FORFEITED,
    HELD,
    ISSUED,
    LEASED,
    REDEEMED,
    Account,
    Draw,
    EarnedLine,
    Earning,
    GoodsBack,
    Lease,
    LedgerFault,
    LoyaltyFault,
    ValueRestored,
    ValueSpent,
    Worth,
    balances,
)
from agent.core.loyalty.bookings import (
    adjusted,
    earned,
    forfeited,
    goods,
    granted,
    loaded,
    payment,
    released,
    restored,
    spent,
    taken_back,
    transferred,
)
from agent.core.sale import ReturnOf, Stamp

AT = Stamp("2026-07-28T12:03:05.123Z", 1, "boot")
LEASE = Lease("ada", "points", 100, "s1", "t1", "ab" * 16, "2026-07-28", Worth(1, 1))
HERS = Account("ada", "points", HELD)
OUT = Account("ada", "points", LEASED, "lease-1")
PAID = Account("ada", "points", REDEEMED)
SPENT = ValueSpent("sale-2", "s1", "t1", AT, "ada", "points", 1, 40, (Draw("lease-1", 40),))


def sums(*bookings):
    found = balances(posting for each in bookings for posting in each)
    assert 0 == sum(found.values())
    return {account: amount for account, amount in found.items() if amount}


def earnings(*lines):
    return [Earning("points", lines, ())]


def release(said, event, *standing):
    return released("lease-1", LEASE, spent=said, event=event, standing=[*sum(standing, ())])


def test_what_a_sale_earns_is_issued_line_by_line():
    """A line that comes back could not take its points with it."""
    booked = earned("sale-1", earnings(EarnedLine(1, 5, 2000), EarnedLine(3, 2, 1000)), owner="ada")
    assert {HERS: 7, Account("ada", "points", ISSUED): -7} == sums(booked)
    assert {"line-1", "line-3"} == {posting.line for posting in booked}
    back = GoodsBack(9, ReturnOf("sale-1", 1), 1000)
    standing = [each for each in booked if each.source == goods("sale-1", 1)]
    found = taken_back("sale-5", back, standing)
    assert 4 == sums(booked, found.postings)[HERS]
    assert {("sale-5", "line-9")} == {(each.event, each.line) for each in found.postings}


def test_goods_without_their_receipt_cannot_come_back_again():
    """Points that were taken for goods without a receipt would be given back for the same goods."""
    booked = earned("sale-1", earnings(EarnedLine(1, -5, -2000)), owner="ada")
    assert -5 == sums(booked)[HERS]
    assert 2000 == taken_back("sale-5", GoodsBack(1, ReturnOf("sale-1", 1), 2000), booked).over


def test_a_gift_card_holds_what_was_loaded():
    """A card of 50.00 would hold nothing, or be emptied by returning the line that sold it."""
    booked = loaded("sale-1", 2, 5000, owner="gift-1", unit="EUR")
    assert 5000 == sums(booked)[Account("gift-1", "EUR", HELD)]
    assert 1000 == taken_back("sale-5", GoodsBack(1, ReturnOf("sale-1", 2), 1000), booked).over
    for value in (0, -1):
        with pytest.raises(LedgerFault, match="line-2 of sale sale-1"):
            loaded("sale-1", 2, value, owner="gift-1", unit="EUR")


def test_a_lease_is_set_aside_and_spent():
    """The balance could be leased twice, or the points be on it after they paid."""
    out = granted("lease-1", LEASE)
    assert {HERS: -100, OUT: 100} == sums(out)
    booked = spent(SPENT, {"lease-1": LEASE})
    assert {HERS: -100, OUT: 60, PAID: 40} == sums(out, booked)


def test_a_tender_can_be_drawn_on_several_leases():
    """The second draw would be lost as a repetition of the first."""
    fact = msgspec.structs.replace(SPENT, draws=(Draw("lease-1", 30), Draw("lease-2", 10)))
    booked = spent(fact, {"lease-1": LEASE, "lease-2": LEASE})
    assert {OUT: -30, Account("ada", "points", LEASED, "lease-2"): -10, PAID: 40} == sums(booked)


@pytest.mark.parametrize(
    "leases",
    [
        {},
        {"lease-1": msgspec.structs.replace(LEASE, owner="bob")},
        {"lease-1": msgspec.structs.replace(LEASE, unit="stamps")},
    ],
)
def test_a_lease_that_is_not_known_is_waited_for(leases):
    """A rewound HQ would book a payment to a lease it cannot tell the owner of."""
    with pytest.raises(LoyaltyFault, match="under lease lease-1") as fault:
        spent(SPENT, leases)
    assert "unknown-lease" == fault.value.name


@pytest.mark.parametrize(
    "changes",
    [{"amount": 0}, {"draws": (Draw("lease-1", -40),)}, {"draws": (Draw("lease-1", 0),)}],
)
def test_a_payment_of_less_than_nothing_is_refused(changes):
    """A malformed entry would fill a lease instead of spending it."""
    with pytest.raises(LedgerFault) as fault:
        spent(msgspec.structs.replace(SPENT, **changes), {"lease-1": LEASE})
    assert "ledger-value" == fault.value.name


def test_a_closed_lease_gives_back_the_rest():
    """What was not spent would be lost to the customer."""
    out, booked = granted("lease-1", LEASE), spent(SPENT, {"lease-1": LEASE})
    rest = release(40, "close-1", out, booked)
    assert {HERS: -40, PAID: 40} == sums(out, booked, rest)
    assert () == release(40, "close-1", out, booked, rest)
    assert () == release(40, "close-2", out, booked, rest)
    late = release(40, "close-1")
    assert {HERS: -40, PAID: 40} == sums(out, late, booked)


def test_a_till_that_was_written_off_and_comes_back_is_heard():
    """What it spent meanwhile would be given to the customer as a present, or never be seen."""
    out, booked = granted("lease-1", LEASE), spent(SPENT, {"lease-1": LEASE})
    written_off = release(0, "lost-1", out)
    assert {} == sums(out, written_off)
    late = release(40, "close-1", out, written_off)
    assert {HERS: -40, PAID: 40} == sums(out, written_off, late, booked)


@pytest.mark.parametrize(("said", "expected"), [(-7, 100), (0, 100), (100, 0), (107, 0)])
def test_no_more_than_a_lease_is_given_back(said, expected):
    """A malformed entry would make points."""
    assert expected == sums(release(said, "close-1")).get(HERS, 0)


def test_a_refund_goes_back_to_whom_it_was_paid_by():
    """Points that paid would come back as cash, or to a lease that is closed."""
    booked = spent(SPENT, {"lease-1": LEASE})
    fact = ValueRestored("sale-7", "s2", "t9", AT, 2, "sale-2", 1, 30)
    standing = [each for each in booked if each.source == payment("sale-2", 1)]
    found = restored(fact, standing)
    assert {OUT: -40, PAID: 10, HERS: 30} == sums(booked, found.postings)
    assert {("sale-7", "tender-2")} == {(each.event, each.line) for each in found.postings}


def test_what_is_moved_by_hand_is_booked_as_well():
    """Goodwill, expiry and gifts between customers would be figures without a reason."""
    assert 50 == sums(adjusted("ada", "points", 50, event="e1"))[HERS]
    assert -50 == sums(adjusted("ada", "points", -50, event="e1"))[HERS]
    lapsed = Account("ada", "points", FORFEITED)
    assert {HERS: -20, lapsed: 20} == sums(forfeited("ada", "points", 20, event="e2"))
    moved = transferred("ada", "bob", "points", 30, event="e3")
    assert (-30, 30) == (sums(moved)[HERS], sums(moved)[Account("bob", "points", HELD)])
    for owner in ("ada", "bob"):
        assert 0 == sum(each.amount for each in moved if each.account.owner == owner)
