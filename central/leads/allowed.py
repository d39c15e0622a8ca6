"""May this customer's buying be looked at? One question, asked before anything is derived."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from agent.core.consent import Asked, Verdict, check
from agent.core.consent.purposes import PROFILING
from agent.core.identifiers import PartyId
from central.identity.consents import marks_of_person


def profiling(conn: Connection, party_ids: Sequence[str], today: str) -> Verdict:
    """Answer for one person.

    Args:
        conn: any open connection.
        party_ids: all ids of the person, the canonical one first.
        today: the day, ISO 8601: a yes may have been given for a time.
    """
    marks = marks_of_person(conn, [PartyId(each) for each in party_ids])
    return check(marks, Asked(PROFILING.purpose), today=today)
