"""The addresses of leads; each read of a person is logged before the answer leaves."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, QueryParameter

from central.identity.parties import canonical
from central.leads.desk_routes import DESK_ROUTES
from central.leads.listing import LeadView, lead_named, leads_of, person_of
from central.leads.report import FOR_EVER, LeadReport, Span, lead_report
from central.ledger.engine import reading
from central.ledger.hq import hq_of

STAFF = "staff"
_Date = Annotated[str, QueryParameter(max_length=10, description="Business date, ISO 8601.")]


@get("/v1/reports/leads", sync_to_thread=True)
def get_lead_report(
    request: Request[Any, Any, Any], since: _Date = "", until: _Date = FOR_EVER
) -> LeadReport:
    """Show net sales by who booked them and by who is credited: both views sum up alike."""
    with reading(hq_of(request).engine) as conn:
        return lead_report(conn, Span(since, until))


@get("/v1/leads", sync_to_thread=True)
def get_lead(request: Request[Any, Any, Any], lead_id: FromQuery[str]) -> LeadView:
    """Show one lead by its id, what is left of it and where it was bought."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        found, person = lead_named(conn, lead_id, hq.now()), person_of(conn, lead_id)
    hq.access_log(STAFF, "leads", [person] if person else [])
    return found


@get("/v1/parties/{any_id:str}/leads", sync_to_thread=True)
def get_party_leads(request: Request[Any, Any, Any], any_id: FromPath[str]) -> list[LeadView]:
    """Show a customer's carts, wish lists and quotes on all channels, and what became of them."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        person = canonical(conn, any_id)
        found = leads_of(conn, person, hq.now())
    hq.access_log(STAFF, "leads", [person])
    return found


ROUTES: list[HTTPRouteHandler] = [get_lead_report, get_lead, get_party_leads, *DESK_ROUTES]
