"""A served HQ, and a person with something of every kind."""

from __future__ import annotations

import pytest

from agent.core.entries.bodies import ConsentGiven, PartyIdentified
from agent.core.history import Strength
from central.channels.intake import take
from central.channels.registry import Channel, register
from central.daemon.rights import RootAuthority
from central.histories import Applier
from central.identity.attributes import observe
from central.identity.parties import Origin
from central.intake.root_key import RootKey
from central.ledger.engine import writing
from central.ledger.tables import JOURNALS
from central.ledger.upserts import upsert
from tests.central.served import hq, new_till

__all__ = ["hq", "new_till"]

NOW = "2026-11-02T12:00:00.000Z"
ADA = "01999999-0000-7000-8000-00000000ada0"
NAME, EMAIL, PHONE, CARD = "Ada Lovelace", "ada@example.com", "+491701234567", "LC0041061059"


@pytest.fixture
def ada(ledger, receive, told):
    """Somebody who enrolled at a till, bought there, ordered on the web, and was imported."""
    with writing(ledger) as conn:
        for lane in ("sales", "side"):
            conn.execute(upsert(JOURNALS).values(_journal(lane)).on_conflict_do_nothing())
        register(conn, [Channel("web", "distribution", "Shop")], NOW)
    said = (ConsentGiven("marketing", "email", given=False),)
    person = told.enrolled(ADA, name=NAME, email=EMAIL, phone=PHONE, card=CARD, consents=said)
    met = PartyIdentified(ADA, "store-0001", "till-1", told.at(2), "phone")
    receive("side", person, met, told.tie(1, ADA))
    receive("sales", told.sale(1, ref="ref-1"))
    Applier(ledger, lambda: NOW).apply_pending()
    event = (
        b'{"event_id":"e-1","type":"order.placed","occurred_at":"2026-11-01T10:00:00Z",'
        b'"party":{"party_id":"%s","name":"%s","email":"%s"},"order":{"order_no":"W-1",'
        b'"lines":[{"name":"Tea","quantity":1,"amount":399}],'
        b'"total":399,"currency":"EUR"}}'
    ) % (ADA.encode(), NAME.encode(), EMAIL.encode())
    done = b'{"event_id":"e-2","type":"order.delivered","occurred_at":"2026-11-02T10:00:00Z",'
    done += b'"order":{"order_no":"W-1"}}'
    with writing(ledger) as conn:
        outcome, _ = take(conn, "web", [event, done], NOW, lambda: "new")
        observe(conn, ADA, {"tier": "gold"}, Origin("import", NOW), Strength.RECORD)
    assert "accepted" == outcome.outcome
    return ADA


@pytest.fixture
def root(tmp_path):
    """HQ's root key."""
    return RootKey.create(tmp_path / "root.key")


@pytest.fixture
def authority(root):
    """The root key, as the routes have it."""
    return RootAuthority(root, lambda: NOW)


def _journal(lane):
    return {
        "journal_id": lane,
        "store": "store-0001",
        "till": "till-1",
        "lane": lane,
        "keyid": "key",
        "genesis": b"g",
        "bound_at": NOW,
    }
