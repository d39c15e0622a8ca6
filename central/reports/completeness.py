"""Up to which day is a store complete, what holds it back, and what came late."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Select, Table, func, select, tuple_

from central.ledger.engine import reading, writing
from central.ledger.report_tables import BOOKED, DAY_REACH, STORE_DAYS, TILL_DAYS
from central.ledger.sums import whole_sum
from central.reports.reckoning import (
    CLOSED,
    COMPLETE,
    NOT_CLOSED,
    OPEN,
    reckon,
    record,
    stores_to_reckon,
)

PAGE = 200
LATE_SHOWN = 500


class TillDay(msgspec.Struct, frozen=True):
    """One till on one business date."""

    till: str
    state: str
    """`closed`, `open` (no Z report yet), `differs`, `behind`, or `silent`."""
    detail: str
    """Why it is not closed, or what excuses that something is missing in it."""
    since: str
    """HQ's time of the last thing heard of the till when this was found."""


class StoreDay(msgspec.Struct, frozen=True):
    """One business date of a store."""

    store: str
    business_date: str
    state: str
    """`complete`, or `open`."""
    declared_at: str | None
    """When HQ declared it complete; what arrived after that is late."""
    late: int
    tills: tuple[TillDay, ...]


class LateEntry(msgspec.Struct, frozen=True):
    """An entry that arrived after its day was declared complete."""

    store: str
    till: str
    business_date: str
    type: str
    ref: str
    journal_id: str
    seq: int
    booked_at: str
    why: str
    """`offline`, `salvage`, `carried`, `imported`, or `replayed` out of the quarantine."""


class HeldBack(msgspec.Struct, frozen=True):
    """A till that keeps its store from being complete."""

    business_date: str
    till: str
    state: str
    detail: str
    since: str


class Completeness(msgspec.Struct, frozen=True):
    """How far a store is in."""

    complete_up_to: str | None = None
    """The last date such that it and every earlier one are complete; None before the first."""
    open_days: int = 0
    late: int = 0
    """Entries that ever came after their day was declared complete."""
    held_back_by: tuple[HeldBack, ...] = ()


def reckon_all(engine: Engine, now: str) -> dict[str, list[str]]:
    """Look at every store that may be complete by now; gives the dates declared, per store.

    Each store is read and written by itself, so that the intake never waits for all of them.
    """
    with reading(engine) as conn:
        stores = stores_to_reckon(conn)
    declared = {}
    for store in stores:
        with writing(engine) as conn:
            dates = record(conn, store, reckon(conn, store), now)
        if dates:
            declared[store] = dates
    return declared


def completeness(conn: Connection, stores: Iterable[str] | None = None) -> dict[str, Completeness]:
    """Tell of each store how far it is in.

    Args:
        conn: any open connection.
        stores: only of these; None: of all with a day.
    """
    only = None if stores is None else list(stores)
    first_open = _first_open(conn, only)
    newest = _newest_complete(conn, only)
    late = _late_counts(conn, only)
    held_back = _held_back(conn, {store: date for store, (date, _) in first_open.items()})
    return {
        store: Completeness(
            complete_up_to=newest.get(store),
            open_days=first_open[store][1] if store in first_open else 0,
            late=late.get(store, 0),
            held_back_by=tuple(held_back.get(store, ())),
        )
        for store in sorted(newest.keys() | first_open.keys())
    }


def days(
    conn: Connection,
    *,
    store: str | None = None,
    since: str | None = None,
    open_only: bool = False,
    limit: int = PAGE,
) -> list[StoreDay]:
    """List the days of stores, the newest first.

    Args:
        conn: any open connection.
        store: only of this one.
        since: only from this business date on.
        open_only: leave the complete ones out.
        limit: how many at most.
    """
    held = STORE_DAYS.c
    query = select(STORE_DAYS)
    wanted_state = OPEN if open_only else None
    for column, wanted in ((held.store, store), (held.state, wanted_state)):
        if wanted is not None:
            query = query.where(column == wanted)
    if since is not None:
        query = query.where(held.business_date >= since)
    rows = conn.execute(query.order_by(held.business_date.desc(), held.store).limit(limit)).all()
    keys = [(row.store, row.business_date) for row in rows]
    tills = _tills_of(conn, keys)
    return [
        StoreDay(
            row.store,
            row.business_date,
            row.state,
            row.declared_at,
            row.late,
            tuple(tills.get((row.store, row.business_date), ())),
        )
        for row in rows
    ]


def late_entries(
    conn: Connection, *, store: str | None = None, business_date: str | None = None
) -> list[LateEntry]:
    """List what came after its day was declared complete, in HQ's order, the newest first."""
    held, day = BOOKED.c, STORE_DAYS.c
    query = (
        select(BOOKED, held.late.label("why"))
        .join(STORE_DAYS, (day.store == held.store) & (day.business_date == held.business_date))
        .where(day.late > 0, held.late != "")
    )
    for column, wanted in ((day.store, store), (day.business_date, business_date)):
        if wanted is not None:
            query = query.where(column == wanted)
    newest = query.order_by(held.stream, held.place.desc()).limit(LATE_SHOWN)
    fields = LateEntry.__struct_fields__
    return [
        LateEntry(**{name: getattr(row, name) for name in fields}) for row in conn.execute(newest)
    ]


def _first_open(conn: Connection, only: list[str] | None) -> dict[str, tuple[str, int]]:
    held = STORE_DAYS.c
    query = (
        select(held.store, func.min(held.business_date).label("first"), func.count().label("days"))
        .where(held.state == OPEN)
        .group_by(held.store)
    )
    if only is not None:
        query = query.where(held.store.in_(only))
    return {row.store: (row.first, row.days) for row in conn.execute(query)}


def _newest_complete(conn: Connection, only: list[str] | None) -> dict[str, str]:
    held = STORE_DAYS.c
    opened = (
        select(held.store, func.min(held.business_date).label("first"))
        .where(held.state == OPEN)
        .group_by(held.store)
        .subquery()
    )
    query = (
        select(held.store, func.max(held.business_date).label("newest"))
        .outerjoin(opened, opened.c.store == held.store)
        .where(
            held.state == COMPLETE,
            opened.c.first.is_(None) | (held.business_date < opened.c.first),
        )
        .group_by(held.store)
    )
    if only is not None:
        query = query.where(held.store.in_(only))
    return {row.store: row.newest for row in conn.execute(query)}


def _held_back(conn: Connection, first_open: dict[str, str]) -> dict[str, list[HeldBack]]:
    """Say who is to blame for the first day that is not complete, and since when."""
    return {
        store: [
            HeldBack(date, each.till, each.state, each.detail, each.since)
            for each in tills
            if each.state != CLOSED
        ]
        for (store, date), tills in _tills_of(conn, list(first_open.items())).items()
    }


def _tills_of(
    conn: Connection, keys: list[tuple[str, str]]
) -> dict[tuple[str, str], list[TillDay]]:
    if not keys:
        return {}
    found: dict[tuple[str, str], dict[str, TillDay]] = {}
    spoken = DAY_REACH.c
    query = select(spoken.store, spoken.business_date, spoken.till).distinct()
    for row in conn.execute(_of_keys(query, DAY_REACH, keys)):
        day = TillDay(row.till, OPEN, NOT_CLOSED, "")
        found.setdefault((row.store, row.business_date), {})[row.till] = day
    for row in conn.execute(_of_keys(select(TILL_DAYS), TILL_DAYS, keys)):
        day = TillDay(row.till, row.state, row.detail, row.since)
        found.setdefault((row.store, row.business_date), {})[row.till] = day
    return {key: [tills[name] for name in sorted(tills)] for key, tills in found.items()}


def _of_keys(
    query: Select[tuple[Any, ...]], table: Table, keys: list[tuple[str, str]]
) -> Select[tuple[Any, ...]]:
    return query.where(tuple_(table.c.store, table.c.business_date).in_(keys))


def _late_counts(conn: Connection, only: list[str] | None) -> dict[str, int]:
    held = STORE_DAYS.c
    query = select(held.store, whole_sum(held.late).label("late")).where(held.late > 0)
    if only is not None:
        query = query.where(held.store.in_(only))
    return {row.store: int(row.late) for row in conn.execute(query.group_by(held.store))}
