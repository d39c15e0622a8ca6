"""The address of a timeline: what one customer did, on all channels."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery, QueryParameter

from agent.core.history import Interaction
from central.histories.quarantine_routes import QUARANTINE_ROUTES
from central.identity.interactions import PAGE, interactions_of, mark
from central.identity.parties import canonical
from central.identity.routes import STAFF
from central.ledger.engine import reading
from central.ledger.hq import hq_of


class Timeline(msgspec.Struct, frozen=True):
    """A page of a history, newest first."""

    party_id: str
    """Canonical."""
    interactions: tuple[Interaction, ...]
    before: str | None
    """Ask with this for what is older; None when there is nothing."""


@get("/v1/parties/{any_id:str}/timeline", sync_to_thread=True)
def get_timeline(
    request: Request[Any, Any, Any],
    any_id: FromPath[str],
    before: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE)] = PAGE,
) -> Timeline:
    """Show what a party did, newest first, in pages."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        party_id = canonical(conn, any_id)
        page = interactions_of(conn, party_id, limit=limit + 1, before=before)
    hq.access_log(STAFF, "timeline", [party_id])
    more = mark(page[limit - 1]) if len(page) > limit else None
    return Timeline(party_id, tuple(page[:limit]), more)


ROUTES: list[HTTPRouteHandler] = [get_timeline, *QUARANTINE_ROUTES]
