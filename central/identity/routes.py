"""The addresses of parties; each read of a person is logged before the answer leaves."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from central.identity.household_routes import HOUSEHOLD_ROUTES
from central.identity.merge_routes import MERGE_ROUTES
from central.identity.receipts import ReceiptView, check
from central.identity.search import search
from central.identity.views import FoundView, PartyView, UnifiedView, party_view, unified_view
from central.identity.wallet_routes import WALLET_ROUTES
from central.ledger.engine import reading
from central.ledger.hq import hq_of

STAFF = "staff"


class SearchAsked(msgspec.Struct, frozen=True):
    """What staff typed."""

    text: str


class ReceiptShown(msgspec.Struct, frozen=True):
    """What was scanned from a receipt."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class Found(msgspec.Struct, frozen=True):
    """Who was found, at most `search.FOUND_MAX`."""

    parties: tuple[FoundView, ...]


@get("/v1/parties/{any_id:str}", sync_to_thread=True)
def get_party(request: Request[Any, Any, Any], any_id: FromPath[str]) -> PartyView:
    """Show a party by any id it ever had."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        view = party_view(conn, any_id)
    hq.access_log(STAFF, "card", [view.canonical_id])
    return view


@get("/v1/parties/{any_id:str}/unified", sync_to_thread=True)
def get_unified(request: Request[Any, Any, Any], any_id: FromPath[str]) -> UnifiedView:
    """Show everything held of a party, field by field with its source."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        view = unified_view(conn, any_id)
    hq.access_log(STAFF, "unified", [view.canonical_id])
    return view


@post("/v1/parties/search", status_code=200, sync_to_thread=True)
def post_search(request: Request[Any, Any, Any], data: JSONBody[SearchAsked]) -> Found:
    """Search persons by card, phone, e-mail, order, receipt or part of a name."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        found = tuple(search(conn, data.text))
    hq.access_log(STAFF, "search", [each.party_id for each in found])
    return Found(found)


@post("/v1/receipts/check", status_code=200, sync_to_thread=True)
def post_receipt(request: Request[Any, Any, Any], data: JSONBody[ReceiptShown]) -> ReceiptView:
    """Check the signed code of a receipt: whether it is genuine, and which sale it is of."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        view = check(conn, data.code)
    if view.party_id is not None:
        hq.access_log(STAFF, "receipt", [view.party_id])
    return view


ROUTES: list[HTTPRouteHandler] = [
    get_party,
    get_unified,
    post_search,
    post_receipt,
    *MERGE_ROUTES,
    *WALLET_ROUTES,
    *HOUSEHOLD_ROUTES,
]
