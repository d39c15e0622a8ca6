"""What stores and tills took per business date, and the Z reports that close their days."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, case, func, select

from agent.core.entries.bodies import DayTotals
from central.ledger.customer_tables import SALES, Z_REPORTS
from central.ledger.sums import whole_sum

ROWS_MAX = 500


class DayTotal(msgspec.Struct, frozen=True):
    """One till on one business date, as far as its sales have arrived."""

    store: str
    till: str
    business_date: str
    currency: str
    sales: int
    refunds: int
    """Of them, those with a negative total."""
    total: int
    """Minor units, tax included."""
    net: int
    attributed: int
    """Of them, those with a customer."""
    last_sale_at: str


class Takings(msgspec.Struct, frozen=True):
    """What the chain took in one currency on one business date."""

    currency: str
    sales: int
    total: int
    attributed: int


class ZReport(msgspec.Struct, frozen=True):
    """A closed day of one till."""

    store: str
    till: str
    journal_id: str
    z_number: int
    business_date: str
    closed_at: str
    currency: str
    counted_cash: int
    difference: int
    """counted − expected, minor units."""
    actor: str | None
    totals: DayTotals


def day_totals(
    conn: Connection,
    *,
    business_date: str | None = None,
    store: str | None = None,
    stores: Sequence[str] | None = None,
) -> list[DayTotal]:
    """Add up completed sales per store, till, business date and currency, newest date first."""
    held = SALES.c
    query = select(
        held.store,
        held.till,
        held.business_date,
        held.currency,
        func.count().label("sales"),
        whole_sum(case((held.total < 0, 1), else_=0)).label("refunds"),
        whole_sum(held.total).label("total"),
        whole_sum(held.net).label("net"),
        func.count(held.customer_ref).label("attributed"),
        func.max(held.completed_at).label("last_sale_at"),
    )
    if business_date is not None:
        query = query.where(held.business_date == business_date)
    if store is not None:
        query = query.where(held.store == store)
    if stores is not None:
        query = query.where(held.store.in_(stores))
    grouped = query.group_by(held.business_date, held.store, held.till, held.currency)
    newest = grouped.order_by(held.business_date.desc(), held.store, held.till, held.currency)
    return [DayTotal(**row) for row in conn.execute(newest.limit(ROWS_MAX)).mappings()]


def takings(conn: Connection, business_date: str) -> list[Takings]:
    """Add the whole chain's day up per currency."""
    held = SALES.c
    query = (
        select(
            held.currency,
            func.count().label("sales"),
            whole_sum(held.total).label("total"),
            func.count(held.customer_ref).label("attributed"),
        )
        .where(held.business_date == business_date)
        .group_by(held.currency)
        .order_by(held.currency)
    )
    return [Takings(**row) for row in conn.execute(query).mappings()]


def latest_date(conn: Connection) -> str | None:
    """Tell the newest business date any sale was booked on: the day shown as today.

    Stores stand in different time zones and start their day at different hours, so HQ's own
    calendar does not know what day it is in a store.
    """
    newest: str | None = conn.execute(select(func.max(SALES.c.business_date))).scalar_one()
    return newest


def z_reports(
    conn: Connection, *, business_date: str | None = None, store: str | None = None
) -> list[ZReport]:
    """List Z reports, newest business date first."""
    held = Z_REPORTS.c
    query = select(Z_REPORTS)
    if business_date is not None:
        query = query.where(held.business_date == business_date)
    if store is not None:
        query = query.where(held.store == store)
    newest = query.order_by(held.business_date.desc(), held.closed_at.desc(), held.store, held.till)
    fields = [name for name in ZReport.__struct_fields__ if name != "totals"]
    return [
        ZReport(
            **{name: getattr(row, name) for name in fields},
            totals=msgspec.json.decode(row.totals, type=DayTotals),
        )
        for row in conn.execute(newest.limit(ROWS_MAX))
    ]
