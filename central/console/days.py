"""Days and their Z reports, and everything that needs a person."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get

from central.console.pages import page
from central.ledger.engine import reading
from central.ledger.hq import hq_of
from central.reports.attention import concerns
from central.reports.days import day_totals, z_reports


@get("/days", sync_to_thread=True)
def get_days(request: Request[Any, Any, Any]) -> Response[str]:
    """Show what each till took per day, and the Z reports."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        totals, reports = day_totals(conn), z_reports(conn)
    return page("days.html", chain=hq.name, q="", totals=totals, z_reports=reports)


@get("/attention", sync_to_thread=True)
def get_attention(request: Request[Any, Any, Any]) -> Response[str]:
    """Show what was set aside or flagged."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        found = concerns(conn)
    return page("attention.html", chain=hq.name, q="", now=hq.now(), concerns=found)
