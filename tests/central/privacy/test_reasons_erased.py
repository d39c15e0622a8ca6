"""Why staff decided something may name the person: it goes with them, the decision stays."""

from __future__ import annotations

import pytest

from agent.core.consent.rights import Kind
from agent.core.recognition.means import Identifier, IdentifierType
from central.identity.blocks import block
from central.identity.merges import Asked
from central.ledger.engine import reading, writing
from central.ledger.graph_tables import BLOCKS
from central.ledger.metadata import METADATA
from central.ledger.privacy_tables import ERASURE_HOLDS
from central.privacy.rights import Held, RequestTold, erase, hold, lift_hold, take_down
from central.privacy.settings import PrivacySettings
from tests.central.privacy.conftest import NAME, NOW, PHONE

SETTINGS = PrivacySettings(name="Shop", country="DE")
WHY = f"{NAME} is in dispute with us"


@pytest.mark.both_databases
def test_why_data_was_held_and_a_number_blocked_goes_with_the_person(ledger, ada, authority, rows):
    """Wrong: of somebody who was erased staff still read who they were, and what about (P9)."""
    told = RequestTold(kind=Kind.ERASE, request_id="q-1", verified_by=("passport",))
    with writing(ledger) as conn:
        hold(conn, ada, Held(WHY, "eva"), NOW)
        block(conn, Identifier(IdentifierType.PHONE, PHONE), Asked("eva", WHY), NOW)
        take_down(conn, ada, told, NOW)
        erase(conn, "q-1", SETTINGS, authority, NOW)
    assert [WHY] == [row["reason"] for row in rows(ERASURE_HOLDS)]
    with writing(ledger) as conn:
        lift_hold(conn, ada, NOW)
        erase(conn, "q-1", SETTINGS, authority, NOW)
    with reading(ledger) as conn:
        tables = METADATA.tables.values()
        named = [each.name for each in tables if NAME in repr(conn.execute(each.select()).all())]
    assert [] == named
    assert [("eva", "", NOW)] == [
        (row["actor"], row["reason"], row["lifted_at"]) for row in rows(ERASURE_HOLDS)
    ]
    assert [("eva", "", PHONE)] == [
        (row["actor"], row["reason"], row["value"]) for row in rows(BLOCKS)
    ]
