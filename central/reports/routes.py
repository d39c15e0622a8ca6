"""The addresses of reports."""

from __future__ import annotations

from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from central.ledger.engine import reading
from central.ledger.hq import hq_of
from central.reports.attention import Concern, concerns
from central.reports.days import DayTotal, ZReport, day_totals, z_reports


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
    with reading(hq_of(request).engine) as conn:
        return concerns(conn)


ROUTES: list[HTTPRouteHandler] = [get_days, get_z_reports, get_concerns]
