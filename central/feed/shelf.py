"""The index of snapshots: which one is given out, and for how long an older one still is.

A snapshot is given out in HQ's present epoch only, and only while the feed still knows its
position: after a rewind neither may hold.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from agent.core.exchange.replica import FORMAT
from agent.core.exchange.snapshots import SignedManifest
from central.feed.horizon import horizon
from central.ledger.epoch import current_epoch
from central.ledger.outbox import position
from central.ledger.snapshot_tables import SNAPSHOTS
from central.ledger.tables import FEED_MARKS, FEED_ROWS


class _Layout(msgspec.Struct, frozen=True):
    """Of a manifest, in which layout its file is."""

    format: int


_layout = msgspec.json.Decoder(_Layout).decode


class Held(NamedTuple):
    """A snapshot that can be given out."""

    snapshot_id: str
    fseq: int
    rows: int
    made_at: str
    manifest: SignedManifest


def newest(conn: Connection, scope: str, holder: str) -> Held | None:
    """Find the snapshot of a scope that is given out now; three look-ups by key.

    One that HQ made before it was updated is none: no till of today reads it.
    """
    held = SNAPSHOTS.c
    query = select(SNAPSHOTS).where(
        held.scope == scope, held.holder == holder, held.retired_at.is_(None)
    )
    row = conn.execute(query.order_by(held.fseq.desc()).limit(1)).one_or_none()
    if row is None or row.epoch != current_epoch(conn) or row.fseq < horizon(conn, scope):
        return None
    mark = select(FEED_MARKS.c.running_hash).where(
        FEED_MARKS.c.scope == scope, FEED_MARKS.c.fseq == row.fseq
    )
    if row.fseq and conn.execute(mark).scalar_one_or_none() != row.running_hash:
        return None
    if _layout(row.manifest).format != FORMAT:
        return None
    manifest = SignedManifest(row.manifest, row.signature)
    return Held(row.snapshot_id, row.fseq, row.rows_held, row.made_at, manifest)


def given_out(conn: Connection, scope: str, snapshot_id: str, holder: str) -> SignedManifest | None:
    """Find a snapshot whose chunks may be fetched: also one that a newer has replaced."""
    held = SNAPSHOTS.c
    query = select(SNAPSHOTS).where(
        held.scope == scope, held.snapshot_id == snapshot_id, held.holder == holder
    )
    row = conn.execute(query).one_or_none()
    if row is None or row.epoch != current_epoch(conn):
        return None
    return SignedManifest(row.manifest, row.signature)


def put(conn: Connection, row: dict[str, object]) -> None:
    """Give a snapshot out from now on, in the place of those before it."""
    held = SNAPSHOTS.c
    conn.execute(
        update(SNAPSHOTS)
        .where(
            held.scope == row["scope"],
            held.holder == row["holder"],
            held.retired_at.is_(None),
        )
        .values(retired_at=row["made_at"])
    )
    conn.execute(insert(SNAPSHOTS).values(row))


def erased_since(conn: Connection, scope: str, fseq: int) -> bool:
    """Tell whether somebody was erased since a position: what was made before holds them."""
    rows = FEED_ROWS.c
    query = select(rows.fseq).where(rows.scope == scope, rows.fseq > fseq, rows.op == "erase")
    return conn.execute(query.limit(1)).first() is not None


def retire_lost(conn: Connection, holder: str, now: str) -> None:
    """Take back what belongs to another epoch, or to a position the feed does not know."""
    held = SNAPSHOTS.c
    query = select(held.scope).where(held.holder == holder, held.retired_at.is_(None)).distinct()
    for scope in conn.execute(query).scalars().all():
        if newest(conn, scope, holder) is None:
            lost = (held.scope == scope, held.holder == holder, held.retired_at.is_(None))
            conn.execute(update(SNAPSHOTS).where(*lost).values(retired_at=now))


def retire(conn: Connection, scope: str, now: str) -> None:
    """Take back every snapshot of a scope, whoever holds it: a new one is due."""
    held = SNAPSHOTS.c
    mine = (held.scope == scope, held.retired_at.is_(None))
    conn.execute(update(SNAPSHOTS).where(*mine).values(retired_at=now))


def remove_older(conn: Connection, holder: str, before: str) -> None:
    """Forget what was replaced before a time."""
    held = SNAPSHOTS.c
    conn.execute(delete(SNAPSHOTS).where(held.holder == holder, held.retired_at < before))


def forget(conn: Connection, holder: str, lost: set[str]) -> None:
    """Forget snapshots whose files are not there, as after a restore to another disk."""
    held = SNAPSHOTS.c
    conn.execute(delete(SNAPSHOTS).where(held.holder == holder, held.snapshot_id.in_(sorted(lost))))


def ids(conn: Connection, holder: str) -> set[str]:
    """List the snapshots a holder has."""
    query = select(SNAPSHOTS.c.snapshot_id).where(SNAPSHOTS.c.holder == holder)
    return set(conn.execute(query).scalars())


def length(conn: Connection, scope: str) -> int:
    """Count the keys of a scope."""
    query = select(func.count()).select_from(FEED_ROWS).where(FEED_ROWS.c.scope == scope)
    return int(conn.execute(query).scalar_one())


def newest_fseq(conn: Connection, scope: str) -> int:
    """Tell the last number given in a scope."""
    return position(conn, scope)[0]
