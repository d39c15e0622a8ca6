"""Texts longer than anybody is called: they hold up no other event and no other row (P6)."""

from __future__ import annotations

import json
import random

import pytest

from central.channels.imports import import_customers
from central.channels.intake import take
from central.channels.registry import Channel, register
from central.ledger.customer_tables import PARTIES
from central.ledger.engine import writing

NOW = "2026-11-02T12:00:00.000Z"
LONG = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789ÄÖÜ漢字仮名", k=6000))


def _event(number, **more):
    order = {"order_no": f"W-{number}", "lines": [{"name": "Tea"}], "total": 0, "currency": "EUR"}
    told = {"event_id": f"e-{number}", "type": "order.placed", "occurred_at": NOW, "order": order}
    return json.dumps(told | more).encode()


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "long",
    [{"party": {"email": "ada@example.com", "name": LONG}}, {"touch_point": LONG}],
    ids=["name", "touch point"],
)
def test_an_event_with_an_endless_text_holds_up_no_other(ledger, long):
    """On PostgreSQL an index refused it, and with it all other events of the web store."""
    with writing(ledger) as conn:
        register(conn, [Channel("web")], NOW)
        told = take(conn, "web", [_event(1, **long), _event(2)], NOW, lambda: "new")
    assert "accepted" == told[1].outcome
    assert told[0].notes or told[0].reason
    assert LONG not in repr(told)


@pytest.mark.both_databases
def test_a_row_with_an_endless_text_is_left_out_with_a_reason(ledger, rows, tmp_path):
    """An import would break off at it each time it is begun again."""
    file = tmp_path / "customers.csv"
    file.write_text(f"source_id,name\n1,Ada Byron\n2,{LONG[:999]}\n3,Grace Hopper\n")
    report = import_customers(ledger, file)
    assert (2, 1) == (report.added, report.skipped)
    assert ["name has more than 300 characters"] == [each.reason for each in report.problems]
    assert {"1", "3"} == {row["source_id"] for row in rows(PARTIES)}
