"""Searching a customer, and the one timeline; each read is logged."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery

from agent.core.faults import InputFault
from agent.core.history import OPEN
from central.console.pages import page
from central.identity.interactions import PAGE, interactions_of, mark
from central.identity.parties import members_of
from central.identity.routes import STAFF
from central.identity.search import FOUND_MAX, search
from central.identity.views import FoundView, party_view, unified_view
from central.ledger.engine import reading
from central.ledger.hq import Hq, hq_of
from central.value.balances import view_of


@get("/customers", sync_to_thread=True)
def get_customers(request: Request[Any, Any, Any], q: FromQuery[str] = "") -> Response[str]:
    """Search by card, phone, e-mail, order, receipt or part of a name."""
    hq = hq_of(request)
    found, why = _search(hq, q)
    return page("customers.html", chain=hq.name, q=q, found=found, why=why, found_max=FOUND_MAX)


@get("/customers/{any_id:str}", sync_to_thread=True)
def get_customer(
    request: Request[Any, Any, Any], any_id: FromPath[str], before: FromQuery[str | None] = None
) -> Response[str]:
    """Show what is known of a customer, with its sources, and everything they did."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        party = party_view(conn, any_id)
        unified = unified_view(conn, any_id)
        value = view_of(conn, members_of(conn, party.canonical_id))
        history = interactions_of(conn, party.canonical_id, limit=PAGE + 1, before=before)
    hq.access_log(STAFF, "console", [party.canonical_id])
    return page(
        "customer.html",
        chain=hq.name,
        q="",
        now=hq.now(),
        party=party,
        unified=unified,
        value=value,
        orders=[order for order in unified.orders if order.state in OPEN],
        history=history[:PAGE],
        older=mark(history[PAGE - 1]) if len(history) > PAGE else None,
        is_first=before is None,
    )


def _search(hq: Hq, text: str) -> tuple[list[FoundView], str | None]:
    """Search, and say why not where the text cannot be searched for."""
    if not text.strip():
        return [], None
    try:
        with reading(hq.engine) as conn:
            found = search(conn, text)
    except InputFault as fault:
        return [], f"{fault.detail}: {fault.remedy}"
    hq.access_log(STAFF, "search", [each.party_id for each in found])
    return found, None
