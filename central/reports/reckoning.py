"""Which days of a store are in: closed by their tills, agreeing to the cent, nobody missing.

A day is declared complete once; what comes for it afterwards is late, marked as such, and never
moves the day out of what was declared. Only HQ's own facts decide: what it holds, and who has said
since that there is nothing more. No till's clock is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Row, exists, func, select, update

from central.ledger.customer_tables import Z_REPORTS
from central.ledger.report_tables import (
    BOOK_HEADS,
    BOOKED,
    CLOSING,
    DAY_REACH,
    STORE_DAYS,
    TILL_DAYS,
)
from central.ledger.tables import APPLIED, CONTACTS, CREDENTIALS, CURSORS, JOURNALS
from central.ledger.upserts import upsert
from central.reports.closings import check
from central.reports.periods import next_closing

OPEN, CLOSED, DIFFERS, SILENT, BEHIND = "open", "closed", "differs", "silent", "behind"
COMPLETE = "complete"
NOT_CLOSED = "the till was not closed yet (no Z report)"
_SALES = "sales"


class TillDay(NamedTuple):
    """How a till's day stands, and why."""

    till: str
    state: str
    detail: str
    since: str
    """HQ's time: of the last thing that was heard."""


class _Till(NamedTuple):
    till: str
    in_step: bool
    """At its last contact HQ had, and had applied, everything the till had."""
    missing: int
    last_contact_at: str


class Reckoned(NamedTuple):
    """One date of a store."""

    business_date: str
    tills: tuple[TillDay, ...]

    @property
    def is_complete(self) -> bool:
        """Tell whether every till's day is closed and in."""
        return all(each.state == CLOSED for each in self.tills)


def stores_to_reckon(conn: Connection) -> list[str]:
    """List the stores with a day that may be complete by now: some till has closed since."""
    held = STORE_DAYS.c
    closing = exists().where(
        Z_REPORTS.c.store == held.store, Z_REPORTS.c.business_date >= held.business_date
    )
    query = select(held.store).where(held.state == OPEN, closing).distinct()
    return list(conn.execute(query.order_by(held.store)).scalars())


def reckon(conn: Connection, store: str) -> list[Reckoned]:
    """Look at every open day of a store, the oldest first; changes nothing.

    Args:
        conn: any open connection.
        store: its id.
    """
    tills = _tills(conn, store)
    query = select(STORE_DAYS.c.business_date).where(
        STORE_DAYS.c.store == store, STORE_DAYS.c.state == OPEN
    )
    dates = list(conn.execute(query.order_by(STORE_DAYS.c.business_date)).scalars())
    return [_day(conn, store, date, tills) for date in dates]


def record(conn: Connection, store: str, days: Iterable[Reckoned], now: str) -> list[str]:
    """Keep how the days stand, and declare those complete that are; gives their dates.

    Args:
        conn: of `writing`.
        store: its id.
        days: as `reckon` found them.
        now: HQ's time, for show.
    """
    place = conn.execute(select(func.max(BOOK_HEADS.c.place))).scalar_one() or 0
    declared = []
    for day in days:
        for each in day.tills:
            _keep(conn, store, day.business_date, each)
        if day.is_complete:
            declared.append(day.business_date)
            _declare(conn, store, day.business_date, place, now)
    return declared


def _day(conn: Connection, store: str, date: str, tills: Sequence[_Till]) -> Reckoned:
    spoken = _spoken(conn, store, date)
    closed_at = _closed_at(conn, store, date)
    known = {each.till: each for each in tills}
    found = [_till_day(conn, store, date, rows, known.get(till)) for till, rows in spoken.items()]
    found += [
        _absent(conn, store, date, till, closed_at) for till in tills if till.till not in spoken
    ]
    return Reckoned(date, tuple(sorted(found)))


def _till_day(
    conn: Connection,
    store: str,
    date: str,
    journals: Sequence[Row[tuple[object, ...]]],
    till: _Till | None,
) -> TillDay:
    """A till that has entries of this date: closed after the last, and agreeing."""
    name = journals[0].till
    heard = till.last_contact_at if till else ""
    closings: dict[tuple[str, int], None] = {}
    details = []
    for reach in journals:
        last = next_closing(conn, reach.journal_id, reach.last_seq)
        if last is None and _has_ended(conn, reach.journal_id):
            details.append(f"journal {reach.journal_id[:8]} ended without a closing")
            continue
        if last is None:
            return TillDay(name, OPEN, NOT_CLOSED, heard)
        first = next_closing(conn, reach.journal_id, reach.first_seq)
        closings |= dict.fromkeys(_between(conn, first or last, last))
    if till is not None and till.missing and not _speaks_later(conn, store, name, date):
        return TillDay(name, BEHIND, f"{till.missing} records have not arrived", heard)
    return _agreed(conn, name, closings, heard, details)


def _agreed(
    conn: Connection,
    name: str,
    closings: Iterable[tuple[str, int]],
    heard: str,
    details: list[str],
) -> TillDay:
    for place in closings:
        found = check(conn, *place)
        if not found.ok:
            return TillDay(name, DIFFERS, f"Z {found.z_number}: {found.detail}", heard)
        details += [f"Z {found.z_number}: {found.detail}"] if found.detail else []
    return TillDay(name, CLOSED, "; ".join(details), heard)


def _has_ended(conn: Connection, journal_id: str) -> bool:
    """Tell whether nobody writes this journal any more: its device was replaced, or it ended."""
    query = (
        select(JOURNALS.c.ended_at, CREDENTIALS.c.revoked_at)
        .join(CREDENTIALS, CREDENTIALS.c.keyid == JOURNALS.c.keyid)
        .where(JOURNALS.c.journal_id == journal_id)
    )
    row = conn.execute(query).one_or_none()
    return row is not None and (row.ended_at is not None or row.revoked_at is not None)


def _absent(conn: Connection, store: str, date: str, till: _Till, closed_at: str | None) -> TillDay:
    """A till without entries of this date: it must have said since that there is nothing."""
    if _speaks_later(conn, store, till.till, date):
        return TillDay(till.till, CLOSED, "", till.last_contact_at)
    if closed_at is None or till.last_contact_at < closed_at:
        since = till.last_contact_at or "it was enrolled"
        return TillDay(till.till, SILENT, f"nothing heard since {since}", till.last_contact_at)
    if not till.in_step:
        detail = f"{till.missing} records have not arrived"
        return TillDay(till.till, BEHIND, detail, till.last_contact_at)
    return TillDay(till.till, CLOSED, "", till.last_contact_at)


def _tills(conn: Connection, store: str) -> list[_Till]:
    """List the tills that must have spoken: those whose device is let in today."""
    query = (
        select(
            JOURNALS.c.till,
            CURSORS.c.have_seq,
            func.coalesce(APPLIED.c.seq, 0).label("applied_seq"),
            func.coalesce(CONTACTS.c.tail_seq, 0).label("tail_seq"),
            func.coalesce(CONTACTS.c.last_contact_at, "").label("last_contact_at"),
        )
        .join(CURSORS, CURSORS.c.journal_id == JOURNALS.c.journal_id)
        .join(CREDENTIALS, CREDENTIALS.c.keyid == JOURNALS.c.keyid)
        .outerjoin(APPLIED, APPLIED.c.journal_id == JOURNALS.c.journal_id)
        .outerjoin(CONTACTS, CONTACTS.c.journal_id == JOURNALS.c.journal_id)
        .where(
            JOURNALS.c.store == store,
            JOURNALS.c.lane == _SALES,
            CREDENTIALS.c.revoked_at.is_(None),
            JOURNALS.c.ended_at.is_(None),
        )
        .order_by(JOURNALS.c.till, JOURNALS.c.bound_at)
    )
    newest = {row.till: row for row in conn.execute(query)}
    return [
        _Till(
            row.till,
            row.have_seq >= row.tail_seq and row.applied_seq >= row.have_seq,
            max(0, row.tail_seq - row.applied_seq),
            row.last_contact_at,
        )
        for row in newest.values()
    ]


def _spoken(conn: Connection, store: str, date: str) -> dict[str, list[Row[tuple[object, ...]]]]:
    held = DAY_REACH.c
    query = select(DAY_REACH).where(held.store == store, held.business_date == date)
    found: dict[str, list[Row[tuple[object, ...]]]] = {}
    for row in conn.execute(query.order_by(held.till, held.journal_id)):
        found.setdefault(row.till, []).append(row)
    return found


def _speaks_later(conn: Connection, store: str, till: str, date: str) -> bool:
    held = DAY_REACH.c
    query = select(held.till).where(
        held.store == store, held.till == till, held.business_date > date
    )
    return conn.execute(query.limit(1)).first() is not None


def _closed_at(conn: Connection, store: str, date: str) -> str | None:
    """Tell when HQ last heard of a closing of this date, by its own clock."""
    held = BOOKED.c
    query = select(func.max(held.booked_at)).where(
        held.store == store, held.business_date >= date, held.type == CLOSING
    )
    at: str | None = conn.execute(query).scalar_one()
    return at


def _between(
    conn: Connection, first: tuple[str, int], last: tuple[str, int]
) -> Iterator[tuple[str, int]]:
    """List the closings from one to another one of the same till."""
    if first[0] != last[0]:
        yield first
        yield last
        return
    held = Z_REPORTS.c
    query = select(held.seq).where(held.journal_id == first[0], held.seq.between(first[1], last[1]))
    for seq in conn.execute(query.order_by(held.seq)).scalars():
        yield first[0], int(seq)


def _keep(conn: Connection, store: str, date: str, day: TillDay) -> None:
    row = {"store": store, "business_date": date, **day._asdict()}
    changed = {name: row[name] for name in ("state", "detail", "since")}
    new = upsert(TILL_DAYS).values(row)
    conn.execute(
        new.on_conflict_do_update(index_elements=["store", "till", "business_date"], set_=changed)
    )


def _declare(conn: Connection, store: str, date: str, place: int, now: str) -> None:
    """Declare a day complete; one that was declared before keeps its first declaration."""
    held = STORE_DAYS.c
    here = (held.store == store) & (held.business_date == date)
    conn.execute(update(STORE_DAYS).where(here).values(state=COMPLETE, since=now))
    first = {"declared_at": now, "declared_place": place}
    conn.execute(update(STORE_DAYS).where(here, held.declared_at.is_(None)).values(first))
