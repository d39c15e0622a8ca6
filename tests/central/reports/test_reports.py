"""Figures of the chain: they add up, and what needs a person is in one list."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from central.channels.intake import take
from central.channels.registry import Channel, register
from central.histories import Applier
from central.ledger.engine import reading, writing
from central.ledger.tables import INCIDENTS, JOURNALS
from central.reports.days import latest_date

NOW = "2026-11-02T12:00:00.000Z"


@pytest.fixture
def sold(ledger, receive, told):
    """Two tills on two days."""
    receive(
        "a" * 32,
        told.sale(1, ref="ref-1"),
        told.sale(2, lines=(told.line(1, -1000, reason="broken", actor="eva"),)),
        told.sale(3, date="2026-11-03"),
        told.closed(1),
        told.closed(2, 0, date="2026-11-03"),
    )
    receive("b" * 32, told.sale(4, till="till-2"))
    Applier(ledger, lambda: NOW).apply_pending()


@pytest.mark.usefixtures("sold")
@pytest.mark.both_databases
def test_days_add_up_per_till(client, ledger):
    """HQ's figures would not be those of the tills."""
    days = client.get("/v1/reports/days").json()
    assert [(each["business_date"], each["till"], each["sales"]) for each in days] == [
        ("2026-11-03", "till-1", 1),
        ("2026-11-02", "till-1", 2),
        ("2026-11-02", "till-2", 1),
    ]
    assert (days[1]["total"], days[1]["refunds"], days[1]["attributed"]) == (0, 1, 1)
    assert days[1]["last_sale_at"] == "2026-11-02T10:02:00.000Z"
    with reading(ledger) as conn:
        assert latest_date(conn) == "2026-11-03"


@pytest.mark.usefixtures("sold")
def test_days_of_one_date_and_store(client):
    """Looking for one store would show all."""
    one = {"business_date": "2026-11-02", "store": "store-0001"}
    assert len(client.get("/v1/reports/days", params=one).json()) == 2
    assert client.get("/v1/reports/days", params={"store": "store-9"}).json() == []


@pytest.mark.usefixtures("sold")
def test_z_reports_with_all_their_figures(client):
    """The accountant would have to drive to the store."""
    reports = client.get("/v1/reports/z").json()
    assert [(each["z_number"], each["difference"]) for each in reports] == [(2, 0), (1, -50)]
    assert reports[0]["totals"]["expected_cash"] == 10_750
    one = {"business_date": "2026-11-02", "store": "store-0001"}
    assert [each["z_number"] for each in client.get("/v1/reports/z", params=one).json()] == [1]


@pytest.mark.usefixtures("sold")
def test_good_day_needs_nobody(client):
    """A list that is never empty is never read."""
    assert client.get("/v1/reports/concerns").json() == []


def test_everything_that_needs_a_person_is_in_one_list(client, ledger, receive, told):
    """What was set aside somewhere would stay there, unseen."""
    receive("a" * 32, b"{}", told.sale(1), told.sale(2, lines=(told.returned("sale-1", 1, -5000),)))
    Applier(ledger, lambda: NOW).apply_pending()
    with writing(ledger) as conn:
        register(conn, [Channel("web")], NOW)
        take(conn, "web", [b"{"], NOW, str)
        good = (
            b'{"event_id":"e","type":"order.placed","occurred_at":"2026-11-02",'
            b'"touch_point":"app","order":{"order_no":"W"}}'
        )
        take(conn, "web", [good], NOW, str)
        of_till = {"store": "store-0001", "till": "till-1", "lane": "sales", "keyid": "k"}
        conn.execute(
            insert(JOURNALS).values(
                of_till | {"journal_id": "a" * 32, "genesis": b"g", "bound_at": NOW}
            )
        )
        incident = {"incident_id": "i", "at": NOW, "name": "fork", "detail": "d", "remedy": "r"}
        conn.execute(insert(INCIDENTS).values(incident))
    found = {each["kind"]: each for each in client.get("/v1/reports/concerns").json()}
    assert set(found) == {"incident", "entry", "event", "sale", "touch-point"}
    assert found["entry"]["where"] == "store-0001/till-1 sales 1"
    assert found["sale"]["where"] == "store-0001-till-1-aaaa-2 line 1"
    assert all(each["detail"] and each["remedy"] for each in found.values())
