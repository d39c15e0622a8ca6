"""Is everything in, what is missing, since when: per store, till and lane."""

from __future__ import annotations

from itertools import groupby

import msgspec
from sqlalchemy import Connection, Row, Select, func, select

from central.intake.places import REPLACED
from central.intake.renewal import RENEWED
from central.ledger.authority_tables import SAFE_POSITIONS
from central.ledger.tables import APPLIED, CONTACTS, CREDENTIALS, CURSORS, JOURNALS, QUARANTINE


class LaneLag(msgspec.Struct, frozen=True):
    """One journal of a till."""

    lane: str
    journal_id: str
    have_seq: int
    """Highest seq that is durable here."""
    tail_seq: int
    """Highest seq the till last said it has."""
    lag: int
    """Records the till had at last contact and HQ has not."""
    applied_seq: int
    """Up to here, what came in shows in histories; quarantined records aside."""
    quarantined: int
    last_contact_at: str | None
    """HQ's time; None before the first contact."""
    oldest_unacked_age_s: int
    backlog_bytes: int
    agent_version: str
    safe_seq: int
    """Up to here every backup that could be restored holds it: the till may prune so far."""
    succeeded_by: str | None = None
    """The journal that goes on from this one, from seq `ends_at` on."""
    ends_at: int | None = None


class TillLag(msgspec.Struct, frozen=True):
    """One till."""

    till: str
    state: str
    """`active`, `replaced` where another device took its place, or `revoked`."""
    keyid: str
    """Of its device key."""
    lanes: tuple[LaneLag, ...]


class StoreLag(msgspec.Struct, frozen=True):
    """One store with its tills, in the order of their ids."""

    store: str
    tills: tuple[TillLag, ...]


def stores(conn: Connection) -> tuple[StoreLag, ...]:
    """Tell of every enrolled store how far its journals are in."""
    rows = conn.execute(_query()).all()
    return tuple(
        StoreLag(store, tuple(_till(list(of_till)) for _, of_till in groupby(of_store, _device)))
        for store, of_store in groupby(rows, lambda row: str(row.store))
    )


def _query() -> Select[tuple[object, ...]]:
    aside = (
        select(QUARANTINE.c.journal_id, func.count().label("quarantined"))
        .group_by(QUARANTINE.c.journal_id)
        .subquery()
    )
    same = JOURNALS.c.journal_id
    return (
        select(
            JOURNALS,
            CREDENTIALS.c.revoked_at,
            CREDENTIALS.c.revoked_why,
            func.coalesce(SAFE_POSITIONS.c.seq, 0).label("safe_seq"),
            JOURNALS.c.successor.label("succeeded_by"),
            JOURNALS.c.ended_seq.label("ends_at"),
            CURSORS.c.have_seq,
            func.coalesce(APPLIED.c.seq, 0).label("applied_seq"),
            func.coalesce(aside.c.quarantined, 0).label("quarantined"),
            CONTACTS.c.last_contact_at,
            func.coalesce(CONTACTS.c.tail_seq, 0).label("tail_seq"),
            func.coalesce(CONTACTS.c.oldest_unacked_age_s, 0).label("oldest_unacked_age_s"),
            func.coalesce(CONTACTS.c.backlog_bytes, 0).label("backlog_bytes"),
            func.coalesce(CONTACTS.c.agent_version, "").label("agent_version"),
        )
        .join(CURSORS, same == CURSORS.c.journal_id)
        .join(CREDENTIALS, JOURNALS.c.keyid == CREDENTIALS.c.keyid)
        .outerjoin(SAFE_POSITIONS, same == SAFE_POSITIONS.c.journal_id)
        .outerjoin(APPLIED, same == APPLIED.c.journal_id)
        .outerjoin(CONTACTS, same == CONTACTS.c.journal_id)
        .outerjoin(aside, same == aside.c.journal_id)
        .order_by(JOURNALS.c.store, JOURNALS.c.till, JOURNALS.c.bound_at, JOURNALS.c.keyid)
        .order_by(JOURNALS.c.lane)
    )


def _device(row: Row[tuple[object, ...]]) -> tuple[str, str]:
    return row.till, row.keyid


def _till(rows: list[Row[tuple[object, ...]]]) -> TillLag:
    return TillLag(rows[0].till, _state(rows), rows[0].keyid, tuple(map(_lane, rows)))


def _state(rows: list[Row[tuple[object, ...]]]) -> str:
    """Tell whether a device still stands at its till: one key may have lost one till of two."""
    if all(row.ended_why == REPLACED for row in rows):
        return REPLACED
    if rows[0].revoked_at is None:
        return "active"
    return REPLACED if rows[0].revoked_why in {None, REPLACED, RENEWED} else "revoked"


def _lane(row: Row[tuple[object, ...]]) -> LaneLag:
    values = {name: getattr(row, name) for name in LaneLag.__struct_fields__ if name != "lag"}
    due_seq = row.tail_seq if row.ends_at is None else min(row.tail_seq, row.ends_at)
    return LaneLag(**values, lag=max(0, due_seq - row.have_seq))
