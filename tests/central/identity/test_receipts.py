"""The signed code of a receipt at HQ."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from agent.core.entries import commitment, encode
from agent.core.exchange.credentials import key_id
from agent.journal.device_key import passing_key
from agent.till.receipt_codes import ReceiptCodes
from central.ledger.authority_tables import REVOKED_DEVICES
from central.ledger.engine import writing
from central.ledger.tables import CREDENTIALS
from tests.central.conftest import SALT

ADA = "01999999-0000-7000-8000-00000000ada0"
KEY, STRANGER = passing_key(), passing_key()
SALES_J, SIDE_J = "a" * 32, "b" * 32


def code_of(body, key=KEY, digest=None):
    return ReceiptCodes(lambda: key).code(body, digest or commitment(SALT, encode(body)))


@pytest.fixture
def shown(ledger, client):
    place = {"store": "store-0001", "till": "till-1", "credential": "{}", "signature": ""}
    with writing(ledger) as conn:
        row = {"keyid": key_id(KEY.public_bytes), "device_key": KEY.public_bytes.hex()}
        conn.execute(insert(CREDENTIALS).values(issued_at="2026-11-02", **place, **row))

    def show(code):
        return client.post("/v1/receipts/check", json={"code": code})

    return show


@pytest.mark.both_databases
def test_a_code_names_sale_and_customer_and_a_forged_one_nobody(
    receive, apply, told, shown, ledger
):
    """Service could not tell a genuine receipt from one made at home."""
    sale = told.sale(1, ref="ref-1")
    code = code_of(sale)
    early = shown(code).json()
    assert (True, False, None) == (early["genuine"], early["held"], early["party_id"])
    receive(SIDE_J, told.enrolled(ADA), told.tie(1, ADA, ref="ref-1"))
    receive(SALES_J, sale)
    apply()
    found = shown(code).json()
    assert (True, True, ADA, sale.receipt_no, sale.total) == tuple(
        found[each] for each in ("genuine", "held", "party_id", "receipt_no", "total")
    )
    others = (code_of(sale, STRANGER), code_of(sale, digest=bytes(32)))
    for answer in (shown(each).json() for each in others):
        assert (False, None) == (answer["genuine"], answer["party_id"])
    assert 400 == shown("store-0001-till-1-3f9a-17").status_code
    with writing(ledger) as conn:
        row = {"order_id": "o", "reason": "stolen", "at": "2026-11-03"}
        conn.execute(insert(REVOKED_DEVICES).values(device_key=KEY.public_bytes.hex(), **row))
    assert (False, "stolen") == (shown(code).json()["genuine"], shown(code).json()["why"][-6:])
