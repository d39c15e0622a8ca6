"""Web stores at HQ: one that answers what nobody foresaw is named, and HQ and the others go on."""

from __future__ import annotations

import pytest

from central.channels import connections as watched
from central.channels.connecting import ConnectorSettings
from central.channels.connections import Connections, Link

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
    monkeypatch.setattr(watched, "time", store)
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
