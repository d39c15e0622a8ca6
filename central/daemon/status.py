"""Is everything in? What is missing, since when, why: HQ's one answer, with what else matters."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, func, select

from central.console.standing import StoreStanding, standing
from central.histories import quarantine
from central.histories.parking import parked
from central.histories.troubles import Trouble, troubles
from central.ledger.authority_tables import BACKUPS
from central.ledger.epoch import current_epoch
from central.ledger.report_tables import LEDGER_CHECKS
from central.ledger.tables import CURSORS, FEED_SCOPES, INCIDENTS
from central.reports.progress import Stall, stalls

INCIDENTS_SHOWN = 20


class Incident(msgspec.Struct, frozen=True):
    """What a person at HQ must look at."""

    at: str
    name: str
    journal_id: str | None
    detail: str
    remedy: str


class Chains(msgspec.Struct, frozen=True):
    """What `till-central ledger verify` last found."""

    journals: int
    """How many there are."""
    verified: int
    """How many were ever verified."""
    broken: int
    oldest_check_at: str | None
    records_unverified: int
    """Records that came in since, or were never looked at."""


class Backups(msgspec.Struct, frozen=True):
    """What stores may prune rests on."""

    kept: int
    """Backups that could still be restored; without one, nothing is safe and nothing is pruned."""
    last_at: str | None
    last_place: str | None


class Status(msgspec.Struct, frozen=True):
    """Is everything in, what is missing, since when."""

    name: str
    epoch: str
    everything_in: bool
    complete_up_to: str | None
    """The last business date up to which every store is complete; None while one has none."""
    stores: tuple[StoreStanding, ...]
    stalls: tuple[Stall, ...]
    troubles: tuple[Trouble, ...]
    quarantined: int
    """Entries that wait for a decision."""
    parked: int
    """Applied entries that wait for another one still on its way."""
    chains: Chains
    backups: Backups
    feeds: dict[str, int]
    """Scope → number of the last change published."""
    incidents: tuple[Incident, ...]
    """Those that are not closed."""


def status_of(conn: Connection, name: str, now: str) -> Status:
    """Gather everything; one consistent picture of one transaction.

    Args:
        conn: of `reading`.
        name: the chain's.
        now: HQ's time.
    """
    stores = standing(conn, now)
    waiting = quarantine.count(conn)
    dates = [store.complete_up_to for store in stores]
    known = [date for date in dates if date is not None]
    feeds = conn.execute(select(FEED_SCOPES.c.scope, FEED_SCOPES.c.fseq))
    return Status(
        name=name,
        epoch=current_epoch(conn),
        everything_in=not waiting and all(store.everything_in for store in stores),
        complete_up_to=min(known) if known and len(known) == len(dates) else None,
        stores=stores,
        stalls=tuple(stalls(conn, now)),
        troubles=tuple(troubles(conn)),
        quarantined=waiting,
        parked=parked(conn),
        chains=chains(conn),
        backups=backups(conn),
        feeds={row.scope: row.fseq for row in feeds},
        incidents=incidents(conn),
    )


def incidents(conn: Connection) -> tuple[Incident, ...]:
    """List what a person has not seen to an end, newest first."""
    query = select(INCIDENTS).where(INCIDENTS.c.closed_at.is_(None))
    newest = query.order_by(INCIDENTS.c.at.desc()).limit(INCIDENTS_SHOWN)
    names = Incident.__struct_fields__
    return tuple(
        Incident(**{name: getattr(row, name) for name in names}) for row in conn.execute(newest)
    )


def chains(conn: Connection) -> Chains:
    """Sum up what was last verified."""
    held = LEDGER_CHECKS.c
    same = held.journal_id == CURSORS.c.journal_id
    fresh = CURSORS.c.have_seq - func.coalesce(held.upto_seq, 0)
    query = select(
        func.count().label("journals"),
        func.count(held.journal_id).label("verified"),
        func.count(held.fault).label("broken"),
        func.min(held.checked_at).label("oldest_check_at"),
        func.coalesce(func.sum(fresh), 0).label("records_unverified"),
    )
    row = conn.execute(query.select_from(CURSORS).outerjoin(LEDGER_CHECKS, same)).one()
    return Chains(
        row.journals, row.verified, row.broken, row.oldest_check_at, int(row.records_unverified)
    )


def backups(conn: Connection) -> Backups:
    """Sum up which backups could still be restored."""
    query = select(BACKUPS).where(BACKUPS.c.left_at.is_(None))
    rows = conn.execute(query.order_by(BACKUPS.c.taken_at.desc())).all()
    last = rows[0] if rows else None
    return Backups(len(rows), last.taken_at if last else None, last.place if last else None)
