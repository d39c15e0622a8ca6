"""The tables of the filter by which tills know whom the chain knows (`central.feed.filters`)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, Table

from central.ledger.metadata import METADATA, required_number, required_text, text_key
from central.ledger.upserts import upsert

FILTER_DUE = Table(
    "filter_due",
    METADATA,
    text_key("party_id"),
    comment="Parties told of since the filter was last looked at: somebody new, or erased.",
)
FILTER_BUILDS = Table(
    "filter_build",
    METADATA,
    text_key("scope"),
    required_number("generation"),
    required_number("pieces"),
    required_number("identifiers"),
    required_text("built_at"),
    comment="The filter that tills have: for which key, in how many pieces, of how many.",
)
FILTER_TABLES: tuple[Table, ...] = (FILTER_DUE, FILTER_BUILDS)
"""In the order they are made; none refers to another by a constraint."""

_NEW = upsert(FILTER_DUE)
# Not `do_nothing`: on PostgreSQL that would pass over a row which is just being worked off.
_NOTE = _NEW.on_conflict_do_update(
    index_elements=["party_id"], set_={"party_id": _NEW.excluded.party_id}
)


def note_filter_due(conn: Connection, party_ids: Iterable[str]) -> None:
    """Have the filter looked at for parties, under every id they have; in a writing transaction."""
    rows = [{"party_id": each} for each in sorted(set(party_ids))]
    if rows:
        conn.execute(_NOTE, rows)
