"""Where nothing moves although something should: stalled tills, a stalled applier, silent tills.

HQ's own clock measures, on both ends; what a till says of its backlog's age adds to it.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, Row, Select, and_, func, select

from central.ledger.report_tables import TROUBLES
from central.ledger.tables import APPLIED, CHAIN, CONTACTS, CREDENTIALS, CURSORS, JOURNALS
from central.reports.times import seconds_between

STALLED_S = 240
"""No progress for so long while there is a backlog. With the watch's beat it is said within five
minutes."""
SILENT_S = 600
"""A till that said nothing for so long is worth a look; it sells on meanwhile."""
STALLED, NOT_APPLIED = "stalled", "not-applied"


class Stall(msgspec.Struct, frozen=True):
    """One journal that stands still."""

    journal_id: str
    store: str
    till: str
    lane: str
    kind: str
    """`stalled`: the till has records and HQ gets none; `not-applied`: HQ has them, and they do
    not show."""
    since: str | None
    """HQ's time of the last progress; None where there never was any."""
    records: int
    detail: str
    remedy: str


def stalls(conn: Connection, now: str) -> list[Stall]:
    """List every journal that stands still, the longest first.

    Args:
        conn: any open connection.
        now: HQ's time.
    """
    found = [*_not_coming_in(conn, now), *_not_applied(conn, now)]
    return sorted(found, key=lambda stall: (stall.since or "", stall.journal_id))


def progress_of(conn: Connection) -> dict[str, str]:
    """Tell of the journals with a backlog when HQ last got a record: journal to HQ's time.

    Of one that never sent any, it is when the journal was bound.
    """
    return {row.journal_id: row.progress_at for row in conn.execute(_behind())}


def waiting_since(conn: Connection) -> dict[str, str]:
    """Tell since when the first record waits that HQ holds and has not applied."""
    return {row.journal_id: row.received_at for row in conn.execute(_unapplied())}


def is_stalled(
    *, progress_at: str | None, contact_at: str | None, oldest_age_s: int, now: str
) -> bool:
    """Tell whether a backlog stands still.

    Args:
        progress_at: when HQ last got a record of the journal; None: never.
        contact_at: when the till last said that it has more.
        oldest_age_s: how old it said the oldest record is; 0 where it does not know.
        now: HQ's time.
    """
    heard_s = seconds_between(contact_at, now)
    if heard_s is None or heard_s > SILENT_S:
        return False  # That till is silent: another name, another remedy.
    still_s = seconds_between(progress_at, now)
    age_s = oldest_age_s + heard_s if oldest_age_s else STALLED_S
    return min(STALLED_S if still_s is None else still_s, age_s) >= STALLED_S


def _not_coming_in(conn: Connection, now: str) -> Iterator[Stall]:
    for row in conn.execute(_behind()):
        if not is_stalled(
            progress_at=row.progress_at,
            contact_at=row.last_contact_at,
            oldest_age_s=row.oldest_unacked_age_s,
            now=now,
        ):
            continue
        missing = row.tail_seq - row.have_seq
        yield Stall(
            **_of(row),
            kind=STALLED,
            since=row.progress_at,
            records=missing,
            detail=f"the till is in contact and reports {missing} records, but none has come in "
            f"since {row.progress_at}",
            remedy="run till-agent status at the till: it names what its sync is waiting for",
        )


def _not_applied(conn: Connection, now: str) -> Iterator[Stall]:
    for row in conn.execute(_unapplied()):
        waited_s = seconds_between(row.received_at, now)
        if waited_s is None or waited_s < STALLED_S:
            continue
        reason = f": {row.reason} ({row.tries} tries)" if row.reason else ""
        yield Stall(
            **_of(row),
            kind=NOT_APPLIED,
            since=row.received_at,
            records=row.have_seq - row.applied_seq,
            detail=f"entry {row.applied_seq + 1} is here since {row.received_at} and does not "
            f"show{reason}",
            remedy="look for the applier in HQ's log; if the database failed, free space on its "
            "disk or run till-central ledger verify",
        )


def _behind() -> Select[tuple[object, ...]]:
    last = and_(CHAIN.c.journal_id == CURSORS.c.journal_id, CHAIN.c.seq == CURSORS.c.have_seq)
    return (
        select(
            *_JOURNAL,
            CURSORS.c.have_seq,
            CONTACTS.c.tail_seq,
            CONTACTS.c.last_contact_at,
            CONTACTS.c.oldest_unacked_age_s,
            func.coalesce(CHAIN.c.received_at, JOURNALS.c.bound_at).label("progress_at"),
        )
        .join(CURSORS, CURSORS.c.journal_id == JOURNALS.c.journal_id)
        .join(CONTACTS, CONTACTS.c.journal_id == JOURNALS.c.journal_id)
        .join(CREDENTIALS, CREDENTIALS.c.keyid == JOURNALS.c.keyid)
        .outerjoin(CHAIN, last)
        .where(
            CONTACTS.c.tail_seq > CURSORS.c.have_seq,
            CREDENTIALS.c.revoked_at.is_(None),
            JOURNALS.c.ended_at.is_(None),
        )
    )


def _unapplied() -> Select[tuple[object, ...]]:
    applied = func.coalesce(APPLIED.c.seq, 0)
    first = and_(CHAIN.c.journal_id == CURSORS.c.journal_id, CHAIN.c.seq == applied + 1)
    return (
        select(
            *_JOURNAL,
            CURSORS.c.have_seq,
            applied.label("applied_seq"),
            CHAIN.c.received_at,
            TROUBLES.c.reason,
            TROUBLES.c.tries,
        )
        .join(CURSORS, CURSORS.c.journal_id == JOURNALS.c.journal_id)
        .outerjoin(APPLIED, APPLIED.c.journal_id == JOURNALS.c.journal_id)
        .outerjoin(TROUBLES, TROUBLES.c.journal_id == JOURNALS.c.journal_id)
        .join(CHAIN, first)
        .where(CURSORS.c.have_seq > applied)
    )


def _of(row: Row[tuple[object, ...]]) -> dict[str, str]:
    return {name: getattr(row, name) for name in ("journal_id", "store", "till", "lane")}


_JOURNAL = tuple(JOURNALS.c[name] for name in ("journal_id", "store", "till", "lane"))
