"""The identity graph at HQ: what was said of who is who, and who is one person by it.

Edges, retractions and decisions are facts: nothing that is read from them is written into a sale
or an event. `canonical_map` and `identity_proposal` are derived from them, from the identifiers
and names of `customer_tables` and from the rules, and can be made anew at any time.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from central.ledger.metadata import (
    METADATA,
    number_key,
    required_bytes,
    required_number,
    required_text,
    text_key,
)

MERGE, SEPARATION, REJECTION = "merge", "separation", "rejection"
"""The kinds of `identity_decision`."""

IDENTITY_EDGES = Table(
    "identity_edge",
    METADATA,
    text_key("party_id"),
    text_key("event"),
    number_key("line"),
    text_key("one"),
    text_key("other"),
    text_key("kind"),
    required_text("rule"),
    required_number("weight"),
    required_text("actor"),
    required_text("at"),
    Index(None, "event"),
    comment="What was said of two parties, once under each: asserted_same, asserted_different or "
    "candidate. Insert-only; what is taken back stands in identity_retraction.",
)

IDENTITY_RETRACTIONS = Table(
    "identity_retraction",
    METADATA,
    text_key("event"),
    number_key("line"),
    required_text("by_event"),
    required_text("actor"),
    required_text("at"),
    comment="Edges that were taken back, for ever; one may be known before its edge.",
)

CANONICAL = Table(
    "canonical_map",
    METADATA,
    text_key("party_id"),
    required_text("canonical_id"),
    Index(None, "canonical_id"),
    comment="Derived: of each id of a person with several, the one they are shown under.",
)

PROPOSALS = Table(
    "identity_proposal",
    METADATA,
    text_key("one"),
    text_key("other"),
    text_key("proposal"),
    required_text("rule"),
    required_number("weight"),
    required_bytes("body"),
    Index(None, "other"),
    Index(None, "weight"),
    comment="Derived: who may be one person, and why no rule says so; body is the JSON of "
    "core.history Proposal, proposal its digest.",
)

BLOCKS = Table(
    "identity_block",
    METADATA,
    text_key("type"),
    text_key("value"),
    required_text("actor"),
    required_text("at"),
    required_text("reason"),
    comment="Identifiers that name nobody, such as the store's own phone.",
)

DECISIONS = Table(
    "identity_decision",
    METADATA,
    text_key("decision_id"),
    required_text("kind"),
    required_bytes("parties"),
    required_text("actor"),
    required_text("at"),
    required_text("reason"),
    Column("undone_by", Text),
    Column("undone_at", Text),
    Column("undo_id", Text),
    Column("undo_reason", Text),
    Index(None, "at"),
    comment="Merges, separations and rejections as people decided them; parties is a JSON list.",
)

ONCE_ONE = Table(
    "once_one",
    METADATA,
    text_key("party_id"),
    text_key("other"),
    comment="Two ids that were shown as one person and are no longer, whatever had joined them, or "
    "that only an objection keeps apart; each pair both ways. Objections go on to hold for both.",
)

AFFILIATIONS = Table(
    "affiliation",
    METADATA,
    text_key("party_id"),
    text_key("event"),
    required_text("household_id"),
    required_text("role"),
    required_text("actor"),
    required_text("at"),
    required_text("reason"),
    Index(None, "household_id"),
    comment="Who was said to belong to a household, under the ids this was said of: no identity. "
    "Insert-only but for erasures; what is over stands in affiliation_end.",
)

AFFILIATION_ENDS = Table(
    "affiliation_end",
    METADATA,
    text_key("party_id"),
    text_key("affiliation"),
    required_text("actor"),
    required_text("at"),
    required_text("reason"),
    comment="Affiliations that are over, once each; whoever comes back gets a new one.",
)

GRAPH_TABLES = (
    IDENTITY_EDGES,
    IDENTITY_RETRACTIONS,
    CANONICAL,
    PROPOSALS,
    BLOCKS,
    DECISIONS,
    ONCE_ONE,
    AFFILIATIONS,
    AFFILIATION_ENDS,
)
"""In the order they are made; none refers to another by a constraint."""
