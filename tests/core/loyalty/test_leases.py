"""Leases: never more than there is, never more a day than the cap, and never without HQ's name."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.exchange.faults import CredentialFault
from agent.core.exchange.orders import LEASE, Order, make_order, read_order
from agent.core.faults import InputFault
from agent.core.loyalty import (
    FACE_VALUE,
    GIFT_CAPS,
    POINTS_CAPS,
    Ask,
    Caps,
    Given,
    LoyaltyFault,
    Worth,
    grant,
    read_lease,
    worded,
)

ASK = Ask("ada", "points", 500, "s1", "t1", "ab" * 16, "2026-07-28")
CENT = Worth(1, 1)


def asked(**changes):
    return msgspec.structs.replace(ASK, **changes)


def refusal(ask, **options):
    with pytest.raises((LoyaltyFault, InputFault)) as fault:
        grant(ask, **({"free": 10**6, "worth": CENT, "caps": POINTS_CAPS} | options))
    assert fault.value.remedy
    return fault.value.name


def test_a_lease_says_whose_it_is_and_who_may_spend_it():
    """Another till could spend it, or this one somebody else's."""
    lease = grant(ASK, free=800, worth=CENT, caps=POINTS_CAPS)
    assert ("ada", "points", 500) == (lease.owner, lease.unit, lease.cap)
    assert ("s1", "t1", "ab" * 16, "2026-07-28") == (
        lease.store,
        lease.till,
        lease.journal,
        lease.day,
    )
    assert (CENT, 7, None) == (lease.worth, lease.closings, lease.sale_id)


def test_a_lease_in_advance_is_what_can_be_given():
    """More would be out with tills than the customer has, or than the day's cap."""
    assert 1 == grant(ASK, free=1, worth=CENT, caps=POINTS_CAPS).cap
    assert 300 == grant(ASK, free=300, worth=CENT, caps=POINTS_CAPS).cap
    assert 100 == grant(ASK, free=800, worth=CENT, caps=Caps(100)).cap
    given_ = [Given(1900, ASK.day)]
    assert 100 == grant(ASK, free=800, worth=CENT, caps=POINTS_CAPS, given=given_).cap


def test_the_cap_is_money_whatever_points_are_worth():
    """Where a point is worth ten cents, 20 EUR of points would be 200 EUR."""
    worth = Worth(1, 10)
    assert 200 == grant(asked(value=9000), free=9000, worth=worth, caps=POINTS_CAPS).cap


def test_a_lease_for_a_sale_is_for_all_of_it_or_none():
    """A customer would pay with points and still be short, after the points are gone."""
    ask = asked(sale_id="sale-1", value=5000)
    assert (5000, "sale-1") == (
        grant(ask, free=5000, worth=CENT, caps=GIFT_CAPS).cap,
        grant(ask, free=5000, worth=CENT, caps=GIFT_CAPS).sale_id,
    )
    assert "not-enough-value" == refusal(ask, free=4999)


@pytest.mark.parametrize(
    ("changes", "options", "name"),
    [
        ({}, {"free": 0}, "not-enough-value"),
        ({}, {"free": -5}, "not-enough-value"),
        ({}, {"given": [Given(2000, "2026-07-01")]}, "no-value-offline"),
        ({}, {"caps": GIFT_CAPS, "worth": FACE_VALUE}, "no-value-offline"),
        ({"value": 0}, {}, "lease-value"),
        ({"value": 10**12, "sale_id": "sale-1"}, {}, "lease-value"),
    ],
)
def test_what_cannot_be_leased_is_refused(changes, options, name):
    """A gift card would pay twice at two tills that are cut off from each other."""
    assert name == refusal(asked(**changes), **options)


days = st.integers(0, 5)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(days, days, st.integers(1, 900), st.integers(0, 900)), max_size=12),
    st.sampled_from([100, 1000]),
)
def test_no_day_sees_more_spent_than_the_cap(wanted, cap):
    """A stolen card would be emptied at twenty tills in one day."""
    leases: list[tuple[int, int, Given]] = []
    for opened, lasts, value, spent in sorted(wanted, key=lambda each: each[0]):
        now = [
            lease if until <= opened else msgspec.structs.replace(lease, closed=None)
            for _, until, lease in leases
        ]
        try:
            lease = grant(
                asked(value=value, day=str(opened)),
                free=10**6,
                worth=CENT,
                caps=Caps(cap),
                given=now,
            )
        except LoyaltyFault:
            continue
        until = opened + lasts
        closed = Given(lease.cap, str(opened), min(spent, lease.cap), str(until))
        leases.append((opened, until, closed))
    for day in range(11):
        alive = [lease.spent for opened, until, lease in leases if opened <= day <= until]
        assert cap >= sum(alive)


def sign(message):
    return hashlib.sha256(b"root" + message).digest()


def verify(signature, message):
    return signature == sign(message)


def test_a_lease_travels_as_hqs_signed_order():
    """A till could write itself a lease, or raise the cap of one."""
    lease = grant(ASK, free=800, worth=Worth(100, 100), caps=POINTS_CAPS)
    body = msgspec.Raw(msgspec.json.encode(lease))
    order = Order("lease-1", LEASE, "store:s1", "1-aa", "2026-07-28T08:00:00.000Z", body)
    signed = make_order(sign, order)
    assert lease == read_lease(read_order(signed, verify).body)
    raised = msgspec.structs.replace(signed, order=signed.order.replace("500", "999"))
    with pytest.raises(CredentialFault):
        read_order(raised, verify)


@pytest.mark.parametrize(
    "change",
    [b"", b"[]", b'{"owner":1}', b"[" * 9000, {"cap": 0}, {"cap": 10**18}, {"worth": Worth(0, 1)}],
)
def test_what_is_no_lease_is_told(change):
    """A newer HQ's lease would be spent by what an older till makes of it."""
    lease = grant(ASK, free=800, worth=CENT, caps=POINTS_CAPS)
    if isinstance(change, dict):
        change = msgspec.json.encode(msgspec.structs.replace(lease, **change))
    with pytest.raises(InputFault, match="cannot be read") as fault:
        read_lease(change)
    assert "lease-unreadable" == fault.value.name


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (5, "points", "5 points"),
        (1250, "EUR", "12.50 EUR"),
        (125, "JPY", "125 JPY"),
        (7, "abc", "7 abc"),
        (7, "AB1", "7 AB1"),
    ],
)
def test_value_is_worded_in_its_unit(value, unit, expected):
    """A gift card of 12.50 would be told as 1250."""
    assert expected == worded(value, unit)
