"""What owners have together, unit by unit, and what of it lies with tills."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec
from sqlalchemy import Connection, select

from agent.core.loyalty import LEASED, Account, Expiring, Posting, standing
from central.ledger.bulk import among
from central.ledger.value_tables import VALUE_ACCOUNTS, VALUE_LEASES, VALUE_POSTINGS
from central.value.books import posting_of

POSTINGS_SHOWN = 100
_A = VALUE_ACCOUNTS.c


class LeaseView(msgspec.Struct, frozen=True):
    """A part of a balance that one till may spend without asking."""

    lease_id: str
    owner: str
    unit: str
    cap: int
    left: int
    """What HQ has not seen spent of it."""
    store: str
    till: str
    given_at: str
    sale_id: str | None
    """The one sale it is for; None: given in advance."""
    recalled: bool


class UnitView(msgspec.Struct, frozen=True):
    """What somebody has in one unit."""

    unit: str
    """`points`, or the currency of gift cards, of which amounts are minor units."""
    value: int
    """What is theirs; negative where goods came back whose points were spent already."""
    free: int
    """What of it no till holds."""
    leases: tuple[LeaseView, ...]


class BookedView(msgspec.Struct, frozen=True):
    """One booking on an owner's own account."""

    at: str
    owner: str
    unit: str
    amount: int
    event: str
    """The sale it came with, or the lease."""
    line: str


class ValueView(msgspec.Struct, frozen=True):
    """What somebody has, and how it came about."""

    owners: tuple[str, ...]
    """Every id it was booked under: a merge adds up, and posts nothing."""
    units: tuple[UnitView, ...]
    bookings: tuple[BookedView, ...]
    """Newest first, at most `POSTINGS_SHOWN`; without what tills hold and give back."""
    expiring: tuple[Expiring, ...] = ()
    """Which points end when, the next in front; in answers about a person."""


def sums_of(conn: Connection, owners: Collection[str]) -> dict[Account, int]:
    """Add up every account of some owners."""
    query = select(VALUE_ACCOUNTS).where(among(conn, _A.owner, sorted(owners)), _A.amount != 0)
    return {
        Account(row.owner, row.unit, row.kind, row.lease): row.amount for row in conn.execute(query)
    }


def view_of(conn: Connection, owners: Collection[str]) -> ValueView:
    """Show what owners have together, and the newest of how it came about."""
    sums = sums_of(conn, owners)
    leases = _leases(conn, sums)
    units = []
    for unit in sorted({account.unit for account in sums}):
        found = standing(sums, owners, unit)
        held = tuple(each for each in leases if each.unit == unit)
        units.append(UnitView(unit, found.value, found.free, held))
    return ValueView(tuple(sorted(owners)), tuple(units), tuple(_booked(conn, owners)))


def postings_of(conn: Connection, owners: Collection[str]) -> list[Posting]:
    """Give every posting of some owners: what a shortfall is reckoned from, and an export."""
    query = select(VALUE_POSTINGS).where(among(conn, VALUE_POSTINGS.c.owner, sorted(owners)))
    return [posting_of(row) for row in conn.execute(query)]


def _leases(conn: Connection, sums: Mapping[Account, int]) -> list[LeaseView]:
    left = {account.lease: amount for account, amount in sums.items() if account.kind == LEASED}
    query = select(VALUE_LEASES).where(among(conn, VALUE_LEASES.c.lease_id, sorted(left)))
    return [
        LeaseView(
            row.lease_id,
            row.owner,
            row.unit,
            row.cap,
            left[row.lease_id],
            row.store,
            row.till,
            row.given_at,
            row.sale_id,
            row.recalled_at is not None,
        )
        for row in conn.execute(query.order_by(VALUE_LEASES.c.lease_id))
    ]


def _booked(conn: Connection, owners: Collection[str]) -> Iterable[BookedView]:
    held = VALUE_POSTINGS.c
    query = (
        select(VALUE_POSTINGS)
        .where(
            among(conn, held.owner, sorted(owners)),
            held.kind.in_(("issued", "redeemed", "forfeited")),
            held.amount != 0,
        )
        .order_by(held.at.desc(), held.event.desc(), held.line)
        .limit(POSTINGS_SHOWN)
    )
    for row in conn.execute(query):
        yield BookedView(row.at, row.owner, row.unit, -row.amount, row.event, row.line)
