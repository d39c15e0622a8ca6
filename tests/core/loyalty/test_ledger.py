"""The ledger: nothing is made, nothing is posted twice, nothing is replaced."""

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
    missing,
)

HERS, HIS = Account("ada", "points", HELD), Account("bob", "points", HELD)
GIVEN = Account("ada", "points", ISSUED)


def give(event="e1", amount=7, line="line-1"):
    return booking(Posting(HERS, event, line, amount), Posting(GIVEN, event, line, -amount))


def refusal(*postings):
    with pytest.raises(LedgerFault) as fault:
        booking(*postings)
    assert fault.value.remedy
    return fault.value.name, fault.value.detail


def test_a_booking_adds_up_to_nothing():
    """Points would come from nowhere, or vanish."""
    name, detail = refusal(Posting(HERS, "e1", "a", 7), Posting(GIVEN, "e1", "a", -6))
    assert ("ledger-unbalanced", True) == (name, "{'points': 1}" in detail)


def test_units_do_not_balance_each_other():
    """Seven points would be paid for with seven cents."""
    cents = Account("ada", "EUR", ISSUED)
    assert "adds up" in refusal(Posting(HERS, "e1", "a", 7), Posting(cents, "e1", "a", -7))[1]


def test_a_booking_is_of_one_event():
    """Half of it would be missing where the other event never arrives."""
    assert (
        "several events" in refusal(Posting(HERS, "e1", "a", 7), Posting(GIVEN, "e2", "a", -7))[1]
    )


def test_a_booking_posts_a_line_to_an_account_once():
    """The second posting would be taken for a repetition of the first, and the sum be off."""
    twice = [Posting(HERS, "e1", "a", 7), Posting(HERS, "e1", "a", 7)]
    assert "twice" in refusal(*twice, Posting(GIVEN, "e1", "a", -14))[1]


def test_what_says_nothing_is_left_out():
    """The ledger would fill with rows of nothing; a row that says what came back stays."""
    said = Posting(HERS, "e1", "a", 0, Source("e0", "a"), -1000)
    assert (said,) == booking(said, Posting(GIVEN, "e1", "a", 0))
    assert () == booking()


def test_an_event_that_comes_again_posts_nothing():
    """A repeated request of sync would double the points."""
    held = {posting.key: posting for posting in give()}
    assert () == missing(held, give())
    assert give("e2") == missing(held, [*give(), *give("e2")])


def test_another_amount_under_one_key_is_a_fork():
    """A second version of an event would silently replace the first, or be lost without a word."""
    held = {posting.key: posting for posting in give()}
    with pytest.raises(LedgerFault) as fault:
        missing(held, give(amount=8))
    assert "ledger-fork" == fault.value.name
    assert "line-1" in fault.value.detail
    assert "adjustment" in fault.value.remedy


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("12")), max_size=40))
def test_any_delivery_ends_in_one_balance(deliveries):
    """A till that sends twice, or late, would leave another balance than one that does not."""
    held = {}
    for event, line in deliveries:
        for posting in missing(held, give(event, ord(event) * int(line), line)):
            held[posting.key] = posting
    expected = sum(ord(event) * int(line) for event, line in set(deliveries))
    sums = balances(held.values())
    assert (expected, -expected) == (sums.get(HERS, 0), sums.get(GIVEN, 0))


def test_balances_tell_accounts_apart():
    """What one party redeemed would be added to what another one holds."""
    redeemed = Account("bob", "points", REDEEMED)
    paid = booking(Posting(HIS, "e3", "a", -2), Posting(redeemed, "e3", "a", 2))
    assert {HERS: 7, GIVEN: -7, HIS: -2, redeemed: 2} == balances([*give(), *paid])
