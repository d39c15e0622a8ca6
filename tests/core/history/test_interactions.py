"""What a sale, a return and an order read like in a history."""

from __future__ import annotations

import pytest

from agent.core.entries.bodies import SaleCompleted
from agent.core.history import Interaction, Order, OrderLine, interaction_of, interaction_of_order
from agent.core.history.interactions import (
    Occasion,
    actor_kind,
    interaction_of_answer,
    interaction_of_contact,
    interaction_of_expiry,
    interaction_of_points,
    interaction_of_refund,
    is_quiet,
    thread,
    timeline,
)
from agent.core.history.times import shown_at
from agent.core.sale.model import Line, ReturnOf, Stamp

WHEN = Stamp("2026-11-02T10:00:00.000Z", 1, "boot")


def a_line(n, name, quantity=1000, unit="each", voided=False, returns=None):
    return Line(n, name, quantity, 100, 100, (), unit=unit, voided=voided, returns=returns)


def told(*lines, actor=None, completed=WHEN):
    body = SaleCompleted(
        sale_id="s",
        receipt_no="r",
        store="store-1",
        till="till-1",
        business_date="2026-11-02",
        currency="EUR",
        prices_include_tax=True,
        opened=WHEN,
        completed=completed,
        lines=lines,
        tenders=(),
        taxes=(),
        total=5,
        net=5,
        change=0,
        actor=actor,
    )
    return interaction_of(body)


def occasion(event_id="hq/1", **fields):
    return Occasion(event_id, "phone", "service-desk", WHEN.wall, **fields)


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        ((), "0 items"),
        ((a_line(1, "Milk"),), "1 item: Milk"),
        ((a_line(1, "Milk", 3000),), "3 items: Milk"),
        ((a_line(1, "Milk"), a_line(2, "Milk")), "2 items: Milk"),
        ((a_line(1, "Apples", 345, unit="kg"),), "1 item: Apples"),
        ((a_line(1, "Milk"), a_line(2, "Tea", voided=True)), "1 item: Milk"),
        (tuple(a_line(n, f"P{n}") for n in range(1, 6)), "5 items: P1, P2, P3, …"),
    ],
)
def test_title_is_one_line_a_cashier_can_read(lines, title):
    """The cashier would read out something else than what was bought."""
    assert told(*lines).title == title


def test_lines_that_only_come_back_are_a_return():
    """A return would look like a purchase in the history."""
    only = told(a_line(1, "Milk", -2000))
    assert (only.type, only.title) == ("return.received", "Returned 2 items: Milk")


def test_exchange_says_what_was_bought_and_what_came_back():
    """Somebody who brought back shoes would seem to have bought them twice."""
    exchange = told(a_line(1, "Milk", -1000), a_line(2, "Tea"))
    assert (exchange.type, exchange.title) == (
        "sale.completed",
        "1 item: Tea; returned 1 item: Milk",
    )


def test_return_belongs_to_the_sale_it_is_of():
    """A customer who asks about a purchase would not hear that it came back."""
    first = a_line(1, "Milk", -1000, returns=ReturnOf("sale-7", 1))
    second = a_line(2, "Tea", -1000, returns=ReturnOf("sale-8", 1))
    assert told(first).about == "sale-7"
    assert thread(told(first)) == "sale-7"
    assert told(first, second).about is None
    assert told(first, a_line(3, "Bread")).about is None


def test_sale_says_who_made_it():
    """Nobody could be asked about a sale."""
    assert (told(actor="eva").actor, actor_kind(told(actor="eva"))) == ("employee/eva", "employee")
    assert actor_kind(told()) is None


def test_refund_is_told_as_money_that_went_back():
    """A refund would read like a purchase."""
    line = interaction_of_refund(occasion(), ref="R-1", amount=1250, currency="EUR", about="WEB-1")
    assert line == Interaction(
        event_id="hq/1",
        type="refund.settled",
        channel="phone",
        touch_point="service-desk",
        occurred_at=WHEN.wall,
        title="Refund of 12.50 EUR",
        ref="R-1",
        total=-1250,
        currency="EUR",
        about="WEB-1",
    )


def test_thread_goes_over_all_channels():
    """A complaint begun by telephone would be another matter in the store."""
    order = Order("WEB-1", "web", "ready", "t", 500, "EUR")
    placed = interaction_of_order(
        order,
        event_id="web/1",
        event_type="order.placed",
        touch_point="webshop",
        occurred_at="t",
        actor="self",
    )
    call = interaction_of_contact(
        occasion(actor="employee/kim"), title="Asked where it is", ref="T-9", about="web/WEB-1"
    )
    other = interaction_of_contact(occasion("hq/2"), title="Praised the staff", ref="T-10")
    assert thread(placed) == thread(call) == "web/WEB-1"
    assert thread(other) == "T-10"
    assert (placed.actor, call.type, call.actor) == ("self", "service.contact", "employee/kim")
    assert thread(told()) == "s"


@pytest.mark.parametrize(
    ("points", "reverses", "kind", "title"),
    [
        (12, False, "loyalty.earned", "12 points earned"),
        (-1, False, "loyalty.burned", "1 point spent"),
        (-12, True, "loyalty.reversed", "12 points taken back"),
        (1, True, "loyalty.reversed", "1 point given back"),
    ],
)
def test_points_are_told_in_plain_words(points, reverses, kind, title):
    """A customer who returned something would not understand where the points went."""
    line = interaction_of_points(occasion(), points=points, reverses=reverses, about="s")
    assert (line.type, line.title, thread(line)) == (kind, title, "s")


@pytest.mark.parametrize(
    ("points", "title"),
    [(12, "12 points expired"), (1, "1 point expired"), (-2, "2 points are valid after all")],
)
def test_points_that_end_are_told_in_plain_words(points, title):
    """A customer would look for the sale by which their points have gone."""
    line = interaction_of_expiry(occasion(), points=points)
    assert ("loyalty.expired", title) == (line.type, line.title)
    assert is_quiet(line)


@pytest.mark.parametrize(
    ("purpose", "contact", "title"),
    [
        ("marketing", "email", "Objected to marketing by email"),
        ("profiling", "any", "Objected to profiling"),
        ("any", "any", "Objected to everything"),
    ],
)
def test_answer_is_told_in_plain_words(purpose, contact, title):
    """A customer could not see what they had allowed."""
    line = interaction_of_answer(occasion(), said="Objected to", purpose=purpose, contact=contact)
    assert (line.type, line.title) == ("consent.recorded", title)


def test_bookkeeping_is_not_for_the_card():
    """Every purchase would bring a line of points that pushes another purchase out."""
    assert is_quiet(interaction_of_points(occasion(), points=1))
    assert is_quiet(interaction_of_answer(occasion(), said="x", purpose="y", contact="z"))
    assert not is_quiet(told())
    assert not is_quiet(Interaction("e", "wap.visit", "wap", "w", "t", "Looked at shoes", "r"))


@pytest.mark.parametrize(
    ("wall", "offset", "shown"),
    [
        ("2031-11-02T10:00:00.000Z", None, "2031-11-02T10:00:00.000Z"),
        ("2026-11-02T10:00:00.000Z", 59_999, "2026-11-02T10:00:00.000Z"),
        ("2026-11-02T10:00:00.500Z", 60_000, "2026-11-02T10:01:00.500Z"),
        ("2026-11-02T10:00:00.000Z", -86_400_000, "2026-11-01T10:00:00.000Z"),
        ("9999-12-31T23:59:59.000Z", 86_400_000, "9999-12-31T23:59:59.000Z"),
        ("yesterday", 86_400_000, "yesterday"),
    ],
)
def test_clock_known_to_be_wrong_is_put_right(wall, offset, shown):
    """A till whose clock is years ahead would hold the top of every history for years."""
    stamp = Stamp(wall, 1, "boot", offset)
    assert shown_at(stamp) == shown
    assert told(completed=stamp).occurred_at == shown


def test_order_event_says_its_state():
    """An order on the way could not be told from one that waits."""
    order = Order("WEB-1", "web", "ready", "t", 500, "EUR", (OrderLine("Milk", 2, 500),))
    assert interaction_of_order(
        order, event_id="web/e1", event_type="order.ready", touch_point="webshop", occurred_at="t"
    ) == Interaction(
        "web/e1",
        "order.ready",
        "web",
        "webshop",
        "t",
        "2 items: Milk",
        "WEB-1",
        500,
        "EUR",
        "ready",
        about="web/WEB-1",
    )


def test_timeline_is_newest_first_and_each_event_once():
    """An event delivered twice would show twice, or pages would jump between two readings."""
    older, newer, same = (
        Interaction(event_id, "t", "web", "w", when, "x", "r")
        for event_id, when in (("a", "1"), ("b", "2"), ("c", "2"))
    )
    assert timeline([older, newer, same, older]) == (same, newer, older)
