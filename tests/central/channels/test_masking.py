"""Card numbers in what a channel sends: masked before anything is kept, and told."""

from __future__ import annotations

import json

import pytest

from central.channels.intake import take
from central.channels.registry import Channel, register
from central.identity.findings import found_count, found_newest
from central.ledger.customer_tables import CHANNEL_EVENTS, INTERACTIONS, ORDERS
from central.ledger.engine import reading, writing
from central.ledger.metadata import METADATA

NOW = "2026-11-02T12:00:00.000Z"
VISA = "4111 1111 1111 1111"
LUHN_GTIN = "36000000123537"


@pytest.fixture
def send(ledger):
    """Send events of the channel `web`; gives their outcomes."""
    with writing(ledger) as conn:
        register(conn, [Channel("web", "distribution", "Shop")], NOW)

    def _send(*bodies):
        with writing(ledger) as conn:
            return take(conn, "web", bodies, NOW, lambda: "new-1")

    return _send


def _order(**fields):
    line = {"name": f"Voucher for {VISA}", "quantity": 1, "amount": 500, "gtin": LUHN_GTIN}
    order = {"order_no": "4111111111111111", "lines": [line], "total": 500, "currency": "EUR"}
    event = {"event_id": "e-1", "type": "order.placed", "occurred_at": NOW, "order": order}
    party = {"email": "ada@example.com", "name": "Ada"}
    return json.dumps(event | {"party": party} | fields).encode()


@pytest.mark.both_databases
def test_an_order_is_taken_without_the_card_number(ledger, send, rows):
    """The order would be lost, or the number kept at HQ for ever (P9, PCI DSS)."""
    (outcome,) = send(_order(party={"email": "ada@example.com", "name": f"Ada {VISA} 12/27"}))
    assert "accepted" == outcome.outcome
    assert 2 == sum("card number ending in 1111 was masked" in note for note in outcome.notes)
    assert [b"Ada ****1111" in row["body"] for row in rows(CHANNEL_EVENTS)] == [True]
    assert ["4111111111111111"] == [row["order_no"] for row in rows(ORDERS)]
    assert [LUHN_GTIN.encode() in row["body"] for row in rows(ORDERS)] == [True]
    assert 1 == len(rows(INTERACTIONS))
    with reading(ledger) as conn:
        tables = METADATA.tables.values()
        everything = [repr(tuple(row)) for table in tables for row in conn.execute(table.select())]
        found = found_newest(conn)
    assert VISA not in "".join(everything)
    assert [("web/e-1", "1111", "Visa")] * 2 == [
        (each.source, each.shown, each.scheme) for each in found
    ]


def test_the_same_event_again_is_a_duplicate_that_says_the_same(ledger, send):
    """A channel that repeats itself would fill the list."""
    send(_order())
    (again,) = send(_order())
    assert "duplicate" == again.outcome
    assert ["1111"] == [note.partition(" ending in ")[2][:4] for note in again.notes]
    with reading(ledger) as conn:
        assert 1 == found_count(conn)


def test_what_cannot_be_read_is_masked_as_text(send, rows):
    """The quarantine would keep what no table may."""
    (outcome,) = send(b'{"event_id": "e-2", "note": "4111111111111111"')
    assert "quarantined" == outcome.outcome
    assert [b'{"event_id": "e-2", "note": "****1111"'] == [r["body"] for r in rows(CHANNEL_EVENTS)]
