"""Orders at HQ: one order, whoever tells of it, and told to everybody it concerns."""

from __future__ import annotations

import random

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import select

from agent.core.faults import NotFoundFault
from agent.core.history import Order
from agent.core.orders import (
    CustomerOrder,
    OrderLine,
    Part,
    Placed,
    Stage,
    Step,
    paid_in_sale,
    view,
)
from central.goods import stock, tasks
from central.goods.routes import give_up
from central.goods.sheets import sheet
from central.goods.stock_check import differences
from central.goods.told import held
from central.identity.interactions import interactions_of
from central.ledger.customer_tables import ORDERS, SALE_FLAGS
from central.ledger.engine import reading, writing
from central.ledger.goods_tables import CHANNEL_TASKS
from tests.central.goods.conftest import (
    AT,
    ID,
    NOW,
    SALES_J,
    collected,
    return_line,
    returned,
)

ADA = "01999999-0000-7000-8000-00000000ada0"
SPECIAL = "01999999-0000-7000-8000-0000000000d1"


def levels(ledger):
    with reading(ledger) as conn:
        assert [] == differences(conn)
        return {row[:3]: row.quantity for row in stock.levels_of(conn)}


def open_tasks(ledger):
    with reading(ledger) as conn:
        return tasks.open_tasks(conn, "web")


def stands(ledger, order_no="W-1"):
    with reading(ledger) as conn:
        return sheet(conn, order_no)


@pytest.mark.both_databases
def test_click_and_collect_is_told_to_its_store_and_back_to_its_channel(
    send, tell, web, ledger, feed
):
    """The store could not hand the goods out, or the web store would never hear that it did."""
    send(web.placed(party={"party_id": ADA}), web.paid(), web.ready())
    op, body = feed()["store:store-0001", "order:W-1"]
    order = msgspec.convert(body, Order, strict=False)
    assert ("put", "ready", ID) == (op, order.state, order.order_id)
    known = view(CustomerOrder(order.order_id, order.told))
    assert ("ready", 0, "2026-11-05") == (known.state, known.money.due, known.until)
    tell(collected())
    assert ("collected", "paid") == (stands(ledger).order.state, stands(ledger).money_state)
    assert ("del", {"scope": "global"}) == feed()["store:store-0001", "order:W-1"]
    assert "collected" == feed()["global", "order:W-1"][1]["state"]
    [task] = open_tasks(ledger)
    assert ("step", Stage.COLLECTED) == (task.kind, task.told.stage)
    with reading(ledger) as conn:
        lines = [(each.type, each.channel) for each in interactions_of(conn, ADA)]
    assert ("order.collected", "store") in lines
    assert "orders" not in feed()["global", f"party:{ADA}"][1]["card"]
    with writing(ledger) as conn:
        tasks.done(conn, "web", task.task, NOW)
        tasks.done(conn, "web", task.task, NOW)
    assert [] == open_tasks(ledger)


@pytest.mark.both_databases
def test_goods_of_a_web_order_come_back_in_a_store(send, tell, web, ledger, receive, told):
    """Money would go back twice, or the goods be missing from the shelf they were put on."""
    send(web.placed(), web.paid(), web.ready())
    tell(collected())
    back = return_line(told, 1, 1000, 4999, "kettle")
    receive(SALES_J, told.sale(7, lines=(back,), sale_id="sale-7"))
    tell(*returned("sale-7", 1, 1000, 4999))
    found = stands(ledger)
    assert (4999, 0, 0) == (found.money.refunded, found.money.owed, found.money.due)
    assert [(1000, 1000), (0, 3000)] == [(e.returned, e.returnable) for e in found.lines]
    assert 1000 == levels(ledger).get(("store-0001", "kettle", "available"), 0) + 2000
    kinds = [task.kind for task in open_tasks(ledger)]
    assert ["refund", "step", "step"] == sorted(kinds)
    with reading(ledger) as conn:
        assert [] == conn.execute(select(SALE_FLAGS)).all()
    # The web store books it, and tells what it heard under the store's own id.
    echo = {"refund": "sale-7", "amount": 4999, "lines": [{"line": 1, "amount": 4999}]}
    send(web.event("refund", "refund.settled", refund=echo, echo=True))
    assert (4999, ()) == (stands(ledger).money.refunded, stands(ledger).troubles)
    assert kinds == [task.kind for task in open_tasks(ledger)]


def test_whatever_comes_first_the_order_is_the_same(send, tell, web, ledger):
    """A late event would show another order at HQ than at the till, or move goods twice."""
    draw = random.Random(20261122)
    events = [web.placed(), web.paid(), web.ready(), web.event("late", "order.changed")]
    told = [collected("x", (1, 1000)), collected("y", (1, 1000), (2, 3000))]
    everything = [(send, each) for each in events] + [(tell, each) for each in told] * 2
    draw.shuffle(everything)
    for act, each in everything:
        act(each)
    found = stands(ledger)
    assert ("collected", (), 10_998) == (found.order.state, found.troubles, found.order.total)
    assert {
        ("store-0001", "kettle", "available"): -2000,
        ("store-0001", "tea", "available"): -3000,
    } == levels(ledger)


def test_a_channel_that_says_nothing_of_money_was_paid(send, web, ledger, feed):
    """A customer who has paid on the web would be asked for the money again at the counter."""
    send(web.placed())
    assert ("paid", True) == (stands(ledger).money_state, stands(ledger).order.paid)
    send(web.event("said", "order.changed", paid=False))
    assert ("unpaid", 10_998) == (stands(ledger).money_state, stands(ledger).money.due)
    assert False is feed()["store:store-0001", "order:W-1"][1]["paid"]


def test_carriage_is_paid_for_and_never_handed_over(send, web, ledger):
    """Carriage would wait for ever to be collected."""
    send(web.placed(total=11_497, collect_at=None), web.event("s", "order.shipped"))
    found = stands(ledger)
    assert ("shipped", 11_497) == (found.order.state, found.order.total)
    assert ["Kettle", "Tea"] == [line.name for line in found.order.lines]
    assert [1, 2] == [each.line.line for each in found.lines]


@pytest.mark.both_databases
def test_a_special_order_made_offline_becomes_exactly_one_order(tell, ledger, rows):
    """Goods would be reserved twice, or ordered without the deposit."""
    placed = Placed(
        f"{SPECIAL}/placed",
        SPECIAL,
        "S-1",
        "store",
        "EUR",
        (OrderLine(1, "Sofa", 1000, 10_000, item="sofa"),),
        draft=True,
        deposit=2000,
        collect_at="store-0001",
        at=AT.wall,
    )
    tell(placed)
    assert "draft" == stands(ledger, "S-1").order.state
    assert {} == levels(ledger)
    deposit = paid_in_sale(SPECIAL, "sale-9", 2000)
    tell(deposit)
    tell(placed, deposit, journal="d" * 32)
    found = stands(ledger, "S-1")
    assert ("reserved", 8000, False) == (found.order.state, found.money.due, found.order.paid)
    assert {
        ("warehouse", "sofa", "available"): -1000,
        ("warehouse", "sofa", "reserved"): 1000,
    } == levels(ledger)
    assert 1 == len(rows(ORDERS))


@pytest.mark.parametrize(
    ("now", "given_up"), [("2026-11-06T04:00:00.000Z", []), ("2026-11-06T12:00:00.000Z", ["W-1"])]
)
def test_an_order_is_kept_to_the_end_of_its_last_day_wherever_the_store_is(
    send, web, ledger, now, given_up
):
    """In New York it was given up at seven in the evening, while its customer was on the way."""
    send(web.placed(), web.paid(), web.ready(until="2026-11-05"))
    assert given_up == give_up(ledger, now)


def test_tasks_that_never_succeed_leave_room_for_others(send, tell, web, ledger, monkeypatch):
    """Some hundred orders deleted in the web store would keep all other refunds from it (P6)."""
    monkeypatch.setattr(tasks, "TASKS_SHOWN", 1)
    send(web.placed(), web.paid(), web.ready())
    parts = [(Part(1, 1000),), (Part(1, 1000),)]
    tell(*(replace(collected(f"c-{n}"), parts=some) for n, some in enumerate(parts)))
    [first] = open_tasks(ledger)
    with writing(ledger) as conn:
        tasks.failed(conn, "web", first.task, "no such order")
    [second] = open_tasks(ledger)
    assert first.task != second.task


def test_a_task_that_is_done_or_unknown_cannot_fail(send, tell, web, ledger):
    """A web store would believe it had said why, and nobody ever read it."""
    send(web.placed(), web.paid(), web.ready())
    tell(collected())
    [task] = open_tasks(ledger)
    with writing(ledger) as conn:
        tasks.done(conn, "web", task.task, NOW)
        tasks.failed(conn, "web", task.task, "late")
        held = conn.execute(select(CHANNEL_TASKS.c.tries, CHANNEL_TASKS.c.problem)).one()
        with pytest.raises(NotFoundFault):
            tasks.failed(conn, "web", "none", "why")
    assert (0, None) == tuple(held)


def test_nobody_collected_and_the_goods_go_back(send, web, ledger):
    """Goods would lie behind the counter for ever."""
    send(web.placed(), web.paid(), web.ready(until="2026-11-05"))
    assert 2000 == levels(ledger)["store-0001", "kettle", "reserved"]
    assert [] == give_up(ledger, NOW, "2026-11-05")
    assert ["W-1"] == give_up(ledger, NOW, "2026-11-06")
    assert [] == give_up(ledger, NOW, "2026-11-07")
    found = stands(ledger)
    assert ("expired", "owed", 10_998) == (found.order.state, found.money_state, found.money.owed)
    assert {} == levels(ledger)


def test_a_step_that_cannot_be_meant_costs_itself_alone(send, web, tell, ledger):
    """One bad entry of a till would stop the others behind it."""
    send(web.placed(), web.paid())
    tell(Step("", ID, Stage.READY))
    tell(collected())
    assert "collected" == stands(ledger).order.state
    with reading(ledger) as conn:
        assert 1 == sum(isinstance(each, Step) for each in held(conn, ID).told)
