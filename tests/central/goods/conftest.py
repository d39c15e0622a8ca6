"""A web store's channel, tills that tell of its orders, and the applier between them."""

from __future__ import annotations

import itertools
import json

import pytest
from msgspec.structs import replace

from agent.core.orders import OrderNoted, Part, Refund, RefundPart, Stage, Step
from agent.core.sale.model import OrderedAs, ReturnOf, Stamp
from central.channels.intake import take
from central.channels.registry import Channel, register
from central.histories import Applier
from central.ledger.engine import writing

NOW = "2026-11-02T12:00:00.000Z"
AT = Stamp("2026-11-02T10:00:00.000Z", 1, "boot")
SALES_J, SIDE_J, OTHER_J = "a" * 32, "b" * 32, "c" * 32
ID = "web/W-1"
LINES = [
    {"line": 1, "name": "Kettle", "item": "kettle", "quantity": 2, "amount": 9998},
    {"line": 2, "name": "Tea", "item": "tea", "quantity": 3, "amount": 1000},
]
PAID = {"payment": "pay-1", "amount": 10_998, "kind": "card"}


@pytest.fixture
def send(ledger):
    """Send events of the web store; gives their outcomes."""
    with writing(ledger) as conn:
        register(conn, [Channel("web", touch_points=("webshop",))], NOW)
    numbers = itertools.count(1)

    def _send(*events):
        bodies = [json.dumps(each).encode() for each in events]
        with writing(ledger) as conn:
            return take(conn, "web", bodies, NOW, lambda: f"new-{next(numbers)}")

    return _send


@pytest.fixture
def applier(ledger):
    return Applier(ledger, lambda: NOW)


@pytest.fixture
def tell(receive, applier):
    """Have tills tell of orders, as they reach HQ."""

    def _tell(*told, journal=SIDE_J):
        receive(journal, OrderNoted("store-0001", "till-1", AT, told))
        applier.apply_pending()

    return _tell


class Web:
    """What a web store says of one order."""

    def event(self, name, what, *, party=None, **order):
        body = {
            "event_id": name,
            "type": what,
            "occurred_at": "2026-11-01T10:00:00Z",
            "order": {"order_no": "W-1", **order},
        }
        return body | ({"party": party} if party else {})

    def placed(self, **order):
        given = {"currency": "EUR", "lines": LINES, "collect_at": "store-0001"} | order
        return self.event("placed", "order.placed", **given)

    def paid(self):
        return self.event("paid", "order.paid", payment=PAID)

    def ready(self, until="2026-11-05"):
        return self.event("ready", "order.ready", until=until)


@pytest.fixture
def web():
    return Web()


def collected(event="store-0001/till-1/c", *parts, location="store-0001"):
    parts = tuple(Part(*each) for each in parts) or (Part(1, 2000), Part(2, 3000))
    return Step(event, ID, Stage.COLLECTED, parts, location=location, at=AT.wall)


def returned(sale_id, line, quantity, amount):
    """Give what a sale tells that takes goods of the order back."""
    return (
        Step(
            f"{sale_id}/returned/{ID}/available",
            ID,
            Stage.RETURNED,
            (Part(line, quantity),),
            location="store-0001",
            sale_id=sale_id,
        ),
        Refund(
            f"{sale_id}/refunded/{ID}",
            ID,
            sale_id,
            amount,
            (RefundPart(line, amount),),
            sale_id=sale_id,
        ),
    )


def return_line(told, line, quantity, amount, item):
    made = told.line(1, -quantity, item_id=item, returns=ReturnOf(ID, line))
    return replace(made, extension=-amount, ordered=OrderedAs(ID, line))
