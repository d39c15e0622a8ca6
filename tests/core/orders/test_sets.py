"""Any order, any repetition, any way round: what was told is one set, and gives one state."""

from __future__ import annotations

import itertools
import random

import msgspec
import pytest

from agent.core.faults import InputFault
from agent.core.orders import (
    CustomerOrder,
    by_order,
    contradictions,
    flows,
    gathered,
    joined,
    moved,
    noted,
    view,
)
from agent.core.stock import balances, checked
from tests.core.orders.told import anything, at_store, order, paid, placed, step

SEEDS = 30


@pytest.mark.parametrize("seed", range(SEEDS))
def test_any_delivery_gives_one_state(seed):
    """A till and HQ would show different orders, depending on which message came first."""
    told, rng = anything(seed), random.Random(seed)
    expected = view(gathered(told[0].order_id, told))
    for _ in range(5):
        delivered = [*told, *rng.choices(told, k=5)]
        rng.shuffle(delivered)
        held = CustomerOrder(told[0].order_id)
        for each in delivered:
            held = noted(held, each)
        assert expected == view(held)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_replicas_that_meet_agree(seed):
    """Two that know different halves would never come to one order."""
    told, rng = anything(seed), random.Random(seed)
    a, b, c = (gathered(told[0].order_id, rng.sample(told, len(told) // 2)) for _ in "abc")
    assert joined(joined(a, b), c) == joined(a, joined(c, b))
    assert joined(a, b) == joined(b, a) == joined(joined(a, b), a)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_movements_add_up_whatever_came_first(seed):
    """Stock would depend on the way messages took."""
    told, rng = anything(seed), random.Random(seed)
    whole = flows(gathered(told[0].order_id, told))
    rng.shuffle(told)
    held, booked = CustomerOrder(told[0].order_id), []
    for n, each in enumerate(told):
        more = noted(held, each)
        booked += moved(held, more, f"{n}")
        held = more
    sums = {}
    for movement in booked:
        flow = (movement.item, movement.source, movement.target)
        sums[flow] = sums.get(flow, 0) + movement.quantity
    assert whole == {flow: sums[flow] for flow in sorted(sums) if sums[flow]}
    per_item = {}
    for (_, item), quantity in balances(booked).items():
        per_item[item] = per_item.get(item, 0) + quantity
    assert set() == {item for item, quantity in per_item.items() if quantity}
    assert len(booked) == len({movement.key for movement in booked})
    assert booked == [checked(movement) for movement in booked]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_numbers_stay_in_bounds(seed):
    """A line would show more left than ordered, or money from nowhere."""
    stands = view(gathered("web/W1001", anything(seed)))
    for line in stands.lines:
        assert 0 <= line.ready <= line.open <= line.line.quantity
        assert 0 <= line.cancelled <= line.line.quantity
        assert 0 <= line.returnable <= min(line.handed, line.line.quantity)
        assert line.open + line.cancelled + min(line.handed, line.line.quantity) == (
            line.line.quantity
        )
    money = stands.money
    assert money.settled - money.refunded == money.payable - money.due + money.owed
    assert 0 in (money.due, money.owed)


def test_two_orders_are_not_joined():
    """What was told of one order would end up in another."""
    with pytest.raises(InputFault, match="does not belong") as caught:
        joined(order(placed()), CustomerOrder("web/W2"))
    assert "another-order" == caught.value.name
    with pytest.raises(InputFault, match="web/W2"):
        noted(order(placed()), step("ready", order_id="web/W2"))


def test_a_pile_of_messages_is_sorted_by_order():
    """A batch that tells of several orders would be refused."""
    other = step("ready", order_id="web/W2")
    assert {"web/W1001": order(placed()), "web/W2": gathered("web/W2", [other])} == by_order(
        [other, placed(), other]
    )


def test_the_order_travels_as_it_is():
    """HQ and till would not hold the same bytes."""
    held = gathered("web/W1001", anything(7))
    encoded = msgspec.json.encode(held, order="deterministic")
    assert held == msgspec.json.decode(encoded, type=CustomerOrder)


def test_a_change_replaces_what_was_ordered():
    """An order that was changed in the web store would be picked as it was first."""
    told = [placed(revision=1, number="new"), placed(revision=0, number="old")]
    for way in itertools.permutations(told):
        assert "new" == view(order(*way)).placed.number


def test_who_knows_only_the_number_empties_nothing():
    """A short message would wipe the lines out."""
    short = msgspec.structs.replace(placed(), event="web/e2", lines=(), number="~")
    assert 2 == len(view(order(short, placed())).lines)


def test_first_hand_counts_before_hearsay():
    """A web store that heard of a pick-up would say how many the counter handed out."""
    counter = step("collected", "s1/1", (1, 1000), location="s1")
    heard = step("collected", "s1/1", (1, 2000), echo=True)
    for way in itertools.permutations([counter, heard]):
        held = at_store(*way)
        assert 1000 == view(held).lines[0].handed
        assert () == contradictions(held)


def test_two_different_first_hand_tellings_are_named():
    """A number given twice would hide one of two facts."""
    held = at_store(step("ready", "s1/1", (1, 1000)), step("ready", "s1/1", (1, 2000)))
    assert (("step", "s1/1"),) == contradictions(held)
    assert "told-twice" == view(held).troubles[0].name


def test_saying_the_same_at_another_time_is_no_contradiction():
    """Every repeated message with a new time stamp would need a person to look at it."""
    held = at_store(step("ready", "s1/1", at="1"), step("ready", "s1/1", at="2", actor="bo"))
    assert () == contradictions(held)


def test_a_payment_that_moves_on_contradicts_nothing():
    """An authorization that is settled would look like two payments."""
    held = order(placed(), paid(100, "authorized"), paid(90, "settled"))
    assert () == contradictions(held)
    assert 90 == view(held).money.settled
