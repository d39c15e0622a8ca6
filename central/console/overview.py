"""The first page: is every store in step, what was sold today, and what needs a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromQuery
from sqlalchemy import Connection

from central.console.pages import page
from central.console.standing import (
    ACTIVE,
    BEHIND,
    IN_STEP,
    NEVER,
    SILENT,
    STALLED,
    StoreStanding,
    TillStanding,
    standing,
)
from central.ledger.engine import reading
from central.ledger.hq import hq_of
from central.reports.attention import concerns
from central.reports.days import DayTotal, day_totals, latest_date, takings, z_reports

CONCERNS_SHOWN = 5
Z_SHOWN = 5
STORES_SHOWN = 50
CONDITIONS = (STALLED, SILENT, BEHIND, NEVER, IN_STEP)


class TillRow(msgspec.Struct, frozen=True):
    """One till on the first page."""

    store: str
    till: TillStanding
    complete_up_to: str | None
    """Of its store."""
    today: tuple[DayTotal, ...]


class Paging(msgspec.Struct, frozen=True):
    """Where in the list of stores a page stands."""

    number: int
    pages: int
    stores: int
    """How many there are under the filter."""


@get("/", sync_to_thread=True)
def get_overview(
    request: Request[Any, Any, Any],
    store: FromQuery[str] = "",
    condition: FromQuery[str] = "",
    number: FromQuery[int] = 1,
) -> Response[str]:
    """Show tills with their lag and the day's sales, a page of stores at a time."""
    hq = hq_of(request)
    now = hq.now()
    with reading(hq.engine) as conn:
        everything = standing(conn, now)
        wanted = _wanted(everything, store.strip(), condition)
        shown, paging = paged(wanted, number)
        today = latest_date(conn)
        found = concerns(conn, now)
        return page(
            "overview.html",
            chain=hq.name,
            now=now,
            today=today,
            tills=till_rows(conn, shown, today),
            missing=sum(each.missing_records for each in everything),
            counts=_counts(everything),
            paging=paging,
            store=store.strip(),
            condition=condition,
            takings=takings(conn, today) if today else [],
            concerns=found[:CONCERNS_SHOWN],
            concern_count=len(found),
            z_reports=z_reports(conn)[:Z_SHOWN],
        )


def paged(
    stores: Sequence[StoreStanding], number: int, size: int = STORES_SHOWN
) -> tuple[Sequence[StoreStanding], Paging]:
    """Cut a page out of a list; a number beyond its ends is the first or last one."""
    pages = max(1, -(-len(stores) // size))
    at = min(max(1, number), pages)
    return stores[(at - 1) * size : at * size], Paging(at, pages, len(stores))


def till_rows(
    conn: Connection, stores: Sequence[StoreStanding], today: str | None
) -> list[TillRow]:
    """List the tills of some stores, with what they took on a date."""
    totals: dict[tuple[str, str], list[DayTotal]] = {}
    names = [store.store for store in stores]
    for each in day_totals(conn, business_date=today, stores=names) if today and names else ():
        totals.setdefault((each.store, each.till), []).append(each)
    return [
        TillRow(
            store.store,
            till,
            store.complete_up_to,
            tuple(totals.get((store.store, till.till), ())) if till.state == ACTIVE else (),
        )
        for store in stores
        for till in store.tills
    ]


def _wanted(stores: Sequence[StoreStanding], store: str, condition: str) -> list[StoreStanding]:
    return [
        each
        for each in stores
        if store.casefold() in each.store.casefold()
        and condition in {"", each.condition, *(till.condition for till in each.tills)}
    ]


def _counts(stores: Sequence[StoreStanding]) -> dict[str, int]:
    """Count the stores under each condition there is."""
    found = [each.condition for each in stores]
    return {name: found.count(name) for name in CONDITIONS if name in found}
