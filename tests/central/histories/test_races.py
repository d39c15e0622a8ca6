"""Entries on both databases, while one in five commits is undone: each has its effect once."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from central.histories import Applier
from central.ledger.customer_tables import INTERACTIONS, SALES
from central.ledger.engine import reading
from central.ledger.report_tables import BOOKED
from central.ledger.tables import APPLIED, FEED_MARKS, FEED_ROWS, QUARANTINE

ADA = "01999999-0000-7000-8000-00000000ada0"
SALES_J, SIDE_J = "a" * 32, "b" * 32
NOW = "2026-11-02T12:00:00.000Z"
COUNT = 250


@pytest.mark.both_databases
def test_effects_are_once_whatever_race_is_lost(ledger, lost_races, receive, told, rows):
    """Wrong: a sale is counted twice or not at all where several processes write (I4, I14)."""
    receive(SIDE_J, told.enrolled(ADA), *[told.tie(n, ADA) for n in range(1, 4)], b"no body")
    receive(SALES_J, *[told.sale(n, ref=f"ref-{n}") for n in range(1, COUNT + 1)])
    applier, lost = Applier(ledger, lambda: NOW), lost_races()
    while applier.apply_pending():
        pass
    assert lost
    assert COUNT == len(rows(SALES)) == len(rows(BOOKED))
    assert list(range(1, COUNT + 1)) == [row["place"] for row in rows(BOOKED, BOOKED.c.place)]
    assert {SALES_J: COUNT, SIDE_J: 5} == {row["journal_id"]: row["seq"] for row in rows(APPLIED)}
    assert [(SIDE_J, 5)] == [(row["journal_id"], row["seq"]) for row in rows(QUARANTINE)]
    assert 3 == len(rows(INTERACTIONS))
    marks = [row["fseq"] for row in rows(FEED_MARKS, FEED_MARKS.c.fseq)]
    assert list(range(1, len(marks) + 1)) == marks
    with reading(ledger) as conn:
        last = conn.execute(select(FEED_ROWS.c.fseq).where(FEED_ROWS.c.key == f"party:{ADA}"))
        assert marks[-1] == last.scalar_one()
