"""What two that were offline both did, named for somebody to look at."""

from __future__ import annotations

import itertools

import pytest

from agent.core.orders import returnable, view
from tests.core.orders.told import at_store, order, paid, placed, step

PAID = paid(10_998)
READY = step("ready", location="s1")


def took(event, *parts, **fields):
    return step("collected", event, *parts, location="s1", **fields)


def names(held):
    return [trouble.name for trouble in view(held).troubles]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([], []),
        ([took("a", (1, 2000), (2, 3000))], []),
        ([took("a", (1, 2000)), took("b", (1, 2000))], ["handed-over-twice"]),
        ([took("a", (1, 2000)), step("cancelled", "x", (1, 2000))], ["handed-over-and-cancelled"]),
        ([took("a"), step("expired")], ["handed-over-and-ended"]),
        ([took("a"), step("cancelled")], ["handed-over-and-ended"]),
        ([took("a", (1, 2000)), step("cancelled")], []),
        ([took("a", (1, 1000)), step("returned", "r", (1, 2000))], ["returned-more"]),
        ([step("reserved", "x", (1, 2000)), step("reserved", "y", (1, 2000))], ["set-aside-twice"]),
        ([step("reserved", "x", (1, 2000)), step("cancelled")], []),
        ([step("ready", "x", (8, 2000))], ["unknown-line"]),
    ],
)
def test_each_trouble_is_named_once(told, expected):
    """A mistake of two tills would stay unseen, or cry wolf."""
    for way in itertools.permutations(told):
        assert expected == names(at_store(PAID, *way))
    for trouble in view(at_store(PAID, *told)).troubles:
        assert trouble.detail
        assert trouble.remedy


def test_two_tills_hand_one_order_out():
    """What may come back would be more than was sold."""
    held = at_store(PAID, READY, took("t1/9"), took("t2/4"))
    whole = at_store(PAID, READY, took("t1/9", (1, 2000)), took("t2/4", (1, 2000)))
    assert [] == names(held)
    assert 4000 == view(whole).lines[0].handed
    assert 2000 == returnable(whole)[1]


def test_nothing_is_wrong_with_what_is_not_known():
    """Steps that overtake their order would alarm somebody."""
    assert () == view(order(step("ready", "x", (1, 2000)), took("a", (1, 1000)))).troubles


def test_an_order_of_no_goods_cannot_be_handed_over():
    """An order for a service would be called unpaid before anybody was asked."""
    assert () == view(order(placed(lines=()), step("cancelled"))).troubles
