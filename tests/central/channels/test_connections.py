"""Web stores at HQ: one that answers what nobody foresaw is named, and HQ and the others go on."""

from __future__ import annotations

import json

import pytest

from central.channels import linking
from central.channels.connecting import ConnectorFault, ConnectorSettings
from central.channels.connections import Connections
from central.channels.linking import Link
from central.channels.registry import Channel, register
from central.ledger.customer_tables import CHANNEL_EVENTS
from central.ledger.engine import writing

NOW = "2026-11-02T12:00:00.000Z"


class Odd:
    """A connector whose web store answers as none before."""

    def sweep(self):
        raise TypeError("'NoneType' object is not subscriptable")

    fresh = sweep


def test_an_answer_nobody_foresaw_ends_nothing(ledger):
    """The thread would end and HQ with it, at each start again (P6)."""
    link = Link("web", ConnectorSettings("odd", "http://shop.example"), Odd())
    connections = Connections(ledger, lambda: NOW, [link], ended=lambda: None)
    connections._look(link)
    [standing] = connections.standing()
    assert "does not know" in standing.problem
    assert standing.remedy


def test_who_does_not_look_does_not_turn_in_circles(ledger):
    """Of two HQ processes the one that leaves web stores to the other would need a whole core."""
    link = Link("web", ConnectorSettings("odd", "http://shop.example"), Odd())
    connections = Connections(
        ledger, lambda: NOW, [link], ended=lambda: None, is_mine=lambda: False
    )
    connections._look(link)
    assert connections._pause_s() == 0  # What is done every hour was not done yet.
    connections._every_hour()
    assert connections._pause_s() > 0


class Slow:
    """A connector whose looks take a while, and which notes when each began."""

    def __init__(self):
        self.now_s = 1000.0
        self.looks = []
        self.takes_s = {"sweep": 100.0, "fresh": 40.0, "named": 1.0}

    def monotonic(self):
        return self.now_s

    def sweep(self):
        return self._looked("sweep")

    def fresh(self):
        return self._looked("fresh")

    def named(self, order_nos):
        return self._looked("named", *order_nos)

    def _looked(self, what, *named):
        self.looks.append((self.now_s, what, *named))
        self.now_s += self.takes_s[what]
        return ()


@pytest.fixture
def slow(monkeypatch):
    store = Slow()
    monkeypatch.setattr(linking, "time", store)
    return store, Link("web", ConnectorSettings("slow", "http://shop.example"), store)


def test_a_webhook_has_its_order_asked_for_and_no_other(ledger, slow):
    """Each webhook would have every open order read again, and hooks would wait for that."""
    store, link = slow
    link.look(ledger, lambda: NOW)
    link.look(ledger, lambda: NOW, ["A", "B"])
    assert [(1000, "sweep"), (1100, "named", "A", "B")] == store.looks


def test_sweeps_begin_as_often_as_is_set_and_the_web_store_gets_its_rests(ledger, slow):
    """What a webhook lost of an order that is over would be known as much later as a sweep takes.

    And a web store whose open orders take long to read would do nothing else any more.
    """
    store, link = slow
    while store.now_s < 1600:
        link.look(ledger, lambda: NOW)
        store.now_s = max(store.now_s, link.due_s)
    swept = [at for at, what in store.looks if what == "sweep"]
    assert [1000, 1250, 1500] == swept
    assert [1200] == [at for at, what in store.looks if what == "fresh"][:1]


class Many:
    """A connector whose web store has three orders, and stops answering after some of them."""

    def __init__(self, until=3):
        self.until = until

    def sweep(self):
        for n in range(self.until):
            order = {"order_no": f"W{n}", "currency": "EUR"}
            event = {"event_id": f"W{n}/ordered", "type": "order.placed", "order": order}
            yield [json.dumps(event | {"occurred_at": NOW}).encode()]
        if self.until < 3:
            raise ConnectorFault("it is away", remedy="wait")

    fresh = sweep


@pytest.fixture
def many(ledger, monkeypatch):
    """Link a web store whose orders are taken two at a time; gives the links and the commits."""
    with writing(ledger) as conn:
        register(conn, [Channel("web")], NOW)
    monkeypatch.setattr(linking, "LOT_ORDERS", 2)
    taken = []

    def transact(engine, act):
        taken.append(act)
        with writing(engine) as conn:
            return act(conn)

    monkeypatch.setattr(linking, "transact", transact)

    def _linked(until=3):
        return Link("web", ConnectorSettings("many", "http://shop.example"), Many(until))

    return _linked, taken


def test_orders_are_taken_several_in_a_transaction_and_once(ledger, many, rows):
    """Ten thousand orders would be as many commits, and each sweep would write them all again."""
    linked, taken = many
    link = linked()
    link.look(ledger, lambda: NOW)
    assert (3, 2) == (len(rows(CHANNEL_EVENTS)), len(taken))
    link.due_s = 0.0
    link.look(ledger, lambda: NOW)
    assert 2 == len(taken)


def test_what_was_told_before_a_web_store_went_away_is_taken(ledger, many, rows):
    """A page that can never be read would keep the orders before it out, look after look (P6)."""
    linked, _ = many
    with pytest.raises(ConnectorFault):
        linked(until=1).look(ledger, lambda: NOW)
    assert ["W0/ordered"] == [row["event_id"] for row in rows(CHANNEL_EVENTS)]
