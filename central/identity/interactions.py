"""The one timeline: what a party did, on any channel, kept under the party as it was observed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Row, bindparam, select, tuple_

from agent.core.history import Interaction
from central.ledger.bulk import among
from central.ledger.customer_tables import INTERACTIONS
from central.ledger.upserts import upsert

PAGE = 100
"""Interactions of one answer; older ones are asked for with `before`."""
_FIELDS = tuple(Interaction.__struct_fields__)
_place = tuple_(INTERACTIONS.c.occurred_at, INTERACTIONS.c.event_id)
_NEWEST = (
    select(INTERACTIONS)
    .where(INTERACTIONS.c.party_id == bindparam("of_party"))
    .order_by(INTERACTIONS.c.occurred_at.desc(), INTERACTIONS.c.event_id.desc())
    .limit(bindparam("at_most"))
)
_RECORD = upsert(INTERACTIONS).on_conflict_do_nothing()


def record(conn: Connection, party_id: str, interaction: Interaction, recorded_at: str) -> bool:
    """Add an interaction to the party's history; False when it is there already."""
    row = {field: getattr(interaction, field) for field in _FIELDS}
    row |= {"party_id": party_id, "recorded_at": recorded_at}
    return conn.execute(_RECORD, row).rowcount == 1


def interactions_of(
    conn: Connection, party_id: str, *, limit: int = PAGE, before: str | None = None
) -> list[Interaction]:
    """Read a party's history, newest first.

    Args:
        conn: any open connection.
        party_id: canonical id.
        limit: how many at most.
        before: only what stands behind this `mark`: that of the last one read.
    """
    query, of_party = _NEWEST, {"of_party": party_id, "at_most": limit}
    if before is not None:
        query = query.where(_place < tuple_(*_unmark(before)))
    return [_interaction(row) for row in conn.execute(query, of_party)]


def with_history(conn: Connection, party_ids: Sequence[str]) -> set[str]:
    """Tell who of many has any interactions."""
    theirs = among(conn, INTERACTIONS.c.party_id, party_ids)
    query = select(INTERACTIONS.c.party_id).where(theirs).distinct()
    return set(conn.execute(query).scalars())


def mark(interaction: Interaction) -> str:
    """Name a place in a history, to read on behind it."""
    return f"{interaction.occurred_at} {interaction.event_id}"


def _unmark(before: str) -> tuple[str, str]:
    occurred_at, _, event_id = before.partition(" ")
    return occurred_at, event_id


def _interaction(row: Row[tuple[object, ...]]) -> Interaction:
    return Interaction(**{field: getattr(row, field) for field in _FIELDS})
