"""The address that answers for every store: is everything in, what is missing, since when, why."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, get
from litestar.params import FromQuery, QueryParameter

from central.console.standing import StoreStanding, standing
from central.ledger.engine import reading
from central.ledger.hq import hq_of

STORES_MAX = 10_000


@get("/v1/stores", sync_to_thread=True)
def get_stores(
    request: Request[Any, Any, Any],
    store: FromQuery[str | None] = None,
    condition: FromQuery[str | None] = None,
    after: FromQuery[str] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=STORES_MAX)] = STORES_MAX,
) -> list[StoreStanding]:
    """Tell of every store, till and journal how it stands, by store id."""
    hq = hq_of(request)
    with reading(hq.engine) as conn:
        found = standing(conn, hq.now(), store)
    wanted = [
        each
        for each in found
        if each.store > after and (condition is None or each.condition == condition)
    ]
    return wanted[:limit]
