"""The console's addresses: pages behind the login, the login, and three static files."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get
from litestar.types import ControllerRouterHandler

from agent.core.faults import Fault
from central.console.customers import get_customer, get_customers
from central.console.days import get_attention, get_days
from central.console.leads import get_leads
from central.console.login import OPEN_ROUTES, NotLoggedIn, staff_only, to_login
from central.console.merging import get_compare, get_merges, post_merge
from central.console.orders import get_order, get_orders, post_order
from central.console.overview import get_overview
from central.console.pages import asset, page
from central.console.quarantine import (
    get_entry,
    get_quarantine,
    post_decision,
    post_replay_all,
)
from central.console.rights import ROUTES as RIGHTS
from central.console.stores import get_store
from central.ledger.hq import hq_of


@get("/static/console.css", include_in_schema=False, sync_to_thread=True)
def get_style() -> Response[bytes]:
    """Give the style sheet."""
    return asset("console.css", "text/css")


@get("/static/console.js", include_in_schema=False, sync_to_thread=True)
def get_script() -> Response[bytes]:
    """Give the script: local times, the login by link, the first page kept fresh."""
    return asset("console.js", "text/javascript")


@get("/static/icon.svg", include_in_schema=False, sync_to_thread=True)
def get_icon() -> Response[bytes]:
    """Give the icon of the browser's tab."""
    return asset("icon.svg", "image/svg+xml")


def fault_page(request: Request[Any, Any, Any], fault: Fault) -> Response[str]:
    """Tell a person what is wrong and what to do about it."""
    return page("fault.html", status=fault.status, chain=hq_of(request).name, q="", fault=fault)


ROUTES: list[ControllerRouterHandler] = [
    *OPEN_ROUTES,
    get_style,
    get_script,
    get_icon,
    Router(
        path="/",
        route_handlers=[
            get_overview,
            get_store,
            get_customers,
            get_customer,
            get_days,
            get_attention,
            get_quarantine,
            get_entry,
            get_merges,
            get_compare,
            post_merge,
            get_orders,
            get_order,
            post_order,
            get_leads,
            *RIGHTS,
            post_replay_all,
            post_decision,
        ],
        guards=[staff_only],
        exception_handlers={NotLoggedIn: to_login, Fault: fault_page},
        include_in_schema=False,
    ),
]
