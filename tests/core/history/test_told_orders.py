"""Orders of any channel on the one timeline, and on the card."""

from __future__ import annotations

import pytest

from agent.core.entries.bodies import SaleCompleted
from agent.core.history import STORE_CHANNEL, Card, Interaction, Order, OrderLine, enter
from agent.core.history.interactions import interaction_of, is_quiet, thread
from agent.core.history.told_orders import card_order, interaction_of_told, of_told
from agent.core.orders import OrderLine as Ordered
from agent.core.orders import (
    Part,
    Payment,
    PaymentState,
    Placed,
    Refund,
    Stage,
    Step,
    gathered,
    view,
)
from agent.core.sale.model import Line, ReturnOf, Stamp

ID = "web/WEB-1"
WHEN = "2026-11-02T10:00:00.000Z"
LINES = (
    Ordered(1, "Milk", 2000, 500, gtin="4006381333931"),
    Ordered(2, "Carriage", 1000, 390, goods=False),
    Ordered(3, "Cheese", 345, 800, unit="kg"),
)
PLACED = Placed(
    "web/1", ID, "WEB-1", "web", "EUR", LINES, collect_at="store-1", at=WHEN, touch_point="webshop"
)


def told(each, *more, channel="web"):
    return interaction_of_told(each, gathered(ID, [each, *more]), channel=channel)


def step(stage, **fields):
    return Step("till/9", ID, stage, at=WHEN, **fields)


def test_placed_order_is_a_line():
    """What was ordered on the web in the morning would not be seen in the store at noon."""
    assert told(PLACED) == Interaction(
        event_id="web/1",
        type="order.placed",
        channel="web",
        touch_point="webshop",
        occurred_at=WHEN,
        title="4 items: Milk, Carriage, Cheese",
        ref="WEB-1",
        total=1690,
        currency="EUR",
        state="placed",
        about=ID,
    )


@pytest.mark.parametrize(
    ("fields", "event_type", "state"),
    [({"revision": 1}, "order.changed", "placed"), ({"draft": True}, "order.draft", "draft")],
)
def test_change_and_draft_are_told_as_such(fields, event_type, state):
    """A draft made offline would look like an order that somebody has accepted."""
    line = told(Placed("till/1", ID, "WEB-1", "store", "EUR", LINES, **fields))
    assert (line.type, line.state, line.touch_point) == (event_type, state, "web")


def test_collection_is_told_where_it_was():
    """The web would seem to have handed the goods out over its own counter."""
    collected = step(Stage.COLLECTED, touch_point="store-1/till-1", actor="eva")
    line = told(collected, PLACED, channel=STORE_CHANNEL)
    assert (line.type, line.channel, line.touch_point, line.actor, line.state) == (
        "order.collected",
        "store",
        "store-1/till-1",
        "employee/eva",
        "collected",
    )
    assert line.title == "3 items: Milk, Cheese"
    assert line.ref == "WEB-1"


def test_part_of_an_order_is_told_as_that_part():
    """Half an order would seem to have been handed out whole."""
    parts = (Part(1, 1000), Part(7, 1000))
    assert told(step(Stage.READY, parts=parts), PLACED).title == "1 item: Milk"


def test_step_that_comes_before_its_order_is_told_all_the_same():
    """A collection would be missing because the web store was slower."""
    early = told(step(Stage.READY))
    assert (early.title, early.ref, early.about) == ("0 items", ID, ID)
    assert told(Refund("web/2", ID, "r", 100)).title == "Refund of an amount"


def test_what_happens_behind_the_counter_is_not_for_the_card():
    """Picking and moving goods about would push the purchases off the card."""
    quiet = {stage for stage in Stage if is_quiet(told(step(stage), PLACED))}
    assert quiet == {
        Stage.ACCEPTED,
        Stage.RESERVED,
        Stage.RELEASED,
        Stage.PICKED,
        Stage.SENT,
        Stage.ARRIVED,
    }
    assert told(step(Stage.SENT), PLACED).state is None


def test_return_in_a_sale_is_one_line_that_belongs_to_the_order():
    """Goods of a web order returned in a store would seem to have come back twice."""
    back = step(Stage.RETURNED, sale_id="sale-1", parts=(Part(1, 1000),))
    refund = Refund("till/8", ID, "r", 250, sale_id="sale-1", at=WHEN)
    assert told(back, PLACED) is None
    assert told(refund, PLACED) is None
    stamp = Stamp(WHEN, 1, "boot")
    sale = SaleCompleted(
        sale_id="sale-1",
        receipt_no="r-1",
        store="store-2",
        till="till-1",
        business_date="2026-11-02",
        currency="EUR",
        prices_include_tax=True,
        opened=stamp,
        completed=stamp,
        lines=(Line(1, "Milk", -1000, 250, -250, (), returns=ReturnOf(ID, 1)),),
        tenders=(),
        taxes=(),
        total=-250,
        net=-250,
        change=0,
    )
    assert thread(interaction_of(sale)) == thread(told(PLACED)) == ID


def test_return_and_refund_by_the_web_are_lines():
    """Who returned by post would be told in the store that nothing came back."""
    back = told(step(Stage.RETURNED, parts=(Part(1, 1000),)), PLACED)
    assert (back.type, back.title, back.state) == (
        "return.received",
        "Returned 1 item: Milk",
        "returned",
    )
    refund = told(Refund("web/2", ID, "r", 250, at=WHEN), PLACED)
    assert (refund.type, refund.title, refund.total, refund.currency) == (
        "refund.settled",
        "Refund of 2.50 EUR",
        -250,
        "EUR",
    )
    assert told(Refund("web/2", ID, "r", 250, state=PaymentState.PROMISED), PLACED) is None


@pytest.mark.parametrize(
    ("state", "event_type", "title"),
    [
        (PaymentState.SETTLED, "order.paid", "16.90 EUR paid"),
        (PaymentState.DECLINED, "order.payment_declined", "16.90 EUR declined"),
        (PaymentState.AUTHORIZED, None, None),
    ],
)
def test_money_is_told_once_it_has_moved_or_failed_to(state, event_type, title):
    """Money that is only promised would be taken for money that came."""
    line = told(Payment("web/3", ID, "p", 1690, state), PLACED)
    assert ((line.type, line.title) if line else (None, None)) == (event_type, title)
    assert told(Payment("web/3", ID, "p", 1690, sale_id="sale-1")) is None
    assert told(Payment("web/3", ID, "p", 1690)).currency is None


def test_card_shows_the_little_it_needs():
    """A cashier would hand an unpaid order out for nothing."""
    ready = gathered(ID, [PLACED, Step("till/2", ID, Stage.READY)])
    assert card_order(view(ready), "party-ada") == Order(
        order_no="WEB-1",
        channel="web",
        state="ready",
        placed_at=WHEN,
        total=1690,
        currency="EUR",
        lines=(
            OrderLine("Milk", 2, 500, "4006381333931"),
            OrderLine("Carriage", 1, 390),
            OrderLine("Cheese", 1, 800),
        ),
        party_id="party-ada",
        collect_at="store-1",
        paid=False,
    )
    for state in (PaymentState.SETTLED, PaymentState.AUTHORIZED):
        paid = gathered(ID, [*ready.told, Payment("web/3", ID, "p", 1690, state)])
        assert card_order(view(paid)).paid
    assert card_order(view(gathered(ID, [Step("till/2", ID, Stage.READY)]))) is None


def test_order_handed_out_offline_leaves_the_card():
    """The next till of the store would hand the order out again."""
    ready = gathered(ID, [PLACED, Step("web/2", ID, Stage.READY, at=WHEN)])
    card = enter(
        Card("party-ada", ""),
        [
            of_told(("web", n), "party-ada", each, ready, channel="web")
            for n, each in enumerate(ready.told, 1)
        ],
    )
    assert [(order.order_no, order.state) for order in card.orders] == [("WEB-1", "ready")]
    out = Step("till/9", ID, Stage.COLLECTED, at="2026-11-02T11:00:00.000Z")
    collected = gathered(ID, [*ready.told, out])
    after = enter(card, [of_told(("j", 1), "party-ada", out, collected, channel=STORE_CHANNEL)])
    assert (after.orders, after.last[0].channel) == ((), "store")
    assert after.through == {"web": 2, "j": 1}
