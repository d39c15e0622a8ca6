"""What every connector to a web store keeps to, seen on a played one that answers over HTTP."""

from __future__ import annotations

import copy
import json
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest

from agent.core.orders import CustomerOrder, Part, Refund, Stage, Step
from central.channels.connecting import ConnectorFault, ConnectorSettings
from central.channels.connections import KINDS, link_to
from central.channels.told import read_event
from central.goods.tasks import Task
from tests.central.channels.test_vendure_events import line

AT = "2026-11-22T19:47:52.000Z"
ORDERED = {
    "id": "1",
    "code": "ABC",
    "state": "PaymentSettled",
    "orderPlacedAt": AT,
    "updatedAt": AT,
    "currencyCode": "USD",
    "totalWithTax": 2000,
    "shippingWithTax": 0,
    "customer": None,
    "shippingAddress": None,
    "shippingLines": [],
    "surcharges": [],
    "modifications": [],
    "lines": [line("9", 2, 1000)],
    "payments": [
        {
            "id": "1",
            "state": "Settled",
            "amount": 2000,
            "method": "card",
            "transactionId": "r",
            "createdAt": AT,
            "refunds": [],
        }
    ],
    "fulfillments": [],
    "history": {"items": []},
}


_MUTATIONS = {
    "addFulfillmentToOrder": "fulfil",
    "transitionFulfillmentToState": "move",
    "refundOrder": "refund",
    "settleRefund": "settle",
    "addNoteToOrder": "note",
}


class Vendure:
    """As much of Vendure 3 as a connector meets, in memory; `lose` drops answers after acting."""

    def __init__(self):
        self.orders = []
        self.lose = 0
        self.away = False
        self.sessions = self.asked = 0

    def answer(self, query, said):
        self.asked += 1
        for name in ("login", "orders", *_MUTATIONS):
            if f"{name}(" in query:
                return {name: getattr(self, f"_{_MUTATIONS.get(name, name)}")(said)}
        raise AssertionError(query)

    def _login(self, _said):
        self.sessions += 1
        return {"__typename": "CurrentUser"}

    def _orders(self, said):
        where = said["options"]["filter"]
        found = [each for each in self.orders if self._fits(each, where)]
        return {"totalItems": len(found), "items": copy.deepcopy(found)}

    def _fulfil(self, said):
        arguments = {each["name"]: each["value"] for each in said["input"]["handler"]["arguments"]}
        held = self.orders[0]["fulfillments"]
        made = {"id": str(len(held) + 1), "state": "Pending", "createdAt": AT, "updatedAt": AT}
        held.append(made | {"lines": said["input"]["lines"], **arguments})
        return held[-1]

    def _move(self, said):
        [moved] = [each for each in self.orders[0]["fulfillments"] if each["id"] == said["id"]]
        moved["state"] = said["state"]
        return moved

    def _refund(self, said):
        refunds, asked = self.orders[0]["payments"][0]["refunds"], said["input"]
        made = {"id": str(len(refunds) + 1), "state": "Pending", "createdAt": AT}
        made |= {"total": asked["amount"], "reason": asked["reason"], "transactionId": None}
        refunds.append(made | {"lines": asked["lines"]})
        return refunds[-1]

    def _settle(self, said):
        refunds = self.orders[0]["payments"][0]["refunds"]
        refunds[0] |= {"state": "Settled", "transactionId": said["paid"]}
        return refunds[0]

    def _note(self, said):
        note = {"type": "ORDER_NOTE", "id": "n", "createdAt": AT, "data": {"note": said["note"]}}
        self.orders[0]["history"]["items"].append(note)
        return {"id": "1"}

    @staticmethod
    def _fits(order, where):
        code = where.get("code", {})
        placed = {"after": "", "before": "~"} | where.get("orderPlacedAt", {})
        over = where.get("state", {}).get("notIn", [])
        return (
            code.get("eq", order["code"]) == order["code"]
            and order["code"] in code.get("in", [order["code"]])
            and placed["after"] < order["orderPlacedAt"] < placed["before"]
            and (order["state"] not in over)
        )


@pytest.fixture
def played():
    """A web store and the address of its administration."""
    store = Vendure()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if store.away:
                self.send_error(503)
                return
            body = {"data": store.answer(asked["query"], asked["variables"])}
            if "mutation" in asked["query"] and "login(" not in asked["query"] and store.lose:
                store.lose -= 1
                self.send_error(502)
                return
            self.send_response(200)
            self.send_header("vendure-auth-token", "session")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield store, f"http://127.0.0.1:{server.server_port}/admin-api"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=sorted(KINDS))
def connector(request, played):
    """Every kind of connector there is, and the web store it asks."""
    store, url = played
    made = link_to("web", ConnectorSettings(request.param, url, "hq")).connector
    yield store, made
    made.close()


def names(batches):
    return [msgspec.json.decode(body)["event_id"] for events in batches for body in events]


def collected(event, *parts):
    return Step(f"s1/t1/{event}", "web/ABC", Stage.COLLECTED, parts, location="s1")


def paid_back():
    parts = (Part(1, 1000),)
    back = Step("s/back", "web/ABC", Stage.RETURNED, parts, location="s1", sale_id="sale-7")
    refund = Refund("s/paid", "web/ABC", "sale-7", 1000, sale_id="sale-7")
    return Task("t", "ABC", "refund", refund, AT), CustomerOrder("web/ABC", (back, refund))


def test_what_it_tells_are_events_and_the_same_each_time(connector):
    """The same order would be told again and again as something new."""
    store, made = connector
    store.orders = [copy.deepcopy(ORDERED)]
    swept, fresh = names(made.sweep()), names(made.fresh())
    assert swept
    assert set(swept) == set(fresh) == set(names(made.named(["ABC"])))
    for events in made.named(["ABC"]):
        assert {"ABC"} == {read_event(body).order.order_no for body in events}
    assert [] == list(made.named(["unheard-of"]))
    assert 1 == store.sessions


def test_what_changed_is_seen_though_nothing_says_so(connector):
    """A refund, or a parcel sent, would never reach the customer's history."""
    store, made = connector
    store.orders = [copy.deepcopy(ORDERED)]
    before = set(names(made.sweep()))
    late = copy.deepcopy(ORDERED) | {"id": "2", "code": "DEF"}
    store.orders.append(late)
    store.orders[0]["payments"][0]["state"] = "Cancelled"
    assert {"ABC/payment/1/Cancelled", "DEF/ordered/0"} <= set(names(made.fresh())) - before


def test_a_store_s_act_is_done_once_whatever_answers_are_lost(connector):
    """The customer's money would go back twice because one answer did not arrive."""
    store, made = connector
    store.orders = [copy.deepcopy(ORDERED)]
    task, order = paid_back()
    for lost in (2, 0, 0):
        store.lose = lost
        with suppress(ConnectorFault):
            made.do(task, order)
    [refund] = store.orders[0]["payments"][0]["refunds"]
    assert ("Settled", 1000, "POS-sale-7") == (
        refund["state"],
        refund["total"],
        refund["transactionId"],
    )
    heard = [msgspec.json.decode(body) for events in made.named(["ABC"]) for body in events]
    [echo] = [each for each in heard if each["event_id"] == "ABC/refund/1/Settled"]
    assert (True, "sale-7") == (echo["order"]["echo"], echo["order"]["refund"]["refund"])


def test_goods_handed_over_in_a_store_are_handed_over_there(connector):
    """The web store would send what the customer has taken home already."""
    store, made = connector
    store.orders = [copy.deepcopy(ORDERED)]
    first, second = collected("a", Part(1, 1000)), collected("b", Part(1, 1000))
    told = CustomerOrder("web/ABC", (first,))
    for lost in (1, 1, 1, 0, 0):
        store.lose = lost
        with suppress(ConnectorFault):
            made.do(Task("t", "ABC", "step", first, AT), told)
    [done] = store.orders[0]["fulfillments"]
    assert ("Delivered", "POS-s1/t1/a") == (done["state"], done["trackingCode"])
    made.do(Task("u", "ABC", "step", second, AT), CustomerOrder("web/ABC", (first, second)))
    assert ["Delivered"] * 2 == [each["state"] for each in store.orders[0]["fulfillments"]]


def test_a_web_store_that_is_away_says_so_and_loses_nothing(connector):
    """HQ would stop, or believe that nobody orders any more."""
    store, made = connector
    store.away = True
    with pytest.raises(ConnectorFault) as caught:
        list(made.sweep())
    assert caught.value.remedy
    store.away, store.orders = False, [copy.deepcopy(ORDERED)]
    assert names(made.fresh())


def test_an_order_nobody_can_read_holds_up_no_other(connector):
    """One order of a product that was deleted would hide all orders behind it (P6)."""
    store, made = connector
    odd = copy.deepcopy(ORDERED) | {"id": "0", "code": "ODD", "lines": None}
    store.orders = [odd, copy.deepcopy(ORDERED)]
    for told in (names(made.sweep()), names(made.fresh())):
        assert {"ABC"} == {each.partition("/")[0] for each in told}
    assert [] == list(made.named(["ODD"]))


def test_many_orders_named_at_once_are_few_questions(connector):
    """A morning's webhooks would be asked for one by one, and the counter wait for hours."""
    store, made = connector
    store.orders = [copy.deepcopy(ORDERED) | {"code": f"N{n}"} for n in range(120)]
    wanted = [f"N{n}" for n in range(110)]
    found = [msgspec.json.decode(events[0])["order"]["order_no"] for events in made.named(wanted)]
    assert wanted == found
    assert store.asked <= len(wanted) // 10


def major(held):
    """Write an order as a web store with major units has it."""
    if isinstance(held, list):
        return [major(each) for each in held]
    if not isinstance(held, dict):
        return held
    money = {"amount", "proratedLinePriceWithTax", "proratedUnitPriceWithTax", "totalWithTax"}
    money |= {"shippingWithTax", "total", "unitPriceWithTax"}
    return {name: each / 100 if name in money else major(each) for name, each in held.items()}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_money_in_major_units_is_the_same_money(kind, played):
    """HQ would have a hundredth of every order, and pay back a hundred times too much."""
    store, url = played
    told = []
    for amounts, ordered in (("minor", ORDERED), ("major", major(ORDERED))):
        store.orders = [copy.deepcopy(ordered)]
        made = link_to("web", ConnectorSettings(kind, url, "hq", amounts=amounts)).connector
        told.append([list(map(msgspec.json.decode, events)) for events in made.sweep()])
        made.do(*paid_back())
        told[-1].append(store.orders[0]["payments"][0]["refunds"][0]["total"] * 1.0)
        made.close()
    assert told[0][:-1] == told[1][:-1]
    assert (1000.0, 10.0) == (told[0][-1], told[1][-1])
