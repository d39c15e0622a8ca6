"""Days: which are complete, what they took, their Z reports; and everything that needs a person."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromQuery

from central.console.pages import page
from central.identity.routes import STAFF
from central.ledger.engine import reading
from central.ledger.hq import hq_of
from central.reports.attention import concerns
from central.reports.completeness import days, late_entries
from central.reports.days import day_totals, z_reports
from central.value.worklist import worklist

DAYS_SHOWN = 100
LATE_SHOWN = 50


@get("/days", sync_to_thread=True)
def get_days(request: Request[Any, Any, Any], store: FromQuery[str] = "") -> Response[str]:
    """Show which days are in, what each till took per day, and the Z reports."""
    hq = hq_of(request)
    only = store.strip() or None
    with reading(hq.engine) as conn:
        return page(
            "days.html",
            chain=hq.name,
            q="",
            now=hq.now(),
            store=store.strip(),
            open_days=days(conn, store=only, open_only=True, limit=DAYS_SHOWN),
            late=late_entries(conn, store=only)[:LATE_SHOWN],
            totals=day_totals(conn, store=only),
            z_reports=z_reports(conn, store=only)[:DAYS_SHOWN],
        )


@get("/attention", sync_to_thread=True)
def get_attention(request: Request[Any, Any, Any]) -> Response[str]:
    """Show what was set aside or flagged."""
    hq = hq_of(request)
    now = hq.now()
    with reading(hq.engine) as conn:
        found, findings = concerns(conn, now), worklist(conn)
    hq.access_log(STAFF, "value", [each.owner for each in findings])
    return page("attention.html", chain=hq.name, q="", now=now, concerns=found, findings=findings)
