"""What a sale, a return and an order read like in a history."""

from __future__ import annotations

import pytest

from agent.core.entries.bodies import SaleCompleted
from agent.core.history import Interaction, Order, OrderLine, interaction_of, interaction_of_order
from agent.core.history.interactions import timeline
from agent.core.sale.model import Line, Stamp

WHEN = Stamp("2026-11-02T10:00:00.000Z", 1, "boot")


def a_line(n, name, quantity=1000, unit="each", voided=False):
    return Line(n, name, quantity, 100, 100, (), unit=unit, voided=voided)


def told(*lines):
    body = SaleCompleted(
        "s", "r", "store-1", "till-1", "2026-11-02", "EUR", True, WHEN, WHEN, lines, (), (), 5, 5, 0
    )
    return interaction_of(body)


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
    assert told(a_line(1, "Milk", -1000), a_line(2, "Tea")).type == "sale.completed"


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
    )


def test_timeline_is_newest_first_and_each_event_once():
    """An event delivered twice would show twice, or pages would jump between two readings."""
    older, newer, same = (
        Interaction(event_id, "t", "web", "w", when, "x", "r")
        for event_id, when in (("a", "1"), ("b", "2"), ("c", "2"))
    )
    assert timeline([older, newer, same, older]) == (same, newer, older)
