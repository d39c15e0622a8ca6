"""Is everything in? What is missing, since when, why: HQ's one answer, with what else matters."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, func, select

from agent.core.exchange.credentials import key_id
from agent.core.exchange.signed import unhex
from central.console.standing import StoreStanding, standing
from central.daemon.backups import seen
from central.histories import quarantine
from central.histories.parking import parked
from central.histories.troubles import Trouble, troubles
from central.intake.outstanding import OrderState, order_states
from central.ledger import room
from central.ledger.authority_tables import REVOKED_DEVICES
from central.ledger.backups import kept, safe_lag
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
    closed_at: str | None = None
    """When it was over; what it says was lost still is."""


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
    oldest_at: str | None
    """What is safe is what the oldest one holds, too."""
    lost: tuple[str, ...]
    """Places of the list where no whole backup lies any more: `till-central backup --check`."""
    unsafe_records: int
    """Records HQ holds and stores must keep as well, as not every backup has them."""


class RevokedDevice(msgspec.Struct, frozen=True):
    """A device that is let in never again."""

    keyid: str
    reason: str
    at: str


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
    """Those that are open, then the newest of those that are over."""
    orders: tuple[OrderState, ...]
    """HQ's orders that some till has not carried out yet."""
    revoked: tuple[RevokedDevice, ...]
    disk_low: str = ""
    """What is wrong with the disk of HQ's database, with what to do; empty while it has room."""


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
        orders=tuple(order_states(conn, open_only=True)),
        revoked=revoked(conn),
        disk_low=disk_low(conn),
    )


def disk_low(conn: Connection) -> str:
    """Say that the disk of HQ's database is nearly full, and what to do; empty if it is not."""
    shortage = room.shortage(conn)
    return f"{shortage}: {room.REMEDY}" if shortage else ""


def incidents(conn: Connection) -> tuple[Incident, ...]:
    """List what a person should see to an end, and what ended by itself; newest first of each."""
    is_over = INCIDENTS.c.closed_at.is_not(None)
    newest = select(INCIDENTS).order_by(is_over, INCIDENTS.c.at.desc()).limit(INCIDENTS_SHOWN)
    names = Incident.__struct_fields__
    return tuple(
        Incident(**{name: getattr(row, name) for name in names}) for row in conn.execute(newest)
    )


def revoked(conn: Connection) -> tuple[RevokedDevice, ...]:
    """List the devices HQ has revoked, newest first."""
    query = select(REVOKED_DEVICES).order_by(REVOKED_DEVICES.c.at.desc())
    return tuple(
        RevokedDevice(key_id(unhex(row.device_key)), row.reason, row.at)
        for row in conn.execute(query)
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
    """Sum up which backups could still be restored, by a look at their files."""
    listed = kept(conn)
    oldest, last = (listed[0], listed[-1]) if listed else (None, None)
    return Backups(
        len(listed),
        last.taken_at if last else None,
        last.place if last else None,
        oldest.taken_at if oldest else None,
        tuple(each.place for each in listed if seen(each) != "whole"),
        safe_lag(conn),
    )
