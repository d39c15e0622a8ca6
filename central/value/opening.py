"""The first booking of a person's points begins with what another system's records had told.

From then on the books are right: a later import says what the old system thinks, and changes
nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from agent.core.identifiers import PartyId
from agent.core.loyalty import POINTS
from agent.core.loyalty.bookings import adjusted
from agent.core.loyalty.expiring import OPENING
from agent.core.loyalty.programme import GIFT_PREFIX
from central.identity.points import told_points
from central.ledger.value_tables import VALUE_ACCOUNTS
from central.value.books import SqlBooks


def open_books(conn: Connection, owners: Iterable[str], at: str) -> None:
    """Take over what records had told of owners for whom nothing was booked so far.

    Args:
        conn: of `writing`.
        owners: parties as observed; a gift card's books are never opened so.
        at: UTC, ISO 8601; only shown.
    """
    for owner in owners:
        if not owner.startswith(GIFT_PREFIX) and not _is_open(conn, owner):
            told = told_points(conn, PartyId(owner))
            opening = adjusted(owner, POINTS, told, event=OPENING + owner)
            SqlBooks(conn).post(opening, at)


def _is_open(conn: Connection, owner: str) -> bool:
    held = VALUE_ACCOUNTS.c
    query = select(held.amount).where(held.owner == owner, held.unit == POINTS).limit(1)
    return conn.execute(query).first() is not None
