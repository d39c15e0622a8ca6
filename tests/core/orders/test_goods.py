"""What an order moves in stock, whichever of its steps were told, and in whatever order."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from agent.core.orders import CustomerOrder, fingerprint, flows, moved, noted
from agent.core.sale import Line
from agent.core.stock import Bucket, Level, balances, fresh, levels, of_sale
from agent.core.stock.movements import MovementType
from tests.core.orders.told import CARRIAGE, ID, KETTLE, at_store, order, placed, step

SENT = step("sent", location="dc", to="s1")
FROM_DC = step("shipped", location="dc")


def stock(held):
    """Tell the levels an order leaves, on top of nothing."""
    return levels(moved(CustomerOrder(ID), held, "all"))


def one(*told, **fields):
    """Give an order of two kettles, collected at s1."""
    return at_store(*told, lines=(KETTLE, CARRIAGE), **fields)


def here(stage, event=None, *parts, **fields):
    return step(stage, event, *parts, **{"location": "s1", **fields})


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([], {}),
        ([here("reserved")], {"s1": Level(-2000, 2000)}),
        ([here("picked")], {"s1": Level(-2000, 2000)}),
        ([here("reserved"), here("picked"), here("ready")], {"s1": Level(-2000, 2000)}),
        ([here("ready"), here("collected")], {"s1": Level(-2000)}),
        ([here("collected")], {"s1": Level(-2000)}),
        ([here("collected", "c", (1, 1000)), here("ready")], {"s1": Level(-2000, 1000)}),
        ([here("ready"), here("expired")], {}),
        ([here("ready"), here("cancelled")], {}),
        ([here("ready"), here("cancelled", "x", (1, 1000))], {"s1": Level(-1000, 1000)}),
        ([here("ready"), here("expired"), here("collected")], {"s1": Level(-2000)}),
        ([here("reserved"), here("released", "x", (1, 2000))], {}),
        ([here("reserved"), here("released", "x", (1, 500))], {"s1": Level(-1500, 1500)}),
        ([here("released", "x", (1, 500))], {}),
        ([here("collected", sale_id="b1")], {}),
        ([here("ready"), here("collected", sale_id="b1")], {}),
        (
            [here("collected"), here("returned", location="s2")],
            {"s1": Level(-2000), "s2": Level(2000)},
        ),
        (
            [here("collected"), here("returned", "r", (1, 1000), bucket=Bucket.DAMAGED)],
            {"s1": Level(-2000, 0, 1000)},
        ),
        ([here("collected"), here("returned", sale_id="b1")], {"s1": Level(-2000)}),
        (
            [here("collected"), here("returned", sale_id="b1", bucket=Bucket.DAMAGED)],
            {"s1": Level(-4000, 0, 2000)},
        ),
        ([here("reserved", location="dc")], {"dc": Level(-2000, 2000)}),
        (
            [here("reserved", location="dc"), step("sent", location="dc", to="s1")],
            {"dc": Level(-2000), "s1": Level(transit=2000)},
        ),
        ([SENT, here("arrived")], {"dc": Level(-2000), "s1": Level(0, 2000)}),
        ([SENT, here("ready")], {"dc": Level(-2000), "s1": Level(0, 2000)}),
        ([FROM_DC, here("ready")], {"dc": Level(-2000), "s1": Level(0, 2000)}),
        ([FROM_DC, here("collected")], {"dc": Level(-2000)}),
        ([step("shipped"), here("ready"), here("collected")], {"web": Level(-2000)}),
        (
            [SENT, here("cancelled"), here("arrived")],
            {"dc": Level(-2000), "s1": Level(2000)},
        ),
        (
            [step("sent", "x", (1, 1000), location="dc", to="s1"), here("ready")],
            {"dc": Level(-1000), "s1": Level(-1000, 2000)},
        ),
        (
            [
                step("sent", "x", (1, 2000), location="dc", to="hub"),
                here("arrived", location="hub"),
                step("sent", "y", (1, 2000), location="hub", to="s1"),
            ],
            {"dc": Level(-2000), "s1": Level(transit=2000)},
        ),
        (
            [here("reserved", "a", (1, 2000)), here("ready", "b", (1, 2000), location="s2")],
            {"s2": Level(-2000, 2000)},
        ),
        (
            [here("reserved", "a", (1, 2000)), here("picked", "b", (1, 1000), location="s2")],
            {"s1": Level(-1000, 1000), "s2": Level(-1000, 1000)},
        ),
        ([here("ready", "x", (9, 1000))], {}),
    ],
)
def test_each_step_moves_what_it_says(told, expected):
    """Stock would be off by what an order has set aside, sent, or handed over."""
    for way in itertools.permutations(told):
        found = {location: level for (location, _), level in stock(one(*way)).items()}
        wanted = {place: level for place, level in expected.items() if level != Level()}
        assert wanted == found


def test_a_parcel_home_leaves_the_shelf():
    """A web store's own goods would stay in stock for ever."""
    held = order(placed(KETTLE), step("shipped", location="dc"))
    assert {("dc", "kettle"): Level(-2000)} == stock(held)
    assert {("dc", "kettle"): Level(-2000)} == stock(noted(held, step("delivered")))
    assert {("web", "kettle"): Level(-2000)} == stock(order(placed(KETTLE), step("delivered")))


def test_what_no_stock_is_kept_of_moves_nothing():
    """A repair or a book of another publisher would run into minus."""
    free = msgspec.structs.replace(KETTLE, item=None)
    assert {} == flows(order(placed(free), step("shipped")))
    assert {} == flows(order(step("shipped")))


def test_the_sale_moves_what_the_sale_moved():
    """Goods paid on collection would leave the shelf twice."""
    held = one(here("reserved"))
    collected = here("collected", sale_id="b1")
    sold = of_sale("b1", "s1", (Line(1, "Kettle", 2000, 4999, 9998, (), item_id="kettle"),))
    booked = [
        *moved(CustomerOrder(ID), held, "1"),
        *moved(held, noted(held, collected), "2"),
        *sold,
    ]
    assert {("s1", "kettle"): Level(-2000)} == levels(booked)
    assert [MovementType.RESERVATION, MovementType.RELEASE, MovementType.SALE] == [
        movement.type for movement in booked
    ]


def test_a_late_pick_up_takes_the_release_back():
    """An expiry and a pick-up that did not know of each other would move goods twice."""
    expired = one(here("ready"), here("expired"))
    after = noted(expired, here("collected"))
    pick_up = moved(expired, after, "s1/7", at="2026-11-22T12:00:00Z")
    assert [(MovementType.RELEASE, -2000), (MovementType.PICK_UP, 2000)] == [
        (movement.type, movement.quantity) for movement in pick_up
    ]
    assert {f"order/{ID}/s1/7/{fingerprint(after)}"} == {movement.event for movement in pick_up}
    assert [1, 2] == [movement.line for movement in pick_up]
    assert {"2026-11-22T12:00:00Z"} == {movement.at for movement in pick_up}
    assert () == moved(after, after, "s1/8")


def test_hearsay_put_right_is_booked_by_itself():
    """What was only heard of would take the number of what the counter tells, and stay wrong."""
    heard = one(here("ready"), here("collected", "s1/7", (1, 1000), echo=True))
    known = noted(heard, here("collected", "s1/7", (1, 2000)))
    first = moved(one(here("ready")), heard, "s1/7")
    booked = fresh({each.key: each for each in first}, moved(heard, known, "s1/7"))
    assert [(MovementType.PICK_UP, 1000)] == [(each.type, each.quantity) for each in booked]
    assert booked == moved(heard, known, "s1/7")


def test_every_item_adds_up_to_nothing_over_all_places():
    """Goods would come from nowhere."""
    held = one(here("ready"), here("collected"), here("returned", "r", (1, 1000)))
    sums = balances(moved(CustomerOrder(ID), held, "all"))
    assert 0 == sum(sums.values())
    assert sums
