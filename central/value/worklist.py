"""What a person should look at: who owes value, which leases and refunds do not add up.

Nothing here stops a till: goods that are gone are booked, and the shop is told openly.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, insert, select, update

from agent.core.faults import InputFault, NotFoundFault
from agent.core.loyalty import (
    HELD,
    LEASED,
    OWNED,
    Account,
    Posting,
    overspent,
    uncovered,
    worded,
)
from agent.core.loyalty.programme import GIFT_PREFIX
from central.identity.parties import canonicals, members_of_all
from central.ledger.bulk import among
from central.ledger.sums import whole_sum
from central.ledger.tables import JOURNALS
from central.ledger.value_tables import VALUE_ACCOUNTS, VALUE_FINDINGS, VALUE_LEASES
from central.value.balances import sums_of

SHOWN_MAX = 500
ORPHANED, UNCOVERED = "lease-orphaned", "lease-uncovered"
OVERDRAWN, OVERSPENT, BOOKED = "overdrawn", "lease-overspent", "booked-by-hand"
_A, _F = VALUE_ACCOUNTS.c, VALUE_FINDINGS.c


class Finding(msgspec.Struct, frozen=True):
    """One thing to look at."""

    name: str
    """`overdrawn`, `lease-overspent`, `lease-orphaned`, `lease-uncovered`, `tender-not-spent` or
    `restored-more-than-paid`."""
    owner: str
    """A party id, under which the person is shown; or what a gift card is called by; empty where
    the sale names nobody."""
    unit: str
    amount: int
    """By how much, in the unit; of the last two in money."""
    detail: str
    remedy: str
    event: str = ""
    line: str = ""
    """With `event` what a finding is settled by; both empty where only a booking ends it."""


def worklist(conn: Connection) -> tuple[Finding, ...]:
    """List what is open, at most `SHOWN_MAX` of each kind."""
    return (*_overdrawn(conn), *_overspent(conn), *_orphaned(conn), *_uncovered(conn), *_kept(conn))


def settle(conn: Connection, event: str, line: str, *, by: str, reason: str, now: str) -> None:
    """Take a person's word that a finding is dealt with.

    Raises:
        NotFoundFault: `no-such-finding`.
        InputFault: `reason-missing`.
    """
    if not (by.strip() and reason.strip()):
        raise InputFault(
            "nobody is named, or no reason is given",
            remedy="say who decides, and why",
            name="reason-missing",
        )
    said = {"settled_at": now, "settled_by": by.strip(), "reason": reason.strip()}
    of_this = (_F.event == event) & (_F.line == line) & _F.settled_at.is_(None)
    if not conn.execute(update(VALUE_FINDINGS).where(of_this).values(said)).rowcount:
        raise NotFoundFault(
            f"nothing is open about {line} of {event[:40]}",
            remedy="GET /v1/loyalty/worklist lists what is",
            name="no-such-finding",
        )


def note_decided(
    conn: Connection, event: str, posting: Posting, *, by: str, reason: str, now: str
) -> None:
    """Keep who booked value without a sale, and why."""
    row = {
        "event": event,
        "line": posting.line,
        "name": BOOKED,
        "owner": posting.account.owner,
        "unit": posting.account.unit,
        "amount": posting.amount,
        "detail": "booked by hand",
        "at": now,
        "settled_at": now,
        "settled_by": by,
        "reason": reason,
    }
    conn.execute(insert(VALUE_FINDINGS), row)


def booked_for(conn: Connection, event: str) -> str | None:
    """Tell under which id value was booked by hand; None where it was not."""
    query = select(_F.owner).where(_F.event == event, _F.name == BOOKED)
    return conn.execute(query.limit(1)).scalar_one_or_none()


def _overdrawn(conn: Connection) -> Iterator[Finding]:
    """Give who has less than nothing, all they are merged with counted in."""
    total = whole_sum(_A.amount)
    query = (
        select(_A.owner, _A.unit, total.label("value"))
        .where(_A.kind.in_(OWNED))
        .group_by(_A.owner, _A.unit)
        .having(total < 0)
        .order_by(_A.owner, _A.unit)
        .limit(SHOWN_MAX)
    )
    rows = conn.execute(query).all()
    people = sorted({row.owner for row in rows if not row.owner.startswith(GIFT_PREFIX)})
    chosen = {str(key): str(value) for key, value in canonicals(conn, people).items()}
    seen = set()
    for row in rows:
        owner = chosen.get(row.owner, row.owner)
        value = row.value if owner == row.owner else None
        if owner in chosen.values():
            value = _together(conn, owner, row.unit)
        if value is not None and value < 0 and (owner, row.unit) not in seen:
            seen.add((owner, row.unit))
            yield Finding(
                OVERDRAWN,
                owner,
                row.unit,
                -value,
                f"{worded(-value, row.unit)} more were spent than there were: goods came back, or "
                "a merge was undone",
                "settle it with the customer, then book what was agreed: POST "
                "/v1/parties/{id}/value",
            )


def _together(conn: Connection, owner: str, unit: str) -> int:
    members = next(iter(members_of_all(conn, [owner]).values()))
    query = select(whole_sum(_A.amount)).where(
        among(conn, _A.owner, sorted(members)), _A.unit == unit, _A.kind.in_(OWNED)
    )
    return conn.execute(query).scalar_one() or 0


def _overspent(conn: Connection) -> Iterator[Finding]:
    query = (
        select(VALUE_ACCOUNTS, VALUE_LEASES.c.store, VALUE_LEASES.c.till)
        .outerjoin(VALUE_LEASES, VALUE_LEASES.c.lease_id == _A.lease)
        .where(_A.kind == LEASED, _A.amount < 0)
        .order_by(_A.owner, _A.lease)
        .limit(SHOWN_MAX)
    )
    for row in conn.execute(query):
        account = Account(row.owner, row.unit, LEASED, row.lease)
        for found in overspent({account: row.amount}):
            yield Finding(
                OVERSPENT,
                row.owner,
                row.unit,
                found.by,
                f"lease {row.lease} of till {row.till} of {row.store} paid for "
                f"{worded(found.by, row.unit)} more than it was given",
                "find out whether the till's disk was copied, or the lease was written off and the "
                "till came back; then book what was agreed",
            )


def _orphaned(conn: Connection) -> Iterator[Finding]:
    """Give the leases of journals that have ended: nobody is left to close them."""
    held = VALUE_LEASES.c
    query = (
        select(VALUE_LEASES)
        .join(JOURNALS, JOURNALS.c.journal_id == held.journal)
        .where(held.closed_day.is_(None), JOURNALS.c.ended_at.is_not(None))
        .order_by(held.lease_id)
        .limit(SHOWN_MAX)
    )
    for row in conn.execute(query):
        yield Finding(
            ORPHANED,
            row.owner,
            row.unit,
            row.cap,
            f"lease {row.lease_id} lies with a journal of till {row.till} of {row.store} that has "
            "ended",
            f"once all that till has sold is in: POST /v1/leases/{row.lease_id}/write-off",
        )


def _uncovered(conn: Connection) -> Iterator[Finding]:
    """Give the leases of persons who have less than nothing left beside them.

    So it is once a merge is undone: they were given on what others have.
    """
    query = (
        select(_A.owner).where(_A.kind == HELD, _A.amount < 0).order_by(_A.owner).limit(SHOWN_MAX)
    )
    owners = [each for each in conn.execute(query).scalars() if not each.startswith(GIFT_PREFIX)]
    persons = dict.fromkeys(canonicals(conn, owners).values())
    for owner, members in members_of_all(conn, list(persons)).items():
        for account in uncovered(sums_of(conn, members), [members]):
            yield Finding(
                UNCOVERED,
                str(owner),
                account.unit,
                0,
                f"lease {account.lease} was given on value that is not {owner}'s any more",
                "have it closed: POST /v1/leases/recall",
            )


def _kept(conn: Connection) -> Iterator[Finding]:
    query = select(VALUE_FINDINGS).where(_F.settled_at.is_(None)).order_by(_F.event, _F.line)
    for row in conn.execute(query.limit(SHOWN_MAX)):
        yield Finding(
            row.name,
            row.owner,
            row.unit,
            row.amount,
            row.detail,
            "look at both receipts; settle it: POST /v1/loyalty/worklist/settle",
            row.event,
            row.line,
        )
