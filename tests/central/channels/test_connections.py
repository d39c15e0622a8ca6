"""Web stores at HQ: one that answers what nobody foresaw is named, and HQ and the others go on."""

from __future__ import annotations

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
