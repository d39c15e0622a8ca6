"""The first page: is every store in step, what was sold today, and what needs a person."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get
from sqlalchemy import Connection

from central.console.pages import page
from central.console.show import seconds_since
from central.intake.lag import LaneLag, TillLag, stores
from central.ledger.engine import reading
from central.ledger.hq import hq_of
from central.reports.attention import concerns
from central.reports.days import DayTotal, day_totals, latest_date, z_reports

SILENT_S = 600
"""A till that said nothing for so long is worth a look; it sells on meanwhile."""
CONCERNS_SHOWN = 5
Z_SHOWN = 5


class TillRow(msgspec.Struct, frozen=True):
    """One till on the first page."""

    store: str
    till: str
    state: str
    """`in-step`, `behind`, `silent`, `never` or `replaced`."""
    lag: int
    """Records the till had at last contact and HQ has not."""
    quarantined: int
    last_contact_at: str | None
    version: str
    today: tuple[DayTotal, ...]


class Takings(msgspec.Struct, frozen=True):
    """What the chain took in one currency on the newest business date."""

    currency: str
    sales: int
    total: int
    attributed: int


@get("/", sync_to_thread=True)
def get_overview(request: Request[Any, Any, Any]) -> Response[str]:
    """Show every till with its lag and the day's sales."""
    hq = hq_of(request)
    now = hq.now()
    with reading(hq.engine) as conn:
        today = latest_date(conn)
        totals = day_totals(conn, business_date=today) if today else []
        return page(
            "overview.html",
            chain=hq.name,
            now=now,
            today=today,
            tills=till_rows(conn, totals, now),
            takings=takings(totals),
            concerns=concerns(conn)[:CONCERNS_SHOWN],
            z_reports=z_reports(conn)[:Z_SHOWN],
        )


def till_rows(conn: Connection, totals: list[DayTotal], now: str) -> list[TillRow]:
    """List every till that ever enrolled, with how it stands."""
    return [
        _till_row(store.store, till, totals, now) for store in stores(conn) for till in store.tills
    ]


def takings(totals: list[DayTotal]) -> list[Takings]:
    """Add up the chain's day per currency."""
    return [
        Takings(
            currency,
            sum(each.sales for each in totals if each.currency == currency),
            sum(each.total for each in totals if each.currency == currency),
            sum(each.attributed for each in totals if each.currency == currency),
        )
        for currency in sorted({each.currency for each in totals})
    ]


def _till_row(store: str, till: TillLag, totals: list[DayTotal], now: str) -> TillRow:
    contacts = [lane.last_contact_at for lane in till.lanes if lane.last_contact_at]
    last = max(contacts, default=None)
    return TillRow(
        store=store,
        till=till.till,
        state=_state(till, last, now),
        lag=_lag(till.lanes),
        quarantined=sum(lane.quarantined for lane in till.lanes),
        last_contact_at=last,
        version=max(lane.agent_version for lane in till.lanes),
        today=tuple(each for each in totals if (each.store, each.till) == (store, till.till)),
    )


def _state(till: TillLag, last_contact_at: str | None, now: str) -> str:
    if till.state != "active":
        return till.state
    silent_s = seconds_since(last_contact_at, now)
    if silent_s is None:
        return "never"
    if silent_s > SILENT_S:
        return "silent"
    return "behind" if _lag(till.lanes) else "in-step"


def _lag(lanes: tuple[LaneLag, ...]) -> int:
    return sum(lane.lag for lane in lanes)
