"""What a person at HQ should look at: set aside, flagged, or an incident. Empty on a good day."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, select

from central.ledger import room
from central.ledger.customer_tables import CHANNEL_EVENTS, SALE_FLAGS, SALES, TOUCH_POINTS
from central.ledger.report_tables import CARRIED, STORE_DAYS, SUCCESSIONS, TILL_DAYS
from central.ledger.tables import INCIDENTS, JOURNALS, QUARANTINE
from central.ledger.verify import is_by_till, remedy_of
from central.reports.checks import broken
from central.reports.progress import stalls
from central.reports.reckoning import DIFFERS, OPEN

SHOWN_MAX = 100
_QUARANTINED = "quarantined"


_SUCCESSION = {
    "replaced": "nothing, if the till's hardware was replaced on purpose",
    "image": "nothing, if the machine was set up from an image; otherwise find the other copy",
    "fork": "find out whether the till's disk was copied, and take the copy out of service",
    "older-than-hq": "find out who put the till's files back to an older state",
    "damaged": "replace the till's disk; the damaged file is kept there beside the new one",
}
"""What a person does about a succession, by its reason."""


class Concern(msgspec.Struct, frozen=True):
    """One thing that needs a person."""

    at: str
    kind: str
    """`disk`, `incident`, `stall`, `chain`, `day`, `entry`, `carried`, `successor`, `event`, `sale`
    or `touch-point`."""
    where: str
    """Store and till, channel, or receipt."""
    name: str
    detail: str
    remedy: str


def concerns(conn: Connection, now: str | None = None) -> list[Concern]:
    """List everything that needs a person, newest first.

    Args:
        conn: any open connection.
        now: HQ's time, to tell what stands still; None leaves that out.
    """
    found = [
        *_disk(conn, now),
        *_incidents(conn),
        *(_stalls(conn, now) if now is not None else ()),
        *_chains(conn),
        *_days(conn),
        *_carried(conn),
        *_successors(conn),
        *_entries(conn),
        *_events(conn),
        *_sales(conn),
        *_touch_points(conn),
    ]
    return sorted(found, key=lambda concern: concern.at, reverse=True)


def _disk(conn: Connection, now: str | None) -> Iterator[Concern]:
    if shortage := room.shortage(conn):
        yield Concern(now or "", "disk", "HQ", "disk-low", shortage, room.REMEDY)


def _incidents(conn: Connection) -> Iterator[Concern]:
    query = select(INCIDENTS).where(INCIDENTS.c.closed_at.is_(None))
    query = query.order_by(INCIDENTS.c.at.desc()).limit(SHOWN_MAX)
    for row in conn.execute(query):
        yield Concern(row.at, "incident", row.journal_id or "HQ", row.name, row.detail, row.remedy)


def _entries(conn: Connection) -> Iterator[Concern]:
    query = (
        select(QUARANTINE, JOURNALS.c.store, JOURNALS.c.till, JOURNALS.c.lane)
        .outerjoin(JOURNALS, JOURNALS.c.journal_id == QUARANTINE.c.journal_id)
        .where(QUARANTINE.c.voided_at.is_(None))
        .order_by(QUARANTINE.c.since.desc())
        .limit(SHOWN_MAX)
    )
    for row in conn.execute(query):
        yield Concern(
            row.since,
            "entry",
            f"{row.store}/{row.till} {row.lane} {row.seq}",
            row.name,
            row.reason,
            "the entry is kept; it is tried again when till-central starts, say after an update: "
            "or replay or void it in the quarantine",
        )


def _stalls(conn: Connection, now: str) -> Iterator[Concern]:
    for stall in stalls(conn, now)[:SHOWN_MAX]:
        where = f"{stall.store}/{stall.till} {stall.lane}"
        yield Concern(stall.since or "", "stall", where, stall.kind, stall.detail, stall.remedy)


def _chains(conn: Connection) -> Iterator[Concern]:
    for check, where in broken(conn)[:SHOWN_MAX]:
        yield Concern(
            check.checked_at,
            "chain",
            where,
            "receipt-numbers" if is_by_till(check.fault or "") else "chain-broken",
            check.fault or "",
            remedy_of(check.fault or ""),
        )


def _days(conn: Connection) -> Iterator[Concern]:
    held = TILL_DAYS.c
    day = (STORE_DAYS.c.store == held.store) & (STORE_DAYS.c.business_date == held.business_date)
    query = (
        select(TILL_DAYS, STORE_DAYS.c.since.label("open_since"))
        .join(STORE_DAYS, day)
        .where(held.state == DIFFERS, STORE_DAYS.c.state == OPEN)
        .order_by(held.business_date.desc())
        .limit(SHOWN_MAX)
    )
    for row in conn.execute(query):
        yield Concern(
            row.open_since,
            "day",
            f"{row.store}/{row.till} {row.business_date}",
            "day-differs",
            row.detail,
            "decide about what is set aside; otherwise export the till's journal with till-agent "
            "journal export and compare",
        )


def _carried(conn: Connection) -> Iterator[Concern]:
    held = CARRIED.c
    query = (
        select(CARRIED, JOURNALS.c.store, JOURNALS.c.till)
        .outerjoin(JOURNALS, JOURNALS.c.journal_id == held.via_journal)
        .where(held.verified.is_(False))
        .order_by(held.applied_at.desc())
        .limit(SHOWN_MAX)
    )
    for row in conn.execute(query):
        yield Concern(
            row.applied_at,
            "carried",
            f"{row.store}/{row.till} {row.seq}",
            "carried-unproven",
            f"entry {row.seq} of journal {row.journal_id} came out of a damaged file, which cannot "
            "prove that these are the bytes once written; it counts",
            "compare it with the store's paper or Z report",
        )


def _successors(conn: Connection) -> Iterator[Concern]:
    held = SUCCESSIONS.c
    query = (
        select(SUCCESSIONS, JOURNALS.c.store, JOURNALS.c.till, JOURNALS.c.lane)
        .outerjoin(JOURNALS, JOURNALS.c.journal_id == held.journal_id)
        .order_by(held.recorded_at.desc())
        .limit(SHOWN_MAX)
    )
    for row in conn.execute(query):
        yield Concern(
            row.recorded_at,
            "successor",
            f"{row.store}/{row.till} {row.lane}",
            f"journal-succeeded-{row.reason}",
            f"journal {row.journal_id[:8]} goes on from {row.predecessor[:8]} after entry "
            f"{row.seq}; {row.carried} entries were carried over",
            _SUCCESSION.get(row.reason, "look at the till's till-agent doctor"),
        )


def _events(conn: Connection) -> Iterator[Concern]:
    held = CHANNEL_EVENTS.c
    query = select(CHANNEL_EVENTS).where(held.outcome == _QUARANTINED)
    for row in conn.execute(query.order_by(held.received_at.desc()).limit(SHOWN_MAX)):
        yield Concern(
            row.received_at,
            "event",
            f"{row.channel_id}/{row.event_id}",
            "event-quarantined",
            row.reason or "",
            "have the channel correct it and send it again under the same event_id",
        )


def _sales(conn: Connection) -> Iterator[Concern]:
    query = (
        select(SALE_FLAGS, SALES.c.receipt_no)
        .join(SALES, SALES.c.sale_id == SALE_FLAGS.c.sale_id)
        .order_by(SALE_FLAGS.c.at.desc())
        .limit(SHOWN_MAX)
    )
    for row in conn.execute(query):
        yield Concern(
            row.at,
            "sale",
            f"{row.receipt_no} line {row.line}",
            row.name,
            row.detail,
            "ask the store; the sale itself stands",
        )


def _touch_points(conn: Connection) -> Iterator[Concern]:
    query = select(TOUCH_POINTS).where(TOUCH_POINTS.c.registered.is_(False)).limit(SHOWN_MAX)
    for row in conn.execute(query):
        yield Concern(
            row.first_seen_at,
            "touch-point",
            f"{row.channel_id}/{row.touch_point_id}",
            "touch-point-unknown",
            "events name a touch point that is in no settings; it is shown as `other`",
            f"add it to touch_points of [[channel]] {row.channel_id}",
        )
