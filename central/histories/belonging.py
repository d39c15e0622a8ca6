"""Whose an entry says it is: a till speaks for itself alone, and of days there are.

A device may append to its own journals and to nothing else; what it writes into them could still
name another store, and would then be another store's money.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from agent.core.entries.bodies import Body
from agent.core.faults import InputFault, StateFault
from central.ledger.tables import JOURNALS

_PLACE = select(JOURNALS.c.store, JOURNALS.c.till).where(
    JOURNALS.c.journal_id == bindparam("of_journal")
)
_MISSING = object()


class Place(NamedTuple):
    """A till of a store."""

    store: str
    till: str


def place_of(conn: Connection, journal_id: str) -> Place | None:
    """Tell whose a journal is; None where HQ has not bound it."""
    row = conn.execute(_PLACE, {"of_journal": journal_id}).one_or_none()
    return None if row is None else Place(*row)


def require_own(place: Place | None, body: Body) -> None:
    """Have an entry speak of the till whose journal it stands in, and of a day there is.

    Raises:
        StateFault: `said-of-another-till`.
        InputFault: `no-such-day`.
    """
    if place is not None:
        said = getattr(body, "store", place.store), getattr(body, "till", place.till)
        if said != place:
            raise StateFault(
                f"the entry says it is of till {said[1]} of {said[0]}; the journal is of till "
                f"{place.till} of {place.store}",
                remedy="void the entry, and find out who writes with this till's key: "
                "till-central revoke shuts it out",
                name="said-of-another-till",
            )
    day = getattr(body, "business_date", _MISSING)
    if isinstance(day, str):
        _require_day(day)


def _require_day(day: str) -> None:
    try:
        is_one = day == date.fromisoformat(day).isoformat()
    except ValueError:
        is_one = False
    if not is_one:
        raise InputFault(
            f"{day[:40]!r} is no business day, ISO 8601 as in 2026-11-02",
            remedy="book by hand what the entry says, and void it",
            name="no-such-day",
        )
