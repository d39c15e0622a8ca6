"""The addresses of reports."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, QueryParameter

from central.ledger.engine import reading
from central.ledger.hq import hq_of
from central.reports.attention import Concern, concerns
from central.reports.completeness import PAGE, LateEntry, StoreDay, days, late_entries
from central.reports.days import DayTotal, ZReport, day_totals, z_reports
from central.reports.export.dictionary import Dictionary, dictionary
from central.reports.export.reading import ExportPage, export_page

DAYS_MAX = 5000
EXPORT_MAX = 1000
"""Entries of one page of an export."""


@get("/v1/reports/days", sync_to_thread=True)
def get_days(
    request: Request[Any, Any, Any],
    business_date: FromQuery[str | None] = None,
    store: FromQuery[str | None] = None,
) -> list[DayTotal]:
    """Tell what each till took per business date."""
    with reading(hq_of(request).engine) as conn:
        return day_totals(conn, business_date=business_date, store=store)


@get("/v1/reports/z", sync_to_thread=True)
def get_z_reports(
    request: Request[Any, Any, Any],
    business_date: FromQuery[str | None] = None,
    store: FromQuery[str | None] = None,
) -> list[ZReport]:
    """List the Z reports that have arrived."""
    with reading(hq_of(request).engine) as conn:
        return z_reports(conn, business_date=business_date, store=store)


@get("/v1/reports/concerns", sync_to_thread=True)
def get_concerns(request: Request[Any, Any, Any]) -> list[Concern]:
    """List what needs a person."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        return concerns(conn, hq.now())


@get("/v1/days", sync_to_thread=True)
def get_store_days(
    request: Request[Any, Any, Any],
    store: FromQuery[str | None] = None,
    since: FromQuery[str | None] = None,
    open_only: FromQuery[bool] = False,
    limit: Annotated[int, QueryParameter(ge=1, le=DAYS_MAX)] = PAGE,
) -> list[StoreDay]:
    """Tell of each store's days whether they are complete, and what is missing in them."""
    with reading(hq_of(request).engine) as conn:
        return days(conn, store=store, since=since, open_only=open_only, limit=limit)


@get("/v1/days/late", sync_to_thread=True)
def get_late(
    request: Request[Any, Any, Any],
    store: FromQuery[str | None] = None,
    business_date: FromQuery[str | None] = None,
) -> list[LateEntry]:
    """List what arrived after its day was declared complete, with when and why."""
    with reading(hq_of(request).engine) as conn:
        return late_entries(conn, store=store, business_date=business_date)


@get("/v1/export", sync_to_thread=False)
def get_dictionary() -> Dictionary:
    """Describe what can be exported: the data dictionary."""
    return dictionary()


@get("/v1/export/{table:str}", sync_to_thread=True)
def get_export(
    request: Request[Any, Any, Any],
    table: FromPath[str],
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=EXPORT_MAX)] = EXPORT_MAX,
) -> ExportPage:
    """Export one page of a table, in HQ's order, behind a cursor."""
    return export_page(hq_of(request).engine, table, after, limit)


ROUTES: list[HTTPRouteHandler] = [
    get_days,
    get_z_reports,
    get_concerns,
    get_store_days,
    get_late,
    get_dictionary,
    get_export,
]
