"""How many points a person has, for their card: the sum of what was booked under each of their ids.

The books are written elsewhere; a card only reads what each account adds up to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, select

from agent.core.history import survivors
from agent.core.identifiers import PartyId
from agent.core.loyalty import OWNED, POINTS, Expiring
from central.identity.attributes import words_of_all
from central.ledger.bulk import among
from central.ledger.sums import whole_sum
from central.ledger.value_tables import VALUE_ACCOUNTS, VALUE_EXPIRIES

_A, _E = VALUE_ACCOUNTS.c, VALUE_EXPIRIES.c


def points_of(conn: Connection, owners: Collection[str]) -> int | None:
    """Tell how many points owners have together; None where nothing was ever booked for them."""
    query = select(whole_sum(_A.amount)).where(
        among(conn, _A.owner, sorted(owners)), _A.unit == POINTS, _A.kind.in_(OWNED)
    )
    found: int | None = conn.execute(query).scalar_one()
    return found


def points_of_each(conn: Connection, owners: Sequence[str]) -> Mapping[str, int]:
    """Tell how many points each of many owners has; those without any booking are left out."""
    query = (
        select(_A.owner, whole_sum(_A.amount))
        .where(among(conn, _A.owner, owners), _A.unit == POINTS, _A.kind.in_(OWNED))
        .group_by(_A.owner)
    )
    return {row[0]: row[1] for row in conn.execute(query)}


def expiring_of_each(conn: Connection, owners: Sequence[str]) -> Mapping[str, Expiring]:
    """Tell which points of many owners end next, where that is soon."""
    query = select(_E.owner, _E.points, _E.last_day).where(
        among(conn, _E.owner, owners), _E.last_day != ""
    )
    return {row.owner: Expiring(row.points, row.last_day) for row in conn.execute(query)}


def told_points(conn: Connection, party_id: PartyId) -> tuple[int, str]:
    """Tell what another system's records say an id has, and when they said it: UTC, ISO 8601.

    It is what the books are opened with; 0 where they say nothing.
    """
    words = words_of_all(conn, [party_id]).get(party_id, ())
    told = survivors(word for word in words if word.field == POINTS).get(POINTS)
    return (int(told.value), told.shown.at) if told else (0, "")
