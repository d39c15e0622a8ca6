"""How an order's state moves, whatever order its events come in."""

from __future__ import annotations

import itertools

import pytest

from agent.core.history import (
    STATES,
    Card,
    Order,
    OrderLine,
    advance,
    rank,
    state_after,
    with_order,
)

LINES = (OrderLine("Milk", 1, 100),)


def an_order(state="placed", order_no="WEB-1", **fields):
    return Order(order_no, "web", state, fields.pop("placed_at", ""), 100, "EUR", **fields)


@pytest.mark.parametrize(
    ("event_type", "order", "state"),
    [
        ("order.placed", an_order("ready"), "placed"),
        ("order.collected", an_order(), "collected"),
        ("order.changed", an_order("shipped"), "shipped"),
        ("order.fulfilled", an_order(), "shipped"),
        ("order.fulfilled", an_order(collect_at="store-1"), "ready"),
    ],
)
def test_event_brings_its_state(event_type, order, state):
    """An order ready to be collected would still say placed."""
    assert state_after(event_type, order) == state


def test_any_arrival_order_ends_in_the_same_state():
    """A late `shipped` would take a collected order back."""
    told = [
        an_order("placed", lines=LINES),
        an_order("ready", collect_at="s"),
        an_order("collected"),
    ]
    for events in itertools.permutations(told):
        held = None
        for event in events:
            held = advance(held, event)
        assert held == an_order("collected", lines=LINES, collect_at="s")


def test_what_was_told_fills_gaps():
    """A short event would wipe out lines, party and place that were told before."""
    full = an_order("placed", lines=LINES, party_id="p", collect_at="s", placed_at="t")
    short = Order("WEB-1", "web", "ready", "", 0, "")
    assert advance(full, short) == an_order(
        "ready", lines=LINES, party_id="p", collect_at="s", placed_at="t"
    )


def test_unknown_state_never_wins():
    """A word this version does not know would undo what it does know."""
    assert rank("teleported") < rank(STATES[0])
    assert advance(an_order("shipped"), an_order("teleported")).state == "shipped"


def test_card_shows_open_orders_only():
    """The till would hand out an order that was collected already."""
    card = Card("p", "Ada", orders=(an_order(order_no="WEB-2"),))
    with_it = with_order(card, an_order("ready"))
    assert [order.order_no for order in with_it.orders] == ["WEB-1", "WEB-2"]
    assert with_order(with_it, an_order("collected")) == card
    assert with_order(with_it, an_order("shipped")).orders[0].state == "shipped"
