"""What can be told of an order at all."""

from __future__ import annotations

import msgspec
import pytest

from agent.core.orders import OrderInput, checked
from agent.core.stock import Bucket
from tests.core.orders.told import KETTLE, anything, paid, placed, refund, step


def with_line(**fields):
    return placed(msgspec.structs.replace(KETTLE, **fields))


@pytest.mark.parametrize(
    ("told", "word"),
    [
        (placed(event=""), "event ''"),
        (placed(order_id="x" * 201), "order_id"),
        (placed(event="a\nb"), "event"),
        (step("ready", reason="x" * 1001), "reason of 1001"),
        (placed(revision=-1), "revision -1"),
        (placed(KETTLE, KETTLE), "line number"),
        (with_line(line=0), "line number"),
        (placed(*[msgspec.structs.replace(KETTLE, line=n) for n in range(1, 1002)]), "1001 lines"),
        (with_line(quantity=-1), "-0.001 of 'Kettle'"),
        (with_line(quantity=10**10), "of 'Kettle'"),
        (with_line(amount=-1), "minor units"),
        (with_line(amount=10**12), "minor units"),
        (placed(deposit=-1), "a deposit of -1"),
        (step("ready", "e", (1, 0)), "0 of line 1"),
        (step("ready", "e", (1, 10**10)), "of line 1"),
        (step("ready", "e", (1, 1000), (1, 1000)), "line number"),
        (step("released"), "release of everything"),
        (step("sent"), "sent nowhere"),
        (step("sent", location="s1", to="s1"), "sent nowhere"),
        (step("returned", bucket=Bucket.CUSTOMER), "returned to customer"),
        (paid(0), "a payment of 0"),
        (refund(-5), "a refund of -5"),
        (refund(5, (1, -1)), "takes money"),
        (refund(5, (1, 6)), "more than the whole"),
    ],
)
def test_what_cannot_be_meant_is_refused(told, word):
    """One mistake of a web shop would turn up in stock and money."""
    with pytest.raises(OrderInput, match=word) as caught:
        checked(told)
    assert caught.value.remedy


@pytest.mark.parametrize("seed", range(20))
def test_what_can_be_meant_passes(seed):
    """A fact would be refused although nothing is wrong with it."""
    for told in anything(seed):
        assert told == checked(told)


def test_a_voucher_may_take_off():
    """A discount line would make the whole order unusable."""
    assert checked(with_line(goods=False, amount=-500))
