"""The purse: what a till may spend unasked, whatever arrives twice, late, or for somebody else."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.loyalty import Draw, Lease, LeaseClosed, LoyaltyFault, ValueSpent, Worth
from agent.core.loyalty.purse import (
    Due,
    Purse,
    Spending,
    Wish,
    due,
    lease_closed,
    paid,
    recall,
    receive,
    sale_ended,
    spend,
    spendable,
    till_closed,
)
from agent.core.sale import Stamp

AT = Stamp("2026-07-28T12:03:05.123Z", 1, "boot")
MINE = "ab" * 16
LEASE = Lease("ada", "points", 100, "s1", "t1", MINE, "2026-07-28", Worth(1, 1), 2)


def leased(**changes):
    return msgspec.structs.replace(LEASE, **changes)


def purse(**leases):
    held = Purse(MINE)
    for key, lease in leases.items():
        held = receive(held, key, lease)
    return held


def wish(amount=60, *, owners=("ada",), unit="points", sale="sale-1"):
    return Wish(owners, unit, amount, "EUR", sale)


def fact(spending, sale="sale-1", tender=1, amount=60):
    return ValueSpent(
        sale, "s1", "t1", AT, spending.owner, "points", tender, amount, spending.draws
    )


def closing(key, spent=0, reason="recalled"):
    return LeaseClosed(key, "s1", "t1", AT, spent, reason)


def refusal(held, wanted, promised=None):
    with pytest.raises(LoyaltyFault) as fault:
        spend(held, wanted, promised or {})
    return fault.value.name, str(fault.value)


def test_a_lease_pays_up_to_its_cap_and_no_further():
    """The second sale of an evening without HQ would be paid with points that are gone."""
    held = purse(a=LEASE)
    spending = spend(held, wish(), {})
    assert Spending("ada", (Draw("a", 60),)) == spending
    held = paid(held, fact(spending))
    assert (40, 60) == (held.left("a"), held.taken("a"))
    name, said = refusal(held, wish(41))
    assert "more-than-leased" == name
    assert "0.41 EUR cannot be paid" in said
    assert "at most 0.40 EUR" in said


def test_nobody_elses_lease_is_spent():
    """A lease would be spent at the till it is for, and at the one beside it."""
    held = purse(a=leased(journal="cd" * 16), b=leased(owner="bob"), c=leased(unit="stamps"))
    assert {"b", "c"} == set(held.leases)
    assert "more-than-leased" == refusal(held, wish())[0]


def test_a_lease_for_another_sale_is_not_touched():
    """The customer at the next till would find that their points are gone."""
    held = purse(a=leased(sale_id="sale-2"))
    assert "more-than-leased" == refusal(held, wish())[0]
    assert (Draw("a", 60),) == spend(held, wish(sale="sale-2"), {}).draws


def test_what_other_baskets_were_promised_is_not_promised_twice():
    """Two parked baskets would be paid with the same points."""
    held = purse(a=LEASE)
    assert "more-than-leased" == refusal(held, wish(), {"a": 41})[0]
    assert (Draw("a", 59),) == spend(held, wish(59), {"a": 41}).draws
    assert "more-than-leased" == refusal(held, wish(), {"a": 141})[0]


def test_several_leases_pay_together_the_most_urgent_first():
    """A customer would be refused although all their leases are here."""
    held = purse(a=LEASE, b=leased(cap=20, sale_id="sale-1"), c=leased(cap=50, closings=1))
    assert (Draw("b", 20), Draw("c", 50), Draw("a", 30)) == spend(held, wish(100), {}).draws
    assert (Draw("b", 20), Draw("c", 50), Draw("a", 100)) == spend(held, wish(170), {}).draws
    assert "more-than-leased" == refusal(held, wish(171))[0]
    assert (170, 120) == (spendable(held, wish(), {}), spendable(held, wish(), {"a": 50}))
    assert 0 == spendable(held, wish(owners=("bob",)), {})


def test_a_lease_that_is_promised_whole_is_passed_over():
    """A draw of nothing would be sealed, and refused by HQ."""
    held = purse(a=LEASE, b=leased(cap=20, closings=1))
    assert (Draw("a", 60),) == spend(held, wish(), {"b": 20}).draws
    assert (Draw("b", 20),) == spend(held, wish(20), {}).draws


def test_a_tender_is_of_one_owner_the_one_who_stands_here_first():
    """After a merge is undone nobody could tell whose points a tender was paid with."""
    held = purse(a=LEASE, b=leased(owner="bob", cap=150))
    assert "ada" == spend(held, wish(owners=("ada", "bob")), {}).owner
    assert "bob" == spend(held, wish(owners=("bob", "ada")), {}).owner
    assert "bob" == spend(held, wish(120, owners=("ada", "bob")), {}).owner
    assert "at most 1.50 EUR" in refusal(held, wish(151, owners=("ada", "bob")))[1]


def test_leases_of_another_worth_are_not_mixed():
    """An amount would be rounded twice, or paid at two rates without anybody saying so."""
    held = purse(a=leased(worth=Worth(2, 1)), b=leased(cap=90, worth=Worth(3, 1)))
    assert (Draw("a", 100),) == spend(held, wish(50), {}).draws
    assert "at most 0.50 EUR" in refusal(held, wish(51))[1]
    held = purse(a=leased(worth=Worth(3, 2)))
    assert (Draw("a", 2),) == spend(held, wish(1), {}).draws


@pytest.mark.parametrize("amount", [0, -5])
def test_nothing_is_not_paid(amount):
    """A refund would be drawn from a lease."""
    assert "nothing-to-pay" == refusal(purse(a=LEASE), wish(amount))[0]


def test_reading_an_entry_again_changes_nothing():
    """After a restart a till would refuse what is left, or let it be spent anew."""
    held = purse(a=LEASE)
    spending = spend(held, wish(), {})
    held = paid(held, fact(spending))
    assert held == paid(receive(held, "a", LEASE), fact(spending))
    held = lease_closed(recall(held, ["a"]), closing("a", 60))
    assert held == lease_closed(held, closing("a", 60))
    assert held == paid(receive(held, "a", LEASE), fact(spending))
    assert Purse(MINE, closed=frozenset("a")) == held


def test_what_was_spent_counts_before_its_lease_is_read():
    """A journal read in another order would give a lease that is spent already."""
    held = receive(paid(Purse(MINE), fact(Spending("ada", (Draw("a", 60),)))), "a", LEASE)
    assert 40 == held.left("a")


def test_a_lease_lapses_after_closings_not_after_hours():
    """A clock that is years ahead would end every lease, one that is behind none."""
    held = till_closed(purse(a=LEASE), "z1")
    assert ((), 100) == (due(held), held.left("a"))
    held = till_closed(till_closed(held, "z1"), "z2")
    assert ((Due("a", 0, "lapsed"),), 0) == (due(held), held.left("a"))
    assert "more-than-leased" == refusal(held, wish())[0]


def test_a_lease_for_a_sale_ends_with_it():
    """What was asked for a sale that was given up would never come back."""
    held = purse(a=leased(sale_id="sale-1"), b=LEASE)
    assert () == due(sale_ended(held, "sale-9"))
    assert (Due("a", 0, "sale"),) == due(sale_ended(held, "sale-1"))


def test_hq_can_have_a_lease_back():
    """A customer who stands in another store would be told that their points are in this one."""
    held = recall(purse(a=LEASE, b=LEASE), ["a", "x"])
    assert (Due("a", 0, "recalled"),) == due(held)
    assert (0, 100, 0) == (held.left("a"), held.left("b"), held.left("x"))
    lapsed = till_closed(till_closed(held, "z1"), "z2")
    assert {"a": "recalled", "b": "lapsed"} == recall(lapsed, ["b"]).over


def test_a_lease_that_a_basket_is_paid_with_waits():
    """It would be closed while the sale that draws on it is still open, and then be overspent."""
    held = recall(purse(a=LEASE), ["a"])
    assert () == due(held, {"a"})
    held = paid(held, fact(Spending("ada", (Draw("a", 60),))))
    assert (Due("a", 60, "recalled"),) == due(held, set())


@settings(max_examples=40)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("spend"), st.integers(1, 120), st.sampled_from(["s1", "s2", "s3"])),
            st.tuples(st.just("receive"), st.sampled_from("ab"), st.just("")),
            st.tuples(st.just("recall"), st.sampled_from("ab"), st.just("")),
            st.tuples(st.just("close"), st.just(""), st.just("")),
            st.tuples(st.just("till"), st.sampled_from(["z1", "z2", "z3"]), st.just("")),
        ),
        max_size=40,
    )
)
def test_no_order_of_events_overspends_a_lease(events):
    """Some order of news, sales and closings would let one lease pay twice."""
    held, spent, closed = Purse(MINE), {"a": 0, "b": 0}, set()
    for number, (what, value, sale) in enumerate(events):
        match what:
            case "receive":
                held = receive(held, value, leased(sale_id="s2" if value == "b" else None))
            case "recall":
                held = recall(held, [value])
            case "till":
                held = till_closed(held, value)
            case "close":
                for each in due(held):
                    assert spent[each.lease_id] == each.spent
                    closed.add(each.lease_id)
                    held = lease_closed(held, closing(each.lease_id, each.spent, each.reason))
            case "spend":
                try:
                    spending = spend(held, wish(value, sale=sale), {})
                except LoyaltyFault:
                    continue
                held = paid(held, fact(spending, sale, number))
                for draw in spending.draws:
                    assert draw.lease_id not in closed
                    spent[draw.lease_id] += draw.value
        assert max(spent.values()) <= 100
