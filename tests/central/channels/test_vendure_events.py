"""Orders of Vendure as events: all there is to tell, each thing once, exact to the cent."""

from __future__ import annotations

import copy

import msgspec
import pytest

from central.channels.vendure_events import events_of

AT = "2026-11-22T19:47:52.000Z"
LATER = "2026-11-22T20:00:00.000Z"


def line(named, quantity, each, ordered=None):
    return {
        "id": named,
        "quantity": quantity,
        "orderPlacedQuantity": quantity if ordered is None else ordered,
        "proratedLinePriceWithTax": each * quantity,
        "proratedUnitPriceWithTax": each,
        "unitPriceWithTax": each,
        "taxLines": [{"description": "Standard", "taxRate": 8.875}],
        "productVariant": {"sku": f"SKU-{named}", "name": f"Thing {named}"},
    }


def moved(kind, key, named, to, at=AT):
    return {"id": "h", "type": kind, "createdAt": at, "data": {key: named, "from": "x", "to": to}}


@pytest.fixture
def order():
    """Give an order as Vendure 3.7.3 tells it, ready to be collected."""
    return {
        "id": "1",
        "code": "ABC",
        "state": "Shipped",
        "orderPlacedAt": AT,
        "updatedAt": AT,
        "currencyCode": "USD",
        "totalWithTax": 3500,
        "shippingWithTax": 500,
        "customer": {
            "id": "7",
            "firstName": "Ada",
            "lastName": "Byron",
            "emailAddress": "ada@example.com",
            "phoneNumber": None,
            "user": None,
        },
        "shippingAddress": {"postalCode": "N1 9GU", "countryCode": "GB"},
        "shippingLines": [
            {"shippingMethod": {"code": "standard-shipping", "name": "Standard Shipping"}}
        ],
        "surcharges": [],
        "modifications": [],
        "lines": [line("10", 1, 1000), line("9", 2, 1000)],
        "payments": [
            {
                "id": "1",
                "state": "Settled",
                "amount": 3500,
                "method": "standard-payment",
                "transactionId": "r",
                "createdAt": AT,
                "refunds": [],
            }
        ],
        "fulfillments": [
            {
                "id": "1",
                "state": "Shipped",
                "method": "CLICK_AND_COLLECT:STORE-0001",
                "trackingCode": "",
                "createdAt": AT,
                "updatedAt": LATER,
                "lines": [{"orderLineId": "9", "quantity": 2}],
            }
        ],
        "history": {
            "items": [
                moved("ORDER_PAYMENT_TRANSITION", "paymentId", 1, "Authorized"),
                moved("ORDER_PAYMENT_TRANSITION", "paymentId", 1, "Settled", LATER),
                moved("ORDER_FULFILLMENT_TRANSITION", "fulfillmentId", 1, "Pending"),
                moved("ORDER_FULFILLMENT_TRANSITION", "fulfillmentId", 1, "Shipped", LATER),
            ]
        },
    }


def told(order, collect=()):
    return {
        each["event_id"]: each for each in map(msgspec.json.decode, events_of(order, dict(collect)))
    }


def test_everything_that_happened_is_told_with_its_time(order):
    """A step that was over before anybody looked would be missing in the history."""
    found = told(order)
    assert [
        ("ABC/ordered/0", "order.placed", AT),
        ("ABC/payment/1/Authorized", "order.paid", AT),
        ("ABC/payment/1/Settled", "order.paid", LATER),
        ("ABC/fulfillment/1/Pending", "order.picked", AT),
        ("ABC/fulfillment/1/Shipped", "order.ready", LATER),
    ] == [(name, each["type"], each["occurred_at"]) for name, each in found.items()]
    assert {"email": "ada@example.com", "name": "Ada Byron", "postcode": "N1 9GU"} == {
        key: value for key, value in found["ABC/ordered/0"]["party"].items() if key != "country"
    }


def test_lines_keep_their_numbers_and_add_up(order):
    """Another line would come back than was ordered, or the sum be off by the carriage."""
    placed = told(order)["ABC/ordered/0"]["order"]
    assert [(1, "SKU-9", 2000), (2, "SKU-10", 1000), (1000, None, 500)] == [
        (each["line"], each.get("item"), each["amount"]) for each in placed["lines"]
    ]
    assert [{"name": "Standard", "basis_points": 887}] == placed["lines"][0]["taxes"]
    ready = told(order)["ABC/fulfillment/1/Shipped"]["order"]
    assert [{"line": 1, "quantity": 2}] == ready["parts"]
    assert ("store-0001", "store-0001") == (ready["collect_at"], ready["location"])


def test_the_same_order_gives_the_same_events_for_ever(order):
    """What was told once would be told again under another name, and happen twice."""
    before = told(order)
    later = copy.deepcopy(order)
    later["lines"][1] = line("9", 1, 1000, ordered=2)
    later["fulfillments"][0]["state"] = "Delivered"
    after = told(later)
    assert {*before, "ABC/fulfillment/1/Delivered", "ABC/cancelled/9/1"} == set(after)
    assert before["ABC/ordered/0"] == after["ABC/ordered/0"]
    assert "order.delivered" == after["ABC/fulfillment/1/Delivered"]["type"]


def test_what_a_store_paid_back_is_only_heard_of(order):
    """A refund a store has paid out would count a second time."""
    refund = {
        "id": "4",
        "state": "Settled",
        "total": 1000,
        "reason": "POS-sale-7",
        "transactionId": "POS-sale-7",
        "createdAt": LATER,
        "lines": [{"orderLineId": "9", "quantity": 1}],
    }
    order["payments"][0]["refunds"] = [refund, {**refund, "id": "5", "transactionId": "bank"}]
    found = told(order)
    first = found["ABC/refund/4/Settled"]["order"]
    assert ("sale-7", True) == (first["refund"]["refund"], first["echo"])
    other = found["ABC/refund/5/Settled"]["order"]
    assert ("ABC/refund/5", "goodwill", [{"line": 1, "amount": 1000}], False) == (
        other["refund"]["refund"],
        other["refund"]["cause"],
        other["refund"]["lines"],
        other["echo"],
    )


def test_what_a_store_told_comes_back_as_delivered_alone(order):
    """Goods a store has put aside and handed over would be put aside and handed over again."""
    order["fulfillments"][0] |= {"trackingCode": "POS-s1/till-1/x", "state": "Delivered"}
    steps = [each for name, each in told(order).items() if "fulfillment" in name]
    assert ["order.delivered"] == [each["type"] for each in steps]
    order["fulfillments"][0] |= {"trackingCode": "", "state": "Shipped"}
    order["fulfillments"][0]["lines"].append({"orderLineId": "10", "quantity": 1})
    assert [] == told(order)["ABC/fulfillment/1/Shipped"]["order"]["parts"]


def test_an_order_that_is_sent_waits_in_no_store(order):
    """A parcel would be looked for behind the counter."""
    order["fulfillments"][0]["method"] = "DHL"
    assert "order.shipped" == told(order)["ABC/fulfillment/1/Shipped"]["type"]
    here = told(order, [("standard-shipping", "store-0002")])
    assert "store-0002" == here["ABC/ordered/0"]["order"]["collect_at"]


def test_a_basket_nobody_ordered_is_not_told(order):
    """Every visitor of the web store would be a customer with an order."""
    assert {} == told(order | {"orderPlacedAt": None})


def test_a_cancelled_order_is_told_whole_and_by_piece(order):
    """Goods would be kept for somebody who does not want them any more."""
    order["state"] = "Cancelled"
    order["lines"] = [line("9", 0, 1000, ordered=2)]
    found = told(order)
    assert {"ABC/cancelled/9/1", "ABC/cancelled/9/2", "ABC/cancelled"} <= set(found)
