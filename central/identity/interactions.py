"""The one timeline: what a party did, on any channel, kept under the party as it was observed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, Row, bindparam, select, tuple_

from agent.core.history import LAST_SHOWN, Interaction, last
from central.identity.parties import members_of
from central.ledger.bulk import among
from central.ledger.customer_tables import INTERACTIONS
from central.ledger.direct import Prepared
from central.ledger.upserts import upsert

PAGE = 100
"""Interactions of one answer; older ones are asked for with `before`."""
_FIELDS = tuple(Interaction.__struct_fields__)
_place = tuple_(INTERACTIONS.c.occurred_at, INTERACTIONS.c.event_id)
_ALL_NEWEST = (
    select(INTERACTIONS)
    .order_by(INTERACTIONS.c.occurred_at.desc(), INTERACTIONS.c.event_id.desc())
    .limit(bindparam("at_most"))
)
_NEWEST = _ALL_NEWEST.where(INTERACTIONS.c.party_id == bindparam("of_party"))
_RECORD = Prepared(upsert(INTERACTIONS).on_conflict_do_nothing())


def record(conn: Connection, party_id: str, interaction: Interaction, recorded_at: str) -> bool:
    """Add an interaction to the party's history; False when it is there already."""
    row = {field: getattr(interaction, field) for field in _FIELDS}
    row |= {"party_id": party_id, "recorded_at": recorded_at}
    return _RECORD.run(conn, row) == 1


def interactions_of(
    conn: Connection, party_id: str, *, limit: int = PAGE, before: str | None = None
) -> list[Interaction]:
    """Read a person's history, newest first, gathered from all of their ids.

    Args:
        conn: any open connection.
        party_id: canonical id.
        limit: how many at most.
        before: only what stands behind this `mark`: that of the last one read.
    """
    ids = members_of(conn, party_id)
    query = _NEWEST if len(ids) == 1 else _ALL_NEWEST.where(_among(conn, ids))
    # An order's line may stand under two of the ids.
    asked = {"of_party": ids[0], "at_most": limit * len(ids)}
    if before is not None:
        query = query.where(_place < tuple_(*_unmark(before)))
    once = {row.event_id: _interaction(row) for row in conn.execute(query, asked)}
    return list(once.values())[:limit]


def last_of_all(conn: Connection, party_ids: Sequence[str]) -> dict[str, list[Interaction]]:
    """Give of each id by itself the newest lines a card shows; of one without any, nothing."""
    return {each: list(_last_of(conn, each)) for each in with_history(conn, party_ids)}


def _last_of(conn: Connection, party_id: str) -> tuple[Interaction, ...]:
    """Read on until enough is found that a card shows: bookkeeping is passed over."""
    shown: tuple[Interaction, ...] = ()
    for page in _pages(conn, party_id):
        shown = last(shown, page)
        if len(shown) == LAST_SHOWN:
            break
    return shown


def _pages(conn: Connection, party_id: str) -> Iterator[list[Interaction]]:
    size = LAST_SHOWN
    asked = {"of_party": party_id, "at_most": size}
    page = [_interaction(row) for row in conn.execute(_NEWEST, asked)]
    yield page
    while len(page) == size:
        size, behind = PAGE, _place < tuple_(*_unmark(mark(page[-1])))
        asked["at_most"] = size
        page = [_interaction(row) for row in conn.execute(_NEWEST.where(behind), asked)]
        yield page


def with_history(conn: Connection, party_ids: Sequence[str]) -> set[str]:
    """Tell who of many has any interactions."""
    query = select(INTERACTIONS.c.party_id).where(_among(conn, party_ids)).distinct()
    return set(conn.execute(query).scalars())


def mark(interaction: Interaction) -> str:
    """Name a place in a history, to read on behind it."""
    return f"{interaction.occurred_at} {interaction.event_id}"


def _among(conn: Connection, party_ids: Sequence[str]) -> ColumnElement[bool]:
    return among(conn, INTERACTIONS.c.party_id, party_ids)


def _unmark(before: str) -> tuple[str, str]:
    occurred_at, _, event_id = before.partition(" ")
    return occurred_at, event_id


def _interaction(row: Row[tuple[object, ...]]) -> Interaction:
    return Interaction(**{field: getattr(row, field) for field in _FIELDS})
