"""Leases at HQ: decided out of what is free, booked before they are signed, released when over.

Whoever signs them calls `decide` and `book` in one transaction.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy import Connection, select, update

from agent.core.loyalty import (
    Ask,
    Given,
    Lease,
    LeaseClosed,
    LoyaltyFault,
    Programme,
    grant,
    standing,
)
from agent.core.loyalty.bookings import granted, released
from central.ledger.bulk import among
from central.ledger.upserts import upsert
from central.ledger.value_tables import VALUE_LEASES
from central.value.balances import sums_of
from central.value.books import SqlBooks

_L = VALUE_LEASES.c
WRITTEN_OFF = "written-off"
_json = msgspec.json.Encoder(order="deterministic")


def decide(conn: Connection, ask: Ask, owners: Collection[str], programme: Programme) -> Lease:
    """Decide what of a balance one till may spend.

    Args:
        conn: of `writing`: what is free stays free until the lease is booked.
        ask: what is asked for.
        owners: whom the owner is one person with, that one included; one for a gift card.
        programme: in force.

    Raises:
        LoyaltyFault: `no-worth`, and as `grant` says.
        InputFault: `lease-value`.
    """
    worth = programme.worth_of(ask.unit)
    if worth is None:
        raise LoyaltyFault(
            f"nothing can be paid with {ask.unit}: the programme does not say what they are worth",
            remedy="take another tender; or publish a programme with a worth",
            name="no-worth",
        )
    free = standing(sums_of(conn, owners), owners, ask.unit).free
    given = _given(conn, owners, ask)
    return grant(ask, free=free, worth=worth, caps=programme.caps_of(ask.unit), given=given)


def book(conn: Connection, lease_id: str, lease: Lease, now: str) -> bool:
    """Set a lease aside from its owner's balance; False where that was done before.

    Raises:
        LedgerFault: `ledger-fork`: another lease was booked under this id.
    """
    SqlBooks(conn).post(granted(lease_id, lease), now)
    row = {
        "lease_id": lease_id,
        "owner": lease.owner,
        "unit": lease.unit,
        "cap": lease.cap,
        "store": lease.store,
        "till": lease.till,
        "journal": lease.journal,
        "day": lease.day,
        "sale_id": lease.sale_id,
        "body": _json.encode(lease),
        "given_at": now,
        "spent": 0,
    }
    return conn.execute(upsert(VALUE_LEASES).on_conflict_do_nothing(), row).rowcount == 1


def close(conn: Connection, fact: LeaseClosed, now: str) -> None:
    """Note that a till spends no more of a lease; what it did not spend is booked elsewhere."""
    said = {"spent": fact.spent, "closed_day": now[:10], "closed_why": fact.reason}
    conn.execute(update(VALUE_LEASES).where(_L.lease_id == fact.lease_id).values(said))


def write_off(conn: Connection, lease_id: str, now: str) -> Lease:
    """Give back what is not known to be spent of a lease whose till does not come back.

    Should the till come back and tell that it had spent more, the owner's balance may be negative:
    the worklist names it then.

    Raises:
        LoyaltyFault: `no-such-lease`, `lease-closed`.
    """
    row = conn.execute(select(VALUE_LEASES).where(_L.lease_id == lease_id)).one_or_none()
    if row is None or row.closed_day is not None:
        raise LoyaltyFault(
            f"lease {lease_id[:40]} "
            + ("is not known here" if row is None else f"is closed since {row.closed_day}"),
            remedy="GET /v1/parties/{id}/value lists what tills still hold",
            name="no-such-lease" if row is None else "lease-closed",
        )
    books = SqlBooks(conn)
    lease = msgspec.json.decode(row.body, type=Lease)
    standing_there = books.releases(lease_id)
    spent = -sum(each.amount for each in standing_there if each.line.startswith("tender-"))
    event = f"{lease_id}/{WRITTEN_OFF}"
    off = released(lease_id, lease, spent=spent, event=event, standing=standing_there)
    books.post(off, now)
    said = {"spent": spent, "closed_day": now[:10], "closed_why": WRITTEN_OFF}
    conn.execute(update(VALUE_LEASES).where(_L.lease_id == lease_id).values(said))
    return lease


def _given(conn: Connection, owners: Collection[str], ask: Ask) -> list[Given]:
    counts = _L.closed_day.is_(None) | (_L.closed_day == ask.day) | (_L.day == ask.day)
    query = select(_L.cap, _L.day, _L.spent, _L.closed_day).where(
        among(conn, _L.owner, sorted(owners)), _L.unit == ask.unit, _L.sale_id.is_(None), counts
    )
    return [Given(row.cap, row.day, row.spent, row.closed_day) for row in conn.execute(query)]
