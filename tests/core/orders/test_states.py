"""How far an order is, told by quantities, by words, or by both."""

from __future__ import annotations

import itertools

import pytest

from agent.core.orders import OPEN, STATES, TABLE, Action, OrderFault, Stage, further, view
from agent.core.orders.states import require
from tests.core.orders.told import CARRIAGE, KETTLE, TEA, at_store, order, paid, placed, step

CLICK_AND_COLLECT = [
    ("reserved", "reserved"),
    ("picked", "picked"),
    ("ready", "ready"),
    ("collected", "collected"),
    ("returned", "returned"),
]


def test_click_and_collect_goes_its_way():
    """The till would not know whether goods wait for the customer."""
    held, states = at_store(), []
    for n, _ in enumerate(CLICK_AND_COLLECT, 1):
        told = [step(stage) for stage, _ in CLICK_AND_COLLECT[:n]]
        held = at_store(*told)
        states.append(view(held).state)
    assert [state for _, state in CLICK_AND_COLLECT] == states


@pytest.mark.parametrize(
    ("stages", "state"),
    [
        ((), "placed"),
        (("shipped",), "shipped"),
        (("shipped", "delivered"), "delivered"),
        (("delivered",), "delivered"),
        (("cancelled",), "cancelled"),
        (("expired",), "expired"),
        (("expired", "cancelled"), "cancelled"),
        (("shipped", "cancelled"), "shipped"),
        (("delivered", "expired"), "delivered"),
        (("shipped", "returned"), "returned"),
    ],
)
def test_an_order_that_is_sent_home(stages, state):
    """A parcel on its way would still be waiting in the store, or be cancelled there."""
    for way in itertools.permutations(stages):
        assert state == view(order(placed(), *map(step, way))).state


@pytest.mark.parametrize(
    ("stages", "state"),
    [
        (("shipped",), "shipped"),
        (("shipped", "ready"), "ready"),
        (("shipped", "ready", "collected"), "collected"),
        (("ready", "expired"), "expired"),
        (("expired", "collected"), "collected"),
        (("cancelled", "collected"), "collected"),
        (("shipped", "delivered"), "delivered"),
        (("arrived",), "shipped"),
        (("reserved", "arrived"), "shipped"),
    ],
)
def test_an_order_that_is_collected(stages, state):
    """A parcel to the store would count as handed over; an expiry would undo a pick-up."""
    for way in itertools.permutations(stages):
        assert state == view(at_store(*map(step, way))).state


@pytest.mark.parametrize("stage", list(Stage))
def test_words_alone_are_enough(stage):
    """A till that has heard nothing but `ready` would not say so."""
    state = view(order(step(stage))).state
    assert "placed" == state if stage in {Stage.ACCEPTED, Stage.RELEASED} else "placed" != state
    assert state in STATES


def test_without_lines_the_words_count():
    """An order whose lines nobody told would stay `placed` for ever."""
    assert "ready" == view(order(placed(lines=()), step("ready"), step("picked"))).state
    assert "placed" == view(order(placed(CARRIAGE))).state
    assert "draft" == view(order(placed(CARRIAGE, draft=True))).state


def test_an_order_of_which_nothing_was_told_is_a_draft():
    """An id without facts would show some state that nobody told."""
    stands = view(order())
    assert ("draft", None, None) == (stands.state, stands.placed, stands.customer_ref)
    assert "draft" == further(())


def test_a_draft_waits_until_it_is_accepted():
    """A store would wait for goods that nobody has ordered."""
    assert "draft" == view(order(placed(draft=True))).state
    assert "placed" == view(order(placed(draft=True), step("accepted"))).state
    assert "reserved" == view(order(placed(draft=True), step("reserved"))).state


def test_the_least_line_says_the_state():
    """A customer would be called to the store for half an order."""
    held = at_store(step("ready", "a", (1, 2000)), step("reserved", "b", (2, 3000)))
    assert ("reserved", True) == (view(held).state, view(held).partial)
    whole = at_store(step("ready", "a", (1, 2000)), step("ready", "b", (2, 3000)))
    assert ("ready", False) == (view(whole).state, view(whole).partial)


def test_part_of_an_order_was_collected():
    """Handing out one piece would close the order, or start it anew."""
    held = at_store(step("ready"), step("collected", "c", (1, 1000), location="s1"))
    stands = view(held)
    assert ("ready", True) == (stands.state, stands.partial)
    assert [1000, 3000] == [line.open for line in stands.lines]
    assert [1000, 3000] == [line.ready for line in stands.lines]


def test_the_rest_of_a_partly_collected_order_expires():
    """What the customer took would count as expired, or the order stay open for ever."""
    took = step("collected", "c", (1, 1000), location="s1")
    held = at_store(took, step("expired"), paid(4999))
    stands = view(held)
    assert ("collected", False) == (stands.state, stands.partial)
    assert [(1000, 1000), (0, 3000)] == [(line.handed, line.cancelled) for line in stands.lines]
    assert () == stands.troubles


def test_what_is_put_back_is_set_aside_no_more():
    """A till would promise goods that are back on the shelf."""
    held = at_store(step("reserved"), step("released", "x", (1, 2000), (2, 3000)))
    assert "placed" == view(held).state
    again = at_store(
        step("reserved", "a", (1, 2000), (2, 3000)),
        step("released", "x", (1, 2000), (2, 3000)),
        step("reserved", "b", (1, 2000), (2, 3000)),
    )
    assert "reserved" == view(again).state


def test_single_lines_can_be_cancelled():
    """One line given up would end the whole order."""
    held = at_store(step("cancelled", "x", (1, 2000)), step("ready", "r", (2, 3000)))
    assert "ready" == view(held).state
    assert [2000, 0] == [line.cancelled for line in view(held).lines]


def test_no_state_but_the_open_ones_lets_goods_out():
    """A till would hand out an order that is over."""
    allowed = {state for state, actions in TABLE.items() if Action.HAND_OVER in actions}
    assert allowed < OPEN
    assert set(STATES) == set(TABLE)
    for state in STATES:
        for action in Action:
            if action not in TABLE[state]:
                with pytest.raises(OrderFault, match=state) as caught:
                    require(state, action)
                assert f"order-{state}" == caught.value.name


def test_until_when_and_as_what_an_order_is_known():
    """The cashier could not say how long it is kept; an order known by two ids would be two."""
    held = at_store(
        step("ready", "a", until="2026-11-25"),
        step("ready", "b", until="2026-11-29"),
        step("accepted", known_as="web/V7"),
    )
    assert ("2026-11-29", ("web/V7",)) == (view(held).until, view(held).known_as)


def test_an_order_with_money_and_goods_at_once():
    """Payment would move the goods' state."""
    stands = view(at_store(paid(10_998)))
    assert ("placed", "paid", True) == (stands.state, stands.money.word, stands.is_open)
    assert [KETTLE, TEA] == [line.line for line in stands.lines]
