"""What a till or a picker may do with an order, and what it is told when it may not."""

from __future__ import annotations

import pytest

from agent.core.faults import Fault, NotFoundFault
from agent.core.orders import (
    CustomerOrder,
    OrderFault,
    OrderInput,
    Part,
    Stage,
    act,
    noted,
    overdue,
    to_pay,
    view,
)
from tests.core.orders.told import (
    CARRIAGE,
    ID,
    KETTLE,
    TEA,
    at_store,
    order,
    paid,
    placed,
    refund,
    step,
)

PAID = paid(10_998)


def here(stage, event="s1/1", *parts, **fields):
    return step(stage, event, *parts, location="s1", **fields)


def refused(held, wanted, **how):
    with pytest.raises(Fault) as caught:
        act(held, wanted, **how)
    assert caught.value.remedy
    return caught.value.name


def test_a_whole_click_and_collect_offline():
    """A store whose line is down could not hand out what is on its own shelf."""
    held = at_store(PAID)
    for stage in ("reserved", "picked", "ready", "collected"):
        told = act(held, here(stage, f"s1/{stage}"))
        assert (Part(1, 2000), Part(2, 3000)) == told.parts
        held = noted(held, told)
    assert ("collected", ()) == (view(held).state, view(held).troubles)


def test_told_again_it_is_the_same():
    """A repeated call would be refused, or hand goods out twice."""
    held = at_store(PAID, step("ready"))
    told = act(held, here("collected"))
    after = noted(held, told)
    assert told == act(after, here("collected"))
    assert after == noted(after, act(after, here("collected")))


def test_goods_one_by_one():
    """Somebody who comes with a small bag could not take one piece."""
    held = at_store(PAID, step("ready"))
    held = noted(held, act(held, here("collected", "a", (1, 1000))))
    assert "more-than-open" == refused(held, here("collected", "b", (1, 2000)))
    held = noted(held, act(held, here("collected", "c")))
    assert "collected" == view(held).state
    assert "order-collected" == refused(held, here("collected", "d"))


@pytest.mark.parametrize(
    ("told", "wanted", "name"),
    [
        ((), here("collected"), "order-placed"),
        ((step("cancelled"),), here("collected"), "order-cancelled"),
        ((step("expired"),), here("collected"), "order-expired"),
        ((step("reserved"),), here("reserved"), "nothing-open"),
        ((step("ready"),), here("picked"), "nothing-open"),
        ((step("ready"),), here("ready"), "nothing-open"),
        ((step("ready", "r", (1, 2000)),), here("released", "x", (2, 1000)), "more-than-open"),
        ((step("reserved"),), step("sent", "x", location="s1", to="s2"), None),
        ((step("sent", to="s1"),), step("sent", "x", location="s1", to="s2"), "nothing-open"),
        ((), here("arrived"), "nothing-open"),
        ((step("sent", to="s1"),), here("arrived"), None),
        ((), here("delivered"), "nothing-open"),
        ((step("collected"),), here("delivered"), None),
        ((), here("returned"), "nothing-open"),
        ((step("collected"),), here("returned", "x", (1, 1000)), None),
        ((step("ready"),), here("collected", "x", (3, 1000)), "no-such-line"),
        ((step("ready"),), here("collected", "x", (1, 0)), "bad-order"),
        ((), here("expired"), None),
        ((), here("cancelled"), None),
        ((step("ready"), step("expired")), here("cancelled"), "order-expired"),
        ((), here("accepted"), "order-placed"),
        ((), here("shipped"), None),
        ((here("shipped", "x", (1, 2000)),), here("shipped", "y", (1, 1000)), "more-than-open"),
    ],
)
def test_what_may_be_done_when(told, wanted, name):
    """A cashier would do what cannot be, or be refused what can, without a word why."""
    held = at_store(PAID, *told)
    if name is None:
        assert wanted.event == act(held, wanted).event
    else:
        assert name == refused(held, wanted)


def test_the_line_that_is_ready_can_be_handed_over():
    """A customer would go home empty-handed because another line has not come yet."""
    held = at_store(PAID, step("ready", "r", (1, 2000)))
    assert "placed" == view(held).state
    assert act(held, here("collected", "x", (1, 2000)))


def test_a_draft_is_accepted_or_given_up():
    """HQ could not take a draft up."""
    held = at_store(draft=True)
    assert () == act(held, here("accepted")).parts
    assert "order-draft" == refused(held, here("picked"))


def test_an_expired_order_that_is_still_there_needs_a_reason():
    """A customer one day late would stand before their own goods and not get them."""
    held = at_store(PAID, step("ready"), step("expired"))
    told = act(held, here("collected", reason="still on the shelf"))
    after = view(noted(held, told))
    assert ("collected", 0) == (after.state, after.money.owed)
    assert ["handed-over-and-ended"] == [trouble.name for trouble in after.troubles]


def test_an_order_expires_after_its_last_day_and_once():
    """An order would be kept for ever, or be given up on the day it is promised for."""
    held = at_store(PAID, step("ready", until="2026-11-25"))
    assert (None, None) == (overdue(held, "2026-11-24"), overdue(held, "2026-11-25"))
    told = overdue(held, "2026-11-26", at="t")
    assert (f"{ID}/expired", Stage.EXPIRED, "t") == (told.event, told.stage, told.at)
    after = noted(held, told, overdue(held, "2026-11-27"))
    assert ("expired", ()) == (view(after).state, view(after).troubles)
    assert None is overdue(after, "2026-11-28")
    longer = noted(held, step("ready", "again", until="2026-12-01"))
    assert None is overdue(longer, "2026-11-26")
    assert None is overdue(at_store(step("ready")), "2026-11-26")


def test_goods_wait_in_one_store():
    """Two stores would hand out one order."""
    held = at_store(PAID, step("ready"))
    assert "other-store" == refused(held, step("collected", "x", location="s2"))
    assert "other-store" == refused(held, step("collected", "x"))
    anywhere = order(placed(), PAID, step("picked"))
    assert act(anywhere, step("collected", "x", location="s2"))


def test_an_ending_ends_the_whole_order():
    """A line told later, or changed since, would stay open in an order that is over."""
    held = at_store(PAID, step("collected", "c", (1, 1000), location="s1"))
    for stage in ("cancelled", "expired"):
        assert () == act(held, here(stage)).parts
    assert (Part(2, 1000),) == act(held, here("cancelled", "x", (2, 1000))).parts


def test_money_before_goods():
    """Goods to be paid on collection would leave unpaid."""
    held = at_store(step("ready"))
    assert "payment-due" == refused(held, here("collected"))
    assert act(held, here("collected"), on_account=True)
    assert act(noted(held, paid(10_998, "authorized")), here("collected"))
    assert act(noted(held, PAID), here("collected"))


def test_what_is_paid_counts_for_the_first_goods():
    """A deposit that covers one piece would not let one piece go."""
    held = at_store(step("ready"), paid(5489), lines=(KETTLE, TEA, CARRIAGE))
    one = (Part(1, 1000),)
    assert 0 == to_pay(held, one)
    assert act(held, here("collected", "a", (1, 1000)))
    assert 11_488 - 5489 == to_pay(held, (Part(1, 2000), Part(2, 3000)))


def test_goods_that_came_back_need_not_be_paid():
    """Somebody who brought one piece back would pay it again to get the rest."""
    took = here("collected", "a", (1, 2000))
    held = at_store(PAID, took, here("returned", "b", (1, 1000)), refund(4999, (1, 4999)))
    assert 0 == to_pay(held, (Part(2, 3000),))
    let_off = noted(held, refund(500, cause="goodwill", name="r2"))
    assert 0 == to_pay(let_off, (Part(2, 3000),))


def test_what_is_not_known_is_not_handed_out():
    """A till that never heard what was ordered would hand out anything."""
    with pytest.raises(NotFoundFault, match="not known here"):
        act(order(step("ready")), here("collected"))
    with pytest.raises(NotFoundFault, match=ID):
        to_pay(CustomerOrder(ID), ())


def test_faults_name_what_is_left():
    """A refusal would leave the cashier guessing."""
    held = at_store(PAID, step("ready"))
    with pytest.raises(OrderFault, match="Kettle cannot be handed over: 2") as caught:
        act(held, here("collected", "x", (1, 5000)))
    assert "name at most 2" == caught.value.remedy
    gone = noted(held, here("collected", "a", (1, 2000)))
    with pytest.raises(OrderFault, match=": 0 are left") as caught:
        act(gone, here("collected", "x", (1, 5000)))
    assert "leave the line out" == caught.value.remedy
    with pytest.raises(OrderInput):
        act(held, here("collected", "x", (1, -5)))
