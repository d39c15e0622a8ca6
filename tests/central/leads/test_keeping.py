"""What is due is worked off several at a time, and none is in another's way."""

from __future__ import annotations

from sqlalchemy import select

from central.leads import keeping
from central.ledger.due import PARTY, note_due
from central.ledger.engine import reading, writing
from central.ledger.lead_tables import LEAD_DUE


def test_of_some_that_are_derived_together_a_bad_one_keeps_back_itself_alone(
    ledger, keeper, monkeypatch
):
    """One customer's unreadable record would keep the credits of nine others out (P6)."""
    derived = []

    def refresh(_conn, person, *_):
        if person == "b":
            raise ValueError("no such record")
        derived.append(person)

    monkeypatch.setattr(keeping, "refresh", refresh)
    with writing(ledger) as conn:
        note_due(conn, PARTY, ["a", "b", "c"])
    assert 3 == keeper.work()
    with reading(ledger) as conn:
        left = [(row.id, row.tries) for row in conn.execute(select(LEAD_DUE))]
    assert (["a", "c"], [("b", 1)]) == (derived[-2:], left)
