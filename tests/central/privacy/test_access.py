"""The log of who read what of whom."""

from __future__ import annotations

from central.ledger.engine import open_engine, reading
from central.ledger.migrate import migrate
from central.ledger.tables import PERSON_READS
from central.privacy.access import AccessRecorder


def test_each_person_read_has_one_row(tmp_path):
    """Wrong: somebody looks at a customer and nobody can say who it was (P9)."""
    engine = open_engine(tmp_path / "central.sqlite")
    migrate(engine)
    log = AccessRecorder(engine, lambda: "2026-01-02T03:04:05.000Z")
    log("staff", "search", ["p1", "p2", "p1"])
    log("staff", "search", [])
    with reading(engine) as conn:
        found = conn.execute(PERSON_READS.select()).all()
    engine.dispose()
    assert [("p1", "staff", "search"), ("p2", "staff", "search")] == sorted(
        (row.party_id, row.reader, row.action) for row in found
    )
    assert 2 == len({row.read_id for row in found})
