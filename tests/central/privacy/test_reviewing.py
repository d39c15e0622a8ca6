"""Looking at erasures again, where one of them cannot be carried out."""

from __future__ import annotations

from sqlalchemy import insert
from structlog.testing import capture_logs

from central.histories.applier import Applier
from central.ledger.engine import writing
from central.ledger.privacy_tables import ERASURES
from central.privacy.reviewing import review_due
from tests.central.privacy.conftest import ADA, EMAIL, NAME
from tests.central.privacy.test_erasing import LATER, SETTINGS, erased, request_id

__all__ = ["erased", "request_id"]


def test_an_erasure_that_cannot_be_carried_out_holds_up_no_other(
    ledger, erased, authority, receive, told
):
    """One broken request would keep everybody else's data, for ever and every ten seconds (P6)."""
    erased()
    lost = {"request_id": "a-0", "party_id": "nobody", "due": "2026-12-01", "begun_at": LATER}
    with writing(ledger) as conn:
        conn.execute(insert(ERASURES).values(again_on="2026-01-01", body=b"{}", **lost))
    receive("side", told.enrolled(ADA, name=NAME, email=EMAIL))
    Applier(ledger, lambda: LATER).apply_pending()
    with capture_logs() as logs:
        assert 1 == review_due(ledger, SETTINGS, authority, LATER)
    assert ["a-0"] == [each["request"] for each in logs if each["event"].endswith("still due")]
