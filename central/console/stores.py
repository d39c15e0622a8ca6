"""One store: everything HQ can say of it on one page."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from agent.core.faults import NotFoundFault
from central.console.pages import page
from central.console.standing import standing
from central.histories import quarantine
from central.ledger.engine import reading
from central.ledger.epoch import current_epoch
from central.ledger.hq import hq_of
from central.reports.completeness import days, late_entries
from central.reports.days import z_reports

DAYS_SHOWN = 31
ENTRIES_SHOWN = 20


@get("/stores/{store:str}", sync_to_thread=True)
def get_store(request: Request[Any, Any, Any], store: FromPath[str]) -> Response[str]:
    """Show how a store stands, journal by journal and day by day."""
    hq = hq_of(request)
    now = hq.now()
    with reading(hq.engine) as conn:
        found = standing(conn, now, store)
        if not found:
            raise NotFoundFault(
                f"no till of a store {store[:60]!r} was ever enrolled",
                remedy="choose a store from the first page",
            )
        return page(
            "store.html",
            chain=hq.name,
            q="",
            now=now,
            epoch=current_epoch(conn),
            store=found[0],
            days=days(conn, store=store, limit=DAYS_SHOWN),
            late=late_entries(conn, store=store)[:ENTRIES_SHOWN],
            aside=quarantine.listed(conn, store=store, limit=ENTRIES_SHOWN),
            z_reports=z_reports(conn, store=store)[:DAYS_SHOWN],
        )
