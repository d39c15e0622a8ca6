"""Leads: net sales by who booked them and by who is credited for them, and the rules of that."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromQuery

from agent.core.leads import rule_on
from central.console.pages import page
from central.leads.report import FOR_EVER, Span, lead_report
from central.leads.rules import rules_held
from central.ledger.engine import reading
from central.ledger.hq import hq_of

DAYS_SHOWN = 31


@get("/leads", sync_to_thread=True)
def get_leads(
    request: Request[Any, Any, Any], since: FromQuery[str] = "", until: FromQuery[str] = ""
) -> Response[str]:
    """Show both views of the same sales, the last month's where no day is named."""
    hq = hq_of(request)
    today = hq.now()[:10]
    begin = since.strip() or _days_before(today)
    with reading(hq.engine) as conn:
        rules = rules_held(conn)
        report = lead_report(conn, Span(begin, until.strip() or FOR_EVER))
    return page(
        "leads.html",
        chain=hq.name,
        q="",
        since=begin,
        until=until.strip(),
        report=report,
        rules=rules,
        in_force=rule_on(rules, today),
    )


def _days_before(today: str) -> str:
    return (date.fromisoformat(today) - timedelta(days=DAYS_SHOWN)).isoformat()
