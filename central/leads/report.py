"""Two views of the same sales: by the channel that booked them, and by those credited for them.

Every booking counts in both; the credits that were kept move money between channels and add none.
So both views come to the same net on every day and in every currency. The report checks that by
what is kept, and names each booking whose credits do not come to its net: there must be none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Column, Connection, Select, func, literal, select

from agent.core.history import STORE_CHANNEL
from central.ledger.customer_tables import SALES
from central.ledger.lead_tables import CHANNEL_BOOKINGS, LEAD_CREDITS, LEAD_DUE
from central.ledger.sums import whole_sum

OFF_MAX = 20
FOR_EVER = "9999-12-31"


class ChannelShare(msgspec.Struct, frozen=True):
    """One channel on one day in one currency."""

    business_date: str
    currency: str
    channel: str
    booked: int
    """Net of what it sold, less what it took back: minor units."""
    credited: int
    """Net it is credited for, on whatever channel it was sold."""


class Crossing(msgspec.Struct, frozen=True):
    """Money that one channel booked and another is credited for."""

    business_date: str
    currency: str
    booked: str
    credited: str
    net: int


class LeadReport(msgspec.Struct, frozen=True):
    """Both views, and what lies between them."""

    channels: tuple[ChannelShare, ...]
    crossings: tuple[Crossing, ...]
    """Only between different channels."""
    booked: dict[str, int]
    """Currency to the sum of the one view."""
    credited: dict[str, int]
    """Currency to the sum of the other: the same."""
    off: tuple[str, ...] = ()
    """Bookings whose credits do not come to their net; there must be none."""
    waiting: int = 0
    """What was touched since, and is not derived anew yet: a matter of seconds."""


class _Key(NamedTuple):
    business_date: str
    currency: str
    channel: str


class Span(NamedTuple):
    """Business dates from and until, both included; empty: open."""

    since: str = ""
    until: str = FOR_EVER


def lead_report(conn: Connection, span: Span) -> LeadReport:
    """Add both views up.

    Args:
        conn: any open connection.
        span: the days asked for.
    """
    booked = _booked(conn, span)
    credited = defaultdict(int, booked)
    crossings = list(_crossings(conn, span))
    for each in crossings:
        credited[_Key(each.business_date, each.currency, each.booked)] -= each.net
        credited[_Key(each.business_date, each.currency, each.credited)] += each.net
    keys = sorted(booked.keys() | credited.keys())
    return LeadReport(
        channels=tuple(
            ChannelShare(*key, booked=booked.get(key, 0), credited=credited[key]) for key in keys
        ),
        crossings=tuple(crossings),
        booked=_by_currency(booked),
        credited=_by_currency(credited),
        off=tuple(_off(conn, span)),
        waiting=conn.execute(select(func.count()).select_from(LEAD_DUE)).scalar_one(),
    )


def _booked(conn: Connection, span: Span) -> dict[_Key, int]:
    """Add up what channels sold: in the database, since it is every sale there is."""
    sums: dict[_Key, int] = {}
    store = literal(STORE_CHANNEL).label("channel")
    sale, order = SALES.c, CHANNEL_BOOKINGS.c
    for query, columns in (
        (select(sale.business_date, sale.currency, store, whole_sum(sale.net)), sale),
        (
            select(order.business_date, order.currency, order.channel, whole_sum(order.net)),
            order,
        ),
    ):
        by = [columns.business_date, columns.currency]
        by += [order.channel] if columns is order else []
        for *key, net in conn.execute(_within(query, columns.business_date, span).group_by(*by)):
            sums[_Key(*key)] = sums.get(_Key(*key), 0) + net
    return sums


def _crossings(conn: Connection, span: Span) -> Iterator[Crossing]:
    held = LEAD_CREDITS.c
    by = (held.business_date, held.currency, held.booked, held.channel)
    query = select(*by, whole_sum(held.net)).where(held.booked != held.channel).group_by(*by)
    for row in conn.execute(_within(query, held.business_date, span).order_by(*by)):
        yield Crossing(*row)


def _off(conn: Connection, span: Span) -> Iterator[str]:
    """Name bookings whose kept credits do not come to what was booked, on the day it was."""
    held, sale, order = LEAD_CREDITS.c, SALES.c, CHANNEL_BOOKINGS.c
    credited = _within(
        select(held.business_date, held.event, whole_sum(held.net).label("net")),
        held.business_date,
        span,
    )
    of = credited.group_by(held.business_date, held.event).subquery().c
    # Two joins by key: a union of both tables would be made whole before anything is looked up.
    both = of.event.table.outerjoin(SALES, sale.sale_id == of.event)
    both = both.outerjoin(CHANNEL_BOOKINGS, order.event == of.event)
    net = func.coalesce(sale.net, order.net, 0)
    day = func.coalesce(sale.business_date, order.business_date)
    query = select(of.event).distinct().select_from(both)
    yield from conn.execute(
        query.where((net != of.net) | (day != of.business_date)).limit(OFF_MAX)
    ).scalars()


def _within(query: Select[Any], date: Column[str], span: Span) -> Select[Any]:
    return query.where(date >= span.since, date <= span.until)


def _by_currency(sums: dict[_Key, int]) -> dict[str, int]:
    whole: defaultdict[str, int] = defaultdict(int)
    for key, net in sums.items():
        whole[key.currency] += net
    return dict(sorted(whole.items()))
