"""The list of erasures: in pages, and read with few questions."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import event, insert

from agent.core.consent.proof import Erasure, Ordered
from central.ledger.engine import reading, writing
from central.ledger.privacy_tables import ERASURES
from central.privacy.rights import erasures, place
from tests.central.privacy.conftest import NOW


@pytest.mark.both_databases
def test_the_list_of_erasures_is_read_in_pages_and_few_questions(ledger):
    """Wrong: who looks at the list of a large chain has HQ ask thrice for each line of it."""
    due = [f"2026-12-{1 + n // 3:02d}" for n in range(9)]
    held = [
        Erasure(f"q-{n}", (f"p-{n}",), due[n], (Ordered(f"o-{n}", "global"),)) for n in range(9)
    ]
    with writing(ledger) as conn:
        for each in held:
            row = {"request_id": each.request_id, "party_id": each.parties[0], "due": each.due}
            row |= {"begun_at": NOW, "again_on": "", "body": msgspec.json.encode(each)}
            conn.execute(insert(ERASURES).values(row))
    asked, seen, after = [], [], ""
    event.listen(ledger, "before_cursor_execute", lambda *told: asked.append(told[2]))
    with reading(ledger) as conn:
        while page := erasures(conn, NOW, after, 4):
            seen += [each.request_id for each in page]
            after = place(page[-1])
    assert [each.request_id for each in held] == seen
    assert 4 * 3 >= len([each for each in asked if "SELECT" in each])
