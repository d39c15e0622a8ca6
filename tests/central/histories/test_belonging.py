"""What a till says of itself: its journal knows better."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import insert

from agent.core.entries import commitment, encode
from agent.core.entries.carried import carry
from central.histories import Applier
from central.ledger.customer_tables import SALES
from central.ledger.engine import writing
from central.ledger.report_tables import BOOKED
from central.ledger.tables import JOURNALS, QUARANTINE

NOW = "2026-11-02T12:00:00.000Z"
OLD, OWN = "a" * 32, "b" * 32
SALT = b"s" * 16


@pytest.fixture
def apply(ledger, receive):
    """Receive bodies in a journal that is bound to a till, and apply them."""
    row = {"store": "store-0001", "till": "till-1", "lane": "sales", "keyid": "k", "genesis": b"g"}
    with writing(ledger) as conn:
        conn.execute(insert(JOURNALS).values(row | {"journal_id": OWN, "bound_at": NOW}))

    def _apply(*bodies):
        receive(OWN, *bodies)
        Applier(ledger, lambda: NOW).apply_pending()

    return _apply


def carried(body):
    sealed = encode(body)
    return carry(
        OLD, 1, kind=1, version=1, salt=SALT, body=sealed, committed=commitment(SALT, sealed)
    )


@pytest.mark.parametrize("wrap", [carried, lambda body: body])
@pytest.mark.parametrize("other", [{"store": "store-0002"}, {"till": "till-2"}])
def test_sale_of_another_till_counts_nowhere(apply, told, rows, wrap, other):
    """Who holds one till's key could book sales into any store of the chain."""
    apply(wrap(msgspec.structs.replace(told.sale(1), **other)), told.sale(2))
    assert ["said-of-another-till"] == [row["name"] for row in rows(QUARANTINE)]
    assert ["sale-2"] == [row["sale_id"] for row in rows(SALES)]
    assert ["sale-2"] == [row["ref"] for row in rows(BOOKED)]


@pytest.mark.parametrize("day", ["2026-13-45", "20261102", "2026-W45-1", "", "tomorrow"])
def test_sale_of_a_day_there_is_not_waits(apply, told, rows, day):
    """A day that never comes would hold back its store's books for ever."""
    apply(told.sale(1, date=day), told.cash(500), told.sale(2))
    assert ["no-such-day"] == [row["name"] for row in rows(QUARANTINE)]
    assert ["sale-2"] == [row["sale_id"] for row in rows(SALES)]
