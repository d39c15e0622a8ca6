"""What completed sales move, and that every store's stock is what its movements add up to."""

from __future__ import annotations

import random

import pytest

from agent.core.sale import Line, ReturnOf
from agent.core.stock import (
    Bucket,
    Level,
    arrived,
    balances,
    broken,
    checked,
    counted,
    fresh,
    item_of,
    levels,
    of_sale,
    received,
    sent,
)


def line(number, quantity, item="tea", **fields):
    return Line(number, "Tea", quantity, 100, quantity // 10, (), item_id=item, **fields)


def test_goods_sold_leave_the_shelf_and_goods_returned_come_back():
    """A return would be counted as another sale."""
    sold = of_sale("b1", "s1", (line(1, 2000), line(2, -1000), line(3, 345, "milk")), at="t")
    assert ["sale", "return", "sale"] == [movement.type for movement in sold]
    assert [1, 2, 3] == [movement.line for movement in sold]
    assert {("s1", "milk"): Level(-345), ("s1", "tea"): Level(-1000)} == levels(sold)
    assert list(sold) == [checked(movement) for movement in sold]


def test_refund_is_not_restock():
    """A broken kettle would be sold again, because its money went back."""
    back = (line(1, -1000), line(2, -1000), line(3, -1000))
    moved = of_sale("b1", "s1", back, back={1: Bucket.DAMAGED, 2: None})
    assert {("s1", "tea"): Level(1000, 0, 1000)} == levels(moved)
    sold = of_sale("b2", "s1", (line(1, 1000),), back={1: Bucket.DAMAGED})
    assert {("s1", "tea"): Level(-1000)} == levels(sold)


def test_what_no_stock_is_kept_of_moves_nothing():
    """A deposit, an open price or a voided line would run into minus."""
    nothing = (
        line(1, 1000, "gift-card"),
        line(2, 1000, None),
        line(3, 1000, voided=True),
        line(4, 0),
    )
    assert () == of_sale("b1", "s1", nothing, uncounted=["gift-card"])


def test_an_item_is_known_by_its_key_else_by_its_gtin():
    """A till that scans and one that types would count two items."""
    assert "tea" == item_of(line(1, 1000, gtin="4006381333931"))
    assert "4006381333931" == item_of(line(1, 1000, None, gtin="4006381333931"))


@pytest.mark.parametrize("seed", range(2))
def test_two_stores_after_many_operations(seed):
    """What a person counts would not be what the movements add up to."""
    world = _World(random.Random(seed))
    for n in range(700):
        world.do(n)
    told = [*world.told, *world.told[:200]]
    world.rng.shuffle(told)
    booked = fresh({}, told)
    found = {key: level.on_hand for key, level in levels(booked).items()}
    shelves = {key: quantity for key, quantity in world.shelves.items() if quantity}
    assert shelves == {key: quantity for key, quantity in found.items() if quantity}
    assert 0 == sum(balances(booked).values())


class _World:
    """Two stores with real shelves, and what they tell of them."""

    def __init__(self, rng):
        self.rng, self.told, self.shelves, self.way = rng, [], {}, []

    def do(self, n):
        """Do one thing to a shelf and tell it."""
        act = self.rng.choice(
            [self._sell, self._bring_back, self._receive, self._send, self._count]
        )
        act(f"e{n}", self.rng.choice(["s1", "s2"]), self.rng.choice(["tea", "milk"]))

    def _put(self, where, item, quantity):
        self.shelves[where, item] = self.shelves.get((where, item), 0) + quantity

    def _sell(self, event, where, item):
        quantity = self.rng.randint(1, 5000)
        self._put(where, item, -quantity)
        self.told += of_sale(event, where, (line(1, quantity, item),))

    def _bring_back(self, event, where, item):
        bucket = self.rng.choice([Bucket.AVAILABLE, Bucket.DAMAGED, None])
        self._put(where, item, 1000 if bucket else 0)
        back = line(1, -1000, item, returns=ReturnOf("b0", 1))
        self.told += of_sale(event, where, (back,), back={1: bucket})

    def _receive(self, event, where, item):
        if self.way and self.rng.random() < 0.5:
            to, goods = self.way.pop()
            self._put(to, *goods)
            self.told += arrived(event, to, [goods])
            return
        self._put(where, item, 9000)
        self.told += received(event, where, [(item, 9000)])

    def _send(self, event, where, item):
        to = "s2" if where == "s1" else "s1"
        self._put(where, item, -700)
        self.way.append((to, (item, 700)))
        self.told += sent(event, where, to, [(item, 700)])
        self.told += broken(f"{event}b", where, [(item, 10)])

    def _count(self, event, where, item):
        there = max(0, self.shelves.get((where, item), 0) + self.rng.randint(-50, 50))
        self.told += counted(event, where, {item: there}, balances(self.told))
        self.shelves[where, item] = there
