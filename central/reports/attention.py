"""What a person at HQ should look at: set aside, flagged, or an incident. Empty on a good day."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, select

from central.ledger.customer_tables import CHANNEL_EVENTS, SALE_FLAGS, SALES, TOUCH_POINTS
from central.ledger.tables import INCIDENTS, JOURNALS, QUARANTINE

SHOWN_MAX = 100
_QUARANTINED = "quarantined"


class Concern(msgspec.Struct, frozen=True):
    """One thing that needs a person."""

    at: str
    kind: str
    """`incident`, `entry`, `event`, `sale` or `touch-point`."""
    where: str
    """Store and till, channel, or receipt."""
    name: str
    detail: str
    remedy: str


def concerns(conn: Connection) -> list[Concern]:
    """List everything that needs a person, newest first."""
    found = [
        *_incidents(conn),
        *_entries(conn),
        *_events(conn),
        *_sales(conn),
        *_touch_points(conn),
    ]
    return sorted(found, key=lambda concern: concern.at, reverse=True)


def _incidents(conn: Connection) -> Iterator[Concern]:
    query = select(INCIDENTS).order_by(INCIDENTS.c.at.desc()).limit(SHOWN_MAX)
    for row in conn.execute(query):
        yield Concern(row.at, "incident", row.journal_id or "HQ", row.name, row.detail, row.remedy)


def _entries(conn: Connection) -> Iterator[Concern]:
    query = (
        select(QUARANTINE, JOURNALS.c.store, JOURNALS.c.till, JOURNALS.c.lane)
        .outerjoin(JOURNALS, JOURNALS.c.journal_id == QUARANTINE.c.journal_id)
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
            "the entry is kept; it is tried again when till-central starts, say after an update",
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
