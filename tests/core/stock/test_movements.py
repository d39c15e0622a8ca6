"""Movements with two ends: what can be booked, and that it is booked once."""

from __future__ import annotations

import random

import msgspec
import pytest

from agent.core.stock import (
    CUSTOMER,
    NOWHERE,
    ON_HAND,
    OUTSIDE,
    SUPPLIER,
    TYPES,
    Bucket,
    Level,
    Movement,
    MovementType,
    Place,
    StockFault,
    StockFork,
    arrived,
    available,
    balances,
    broken,
    checked,
    counted,
    damaged,
    fresh,
    level_of,
    levels,
    mended,
    received,
    reserved,
    sent,
    sent_back,
    transit,
    written_off,
)

LOCATIONS = ("s1", "s2", "dc")
ITEMS = ("tea", "kettle")


def a_movement(**fields):
    values = {"event": "e1", "line": 1, "item": "tea", "quantity": 1000}
    ends = {"source": available("s1"), "target": CUSTOMER}
    return Movement(**{**values, **ends, **fields})


def test_every_way_of_the_table_can_be_booked():
    """A way the table names would be refused, or be called by another name."""
    for (source, target), kind in TYPES.items():
        ends = {"source": place(source), "target": place(target)}
        movement = checked(a_movement(**ends))
        assert kind == movement.type
    assert set(MovementType) == set(TYPES.values())
    assert set(Bucket) == {bucket for ways in TYPES for bucket in ways}
    assert set(Bucket) - OUTSIDE - ON_HAND == {Bucket.TRANSIT}


def place(bucket):
    return Place(bucket) if bucket in OUTSIDE else Place(bucket, "s1")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"quantity": 0}, "zero-quantity"),
        ({"quantity": 10**10}, "quantity-too-large"),
        ({"quantity": -(10**10)}, "quantity-too-large"),
        ({"item": ""}, "item-missing"),
        ({"source": CUSTOMER, "target": SUPPLIER}, "no-such-movement"),
        ({"source": available("s1"), "target": available("s2")}, "no-such-movement"),
        ({"source": available("")}, "location-missing"),
        ({"target": Place(Bucket.CUSTOMER, "s1")}, "location-missing"),
    ],
)
def test_what_cannot_be_moved_is_refused(fields, name):
    """A bar code in the quantity field would empty a store."""
    with pytest.raises(StockFault) as caught:
        checked(a_movement(**fields))
    assert name == caught.value.name
    assert caught.value.remedy


def test_a_movement_is_booked_once():
    """A message that comes twice would sell twice."""
    one, two = a_movement(), a_movement(line=2)
    assert (one, two) == fresh({}, [one, two, one])
    assert (two,) == fresh({one.key: one}, [one, two])


def test_two_movements_under_one_number_are_an_alarm():
    """The later one would overwrite the earlier, or vanish."""
    other = a_movement(quantity=2000)
    for held, told in (({other.key: other}, [a_movement()]), ({}, [other, a_movement()])):
        with pytest.raises(StockFork, match="kept as 2 of tea from available at s1 to customer"):
            fresh(held, told)


def test_a_movement_travels_as_it_is():
    """HQ and till would not hold the same movement."""
    encoded = msgspec.json.encode(a_movement(), order="deterministic")
    assert a_movement() == msgspec.json.decode(encoded, type=Movement)
    assert b'"at"' not in encoded


GOODS = (("tea", 3000), ("kettle", 1000))


@pytest.mark.parametrize(
    ("book", "where", "kind", "expected"),
    [
        (received, ["s1"], "receipt", {"s1": Level(3000)}),
        (sent_back, ["s1"], "supplier-return", {"s1": Level(-3000)}),
        (
            sent,
            ["s1", "s2"],
            "transfer-out",
            {"s1": Level(-3000), "s2": Level(transit=3000)},
        ),
        (arrived, ["s2"], "transfer-in", {"s2": Level(3000, transit=-3000)}),
        (broken, ["s1"], "damage", {"s1": Level(-3000, damaged=3000)}),
        (mended, ["s1"], "repair", {"s1": Level(3000, damaged=-3000)}),
        (written_off, [damaged("s1")], "write-off", {"s1": Level(damaged=-3000)}),
    ],
)
def test_each_booking_moves_what_it_says(book, where, kind, expected):
    """Goods sent to another store would be sold in both, or in none."""
    booked = book("e", *where, GOODS)
    assert [1, 2] == [movement.line for movement in booked]
    assert {kind} == {movement.type for movement in booked}
    found = {where: level for (where, item), level in levels(booked).items() if item == "tea"}
    assert expected == found


def test_bookings_that_cannot_be_meant():
    """A mistyped booking would be a theft nobody sees."""
    with pytest.raises(StockFault, match="to itself"):
        sent("e", "s1", "s1", GOODS)
    with pytest.raises(StockFault, match="less than nothing"):
        received("e", "s1", [("tea", -1000)])
    with pytest.raises(StockFault, match="do not go"):
        written_off("e", CUSTOMER, GOODS)


def test_a_count_books_the_difference():
    """After a count, stock would not be what was counted."""
    known = balances(received("r", "s1", GOODS))
    booked = counted("c", "s1", {"tea": 2500, "kettle": 1000, "milk": 700}, known, at="t")
    assert [("milk", "found", 700), ("tea", "write-off", 500)] == [
        (movement.item, movement.type, movement.quantity) for movement in booked
    ]
    after = balances(booked, known)
    for item, quantity in (("tea", 2500), ("kettle", 1000), ("milk", 700)):
        assert quantity == level_of(after, "s1", item).on_hand
    assert () == counted("d", "s1", {"tea": 2500}, after)
    with pytest.raises(StockFault, match="nobody can count"):
        counted("c", "s1", {"tea": -1}, known)


def test_a_count_finds_what_is_set_aside_too():
    """Goods set aside for orders would be booked as found again."""
    moves = [
        *received("r", "s1", [("tea", 5000)]),
        a_movement(source=available("s1"), target=reserved("s1"), quantity=2000),
        *broken("b", "s1", [("tea", 1000)]),
        a_movement(event="e2", source=available("dc"), target=transit("s1"), quantity=9000),
    ]
    level = level_of(balances(moves), "s1", "tea")
    assert (Level(2000, 2000, 1000, 9000), 5000) == (level, level.on_hand)
    assert () == counted("c", "s1", {"tea": 5000}, balances(moves))


@pytest.mark.parametrize("seed", range(20))
def test_movements_are_the_stock_in_any_order(seed):
    """Stock would depend on which message came first, or on what was told twice."""
    rng = random.Random(seed)
    moves = [_any(rng, n) for n in range(300)]
    told = [*moves, *rng.choices(moves, k=100)]
    rng.shuffle(told)
    held = {}
    for at in range(0, len(told), 7):
        held |= {movement.key: movement for movement in fresh(held, told[at : at + 7])}
    assert levels(moves) == levels(held.values())
    for item in ITEMS:
        sums = [each for (_, which), each in balances(held.values()).items() if which == item]
        assert 0 == sum(sums)


def _any(rng, n):
    """Make some movement; each end of it at a location of its own."""
    source, target = rng.choice(list(TYPES))
    ends = [Place(one, "" if one in OUTSIDE else rng.choice(LOCATIONS)) for one in (source, target)]
    return Movement(f"e{n}", 1, rng.choice(ITEMS), rng.randint(1, 9000), *ends)


def test_nothing_moved_is_no_stock():
    """An item that came to nothing would be listed for ever."""
    moves = [*received("r", "s1", [("tea", 5)]), *sent_back("x", "s1", [("tea", 5)])]
    assert ({}, {}) == (balances(moves), levels(moves))
    assert (0, 0, 0, 0, 0) == (*msgspec.structs.astuple(Level()), Level().on_hand)
    assert NOWHERE == Place(Bucket.NOWHERE)
