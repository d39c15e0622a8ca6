"""Keys of tills reach all tills, one by one."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert

from agent.core.exchange.credentials import key_id
from central.feed.receipt_keys import publish_due
from central.ledger.authority_tables import REVOKED_DEVICES
from central.ledger.engine import writing
from central.ledger.tables import CREDENTIALS

FIRST, SECOND = (bytes([n]) * 32 for n in (1, 2))


def let_in(conn, public):
    place = {"store": "store-0001", "till": "till-1", "credential": "{}", "signature": ""}
    row = {"keyid": key_id(public), "device_key": public.hex(), "issued_at": "2026-11-02", **place}
    conn.execute(insert(CREDENTIALS).values(row))


def rule(public):
    return f"rule:receipt-key-{key_id(public)[:12]}"


@pytest.mark.both_databases
def test_each_key_is_published_once_and_a_revoked_one_taken_back(ledger, feed):
    """Receipts of one store would be worth nothing in another, or a thief's would be trusted."""
    with writing(ledger) as conn:
        let_in(conn, FIRST)
        assert 1 == publish_due(conn)
        let_in(conn, SECOND)
        assert [1, 0] == [publish_due(conn), publish_due(conn)]
        order = {"order_id": "o", "reason": "stolen", "at": "2026-11-03"}
        conn.execute(insert(REVOKED_DEVICES).values(device_key=FIRST.hex(), **order))
        assert [1, 0] == [publish_due(conn), publish_due(conn)]
    second = {"public": SECOND.hex()}
    assert {
        ("global", rule(FIRST)): ("del", None),
        ("global", rule(SECOND)): ("put", second),
    } == feed()
    with writing(ledger) as conn:
        conn.execute(delete(REVOKED_DEVICES))
        assert [1, 0] == [publish_due(conn), publish_due(conn)]
