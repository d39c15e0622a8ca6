"""What was derived of persons' buying, for their cards; nothing of those who did not agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection, select

from agent.core.consent.purposes import ANY, PROFILING, ancestry
from agent.core.identifiers import PartyId
from agent.core.suggest import Insight
from central.ledger.bulk import among
from central.ledger.due import PARTY, note_due
from central.ledger.lead_tables import PROFILES

_DECIDING = frozenset({ANY, *ancestry(PROFILING.purpose)})
"""Purposes of which an answer may allow or end a profile."""


def insights_of(conn: Connection, canonical_ids: Sequence[str]) -> dict[PartyId, Insight]:
    """Read what is kept of some persons, by their canonical ids."""
    theirs = among(conn, PROFILES.c.party_id, canonical_ids)
    return {
        PartyId(row.party_id): msgspec.json.decode(row.body, type=Insight)
        for row in conn.execute(select(PROFILES).where(theirs))
    }


def note_answered(conn: Connection, answered: Iterable[tuple[str, str]]) -> None:
    """Have the profiles looked at of whoever answered something that decides over them.

    Args:
        conn: of the transaction that keeps the answers.
        answered: party ids, each with the purpose of an answer.
    """
    note_due(conn, PARTY, [party_id for party_id, purpose in answered if purpose in _DECIDING])
