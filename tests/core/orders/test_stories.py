"""Whole stories over web, HQ and stores, delivered anyhow: the state at the end is one."""

from __future__ import annotations

import random

import msgspec
import pytest

from agent.core.orders import (
    CustomerOrder,
    act,
    flows,
    gathered,
    joined,
    moved,
    noted,
    of_sale,
    refund_for,
    return_line,
    view,
)
from agent.core.sale.lines import append
from agent.core.stock import Level, fresh, levels
from agent.core.stock import of_sale as sold
from tests.core.orders.told import (
    ID,
    KETTLE,
    TEA,
    anything,
    basket,
    paid,
    placed,
    refund,
    step,
)

WEB = [
    placed(KETTLE, TEA, collect_at="s1", touch_point="webshop"),
    paid(10_998, "authorized", "web/pay", touch_point="webshop"),
    paid(10_998, "settled", "web/pay", touch_point="webshop"),
]


def click_and_collect():
    """Tell a web order that s1 hands out offline, and of which s2 takes one piece back."""
    hq = gathered(ID, WEB)
    hq = noted(hq, act(hq, step("reserved", f"{ID}/reserved", location="s1")))
    s1 = hq
    for stage in ("picked", "ready", "collected"):
        s1 = noted(s1, act(s1, step(stage, f"s1/{stage}", location="s1")))
    # HQ has not heard of it, and lets the order expire; s2 sees what both know later.
    s2 = noted(s1, act(hq, step("expired", f"{ID}/expired")))
    sale = basket("s2-sale")
    sale = append(sale, return_line(s2, sale, 1, 1000, reason="too loud"))
    back = of_sale(ID, sale.sale_id, sale.lines, location="s2", kind="cash")
    # The web store is told of the refund under the counter's reference, and tells it again.
    heard = refund(4999, (1, 4999), name="s2-sale", event="web/refund-7", echo=True)
    return [*s2.told, *back, heard], sale


@pytest.mark.parametrize("seed", range(10))
def test_click_and_collect_with_a_return_elsewhere(seed):
    """An order would be collected here, expired there, and refunded twice."""
    rng = random.Random(seed)
    told, sale = click_and_collect()
    delivered = [*told, *rng.choices(told, k=5)]
    rng.shuffle(delivered)
    held, booked = CustomerOrder(ID), {}
    for n, each in enumerate(delivered):
        more = noted(held, each)
        booked |= {new.key: new for new in fresh(booked, moved(held, more, each.event, str(n)))}
        held = more
    booked |= {new.key: new for new in sold("s2-sale", "s2", sale.lines)}
    stands = view(held)
    assert ("collected", [1000, 3000]) == (
        stands.state,
        [line.returnable for line in stands.lines],
    )
    assert (4999, 0, 0) == (stands.money.refunded, stands.money.due, stands.money.owed)
    assert ["handed-over-and-ended"] == [trouble.name for trouble in stands.troubles]
    assert 333 == refund_for(held, 2, 1000)
    assert {
        ("s1", "kettle"): Level(-2000),
        ("s1", "tea"): Level(-3000),
        ("s2", "kettle"): Level(1000),
    } == levels(booked.values())


def test_a_web_order_told_by_whole_steps_and_again_by_quantity():
    """A web store that tells fulfilments and states would hand everything over twice."""
    told = [
        placed(),
        paid(10_998),
        step("shipped", "web/state-shipped"),
        step("shipped", "web/fulfilment-1", (1, 2000)),
        step("shipped", "web/fulfilment-2", (2, 3000)),
        step("delivered", "web/state-delivered"),
        step("delivered", "web/fulfilment-1/delivered", (1, 2000)),
    ]
    stands = view(gathered(ID, told))
    assert ("delivered", ()) == (stands.state, stands.troubles)
    assert [2000, 3000] == [line.handed for line in stands.lines]


@pytest.mark.long
def test_thousands_of_deliveries():
    """Some order in which things arrive would end in another state."""
    for seed in range(400):
        told, rng = anything(seed, 16), random.Random(seed)
        whole = gathered(ID, told)
        for _ in range(10):
            delivered = [*told, *rng.choices(told, k=6)]
            rng.shuffle(delivered)
            cut = rng.randrange(1, len(delivered))
            parts = gathered(ID, delivered[:cut]), gathered(ID, delivered[cut - 1 :])
            met = joined(parts[1], parts[0])
            assert (view(whole), flows(whole)) == (view(met), flows(met))


def test_an_order_says_the_same_after_a_journey_as_text():
    """What HQ reads from its database would not be what it wrote."""
    told, _ = click_and_collect()
    text = msgspec.json.encode(gathered(ID, told))
    assert view(gathered(ID, told)) == view(msgspec.json.decode(text, type=CustomerOrder))
