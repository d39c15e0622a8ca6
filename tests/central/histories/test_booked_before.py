"""What was applied before HQ kept an order of its own."""

from __future__ import annotations

import importlib

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations

from central.histories import Applier
from central.ledger.engine import reading, writing
from central.ledger.report_tables import BOOK_HEADS, BOOKED, DAY_REACH, REPORT_TABLES, STORE_DAYS
from central.reports.completeness import reckon_all
from central.reports.export.reading import every_fact, span
from tests.central.guards import unguarded
from tests.central.reports.shop import Journal

STEP = importlib.import_module("central.ledger.migrations.versions.0005_reports")
NOW = "2026-11-02T12:00:00.000Z"


@pytest.fixture
def older(ledger, receive):
    """A ledger whose applied entries were never booked."""
    till = Journal("a" * 32)
    till.open()
    till.sell()
    till.cash(-20)
    till.close()
    receive(till.id, *till.bodies, b"{}")
    Applier(ledger, lambda: NOW).apply_pending()
    return till


def test_update_books_what_was_applied(ledger, older, rows):
    """An export after the update would begin with the day of the update."""
    wanted = [dict(row) for row in rows(BOOKED, BOOKED.c.place)]
    head, reach = rows(BOOK_HEADS), rows(DAY_REACH)
    assert 4 == len(wanted)
    with writing(ledger) as conn:
        for name in ("booked_entry_no_delete", "quarantine_audit_no_delete"):
            unguarded(conn, name)
        for table in REPORT_TABLES:
            conn.exec_driver_sql(f"DROP TABLE {table.name}")
        conn.exec_driver_sql("DROP INDEX ix_sale_journal_id_seq")
        for name in ("voided_at", "voided_by", "void_reason"):
            conn.exec_driver_sql(f"ALTER TABLE quarantine DROP COLUMN {name}")
        with Operations.context(MigrationContext.configure(conn)):
            STEP.upgrade()
    assert [row | {"booked_at": NOW} for row in rows(BOOKED, BOOKED.c.place)] == wanted
    assert (head, reach) == (rows(BOOK_HEADS), rows(DAY_REACH))
    assert ["open"] == [row["state"] for row in rows(STORE_DAYS)]
    assert {"store-0001": ["2026-11-02"]} == reckon_all(ledger, NOW)
    with reading(ledger) as conn:
        of = span(conn, "")
    assert [body.__struct_config__.tag for body in older.bodies] == [
        fact.body.__struct_config__.tag for fact in every_fact(ledger, of)
    ]
