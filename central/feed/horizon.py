"""How long a deletion is remembered, and who is too old to go on from where he stood.

A tombstone tells tills that something is gone. When it goes itself, a till that has not read it
may not go on by pages, or what was erased would live on there: from then on it gets a snapshot.
HQ notes each day where every scope stands; a tombstone goes when `DAYS` days were noted after it.
A clock that jumps forward notes one day, and removes nothing early.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from agent.core.exchange.replica import TOMBSTONES
from central.ledger.snapshot_tables import FEED_DAYS, FEED_HORIZONS
from central.ledger.tables import FEED_ROWS, FEED_SCOPES
from central.ledger.upserts import upsert

DAYS = 180
AT_ONCE = 5_000
"""Tombstones removed in one transaction."""


def horizon(conn: Connection, scope: str) -> int:
    """Tell up to which number tombstones of a scope are gone; 0 while none is."""
    query = select(FEED_HORIZONS.c.fseq).where(FEED_HORIZONS.c.scope == scope)
    found: int | None = conn.execute(query).scalar_one_or_none()
    return found or 0


def note_day(conn: Connection, day: str) -> bool:
    """Note where every scope stands as this day begins; False where that is done.

    Args:
        conn: of `writing`.
        day: of HQ's clock, `YYYY-MM-DD`.
    """
    noted = select(FEED_DAYS.c.scope).where(FEED_DAYS.c.scope == FEED_SCOPES.c.scope)
    query = select(FEED_SCOPES.c.scope, FEED_SCOPES.c.fseq)
    query = query.where(~noted.where(FEED_DAYS.c.day >= day).exists())
    rows = [{"scope": scope, "day": day, "fseq": fseq} for scope, fseq in conn.execute(query)]
    if rows:
        conn.execute(upsert(FEED_DAYS).on_conflict_do_nothing(), rows)
    return bool(rows)


def forget_deleted(conn: Connection, scope: str, days: int = DAYS) -> bool:
    """Remove tombstones that are old enough; True where there may be more of them.

    Args:
        conn: of `writing`.
        scope: of the feed.
        days: that were noted since.
    """
    noted = FEED_DAYS.c
    query = select(noted.day, noted.fseq).where(noted.scope == scope)
    old = conn.execute(query.order_by(noted.day.desc()).offset(days).limit(1)).one_or_none()
    if old is None:
        return False
    conn.execute(delete(FEED_DAYS).where(noted.scope == scope, noted.day < old.day))
    return _forget(conn, scope, old.fseq)


def _forget(conn: Connection, scope: str, upto: int) -> bool:
    rows = FEED_ROWS.c
    query = select(rows.fseq).where(
        rows.scope == scope, rows.fseq <= upto, rows.op.in_(sorted(TOMBSTONES))
    )
    gone = conn.execute(query.limit(AT_ONCE)).scalars().all()
    if not gone:
        return False
    # First the line, then the stones: whoever reads between two portions is told in time.
    moved = upsert(FEED_HORIZONS).values(scope=scope, fseq=upto)
    taken = {"fseq": moved.excluded.fseq}
    conn.execute(moved.on_conflict_do_update(index_elements=["scope"], set_=taken))
    conn.execute(delete(FEED_ROWS).where(rows.scope == scope, rows.fseq.in_(gone)))
    return len(gone) == AT_ONCE
