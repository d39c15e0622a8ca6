"""The first booking of a person's points begins with what another system's records had told.

It is a booking of the day on which they told it, for points that end as well; until then a later
import may correct it. From then on the books are right: a later import says what the old system
thinks, and changes nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, select

from agent.core.identifiers import PartyId
from agent.core.loyalty import POINTS, Posting
from agent.core.loyalty.bookings import adjusted
from agent.core.loyalty.expiring import OPENING
from agent.core.loyalty.programme import GIFT_PREFIX
from central.identity.points import told_points
from central.ledger.value_tables import VALUE_ACCOUNTS
from central.value.books import SqlBooks


class Opening(NamedTuple):
    """The booking by which somebody's books are opened."""

    postings: tuple[Posting, ...]
    at: str
    """When the records told of it: UTC, ISO 8601."""


def open_books(conn: Connection, owners: Iterable[str]) -> None:
    """Take over what records had told of owners for whom nothing was booked so far.

    Args:
        conn: of `writing`.
        owners: parties as observed; a gift card's books are never opened so.
    """
    for each in openings(conn, owners):
        SqlBooks(conn).post(each.postings, each.at)


def openings(conn: Connection, owners: Iterable[str]) -> list[Opening]:
    """Give the bookings that `open_books` would make: until then they count as if made."""
    closed = [each for each in owners if not each.startswith(GIFT_PREFIX)]
    found = []
    for owner in (each for each in closed if not _is_open(conn, each)):
        told, at = told_points(conn, PartyId(owner))
        if told:
            found.append(Opening(adjusted(owner, POINTS, told, event=OPENING + owner), at))
    return found


def _is_open(conn: Connection, owner: str) -> bool:
    held = VALUE_ACCOUNTS.c
    query = select(held.amount).where(held.owner == owner, held.unit == POINTS).limit(1)
    return conn.execute(query).first() is not None
