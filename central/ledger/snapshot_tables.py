"""The tables of snapshots, and of how far back a feed still knows what was deleted.

The files lie beside the database of whoever made them: several HQ processes on one PostgreSQL make
their own each, and give out their own only.
"""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from central.ledger.metadata import METADATA, required_number, required_text, text_key

SNAPSHOTS = Table(
    "snapshot",
    METADATA,
    text_key("scope"),
    text_key("snapshot_id"),
    required_text("holder"),
    required_text("epoch"),
    required_number("fseq"),
    required_text("running_hash"),
    required_number("rows_held"),
    required_text("made_at"),
    required_text("manifest"),
    required_text("signature"),
    Column("retired_at", Text),
    comment="Snapshot files by whoever holds them; a retired one may be fetched for a while.",
)

FEED_DAYS = Table(
    "feed_day",
    METADATA,
    text_key("scope"),
    text_key("day"),
    required_number("fseq"),
    comment="Where a scope stood when a day of HQ's clock began: how old a tombstone is.",
)

FEED_HORIZONS = Table(
    "feed_horizon",
    METADATA,
    text_key("scope"),
    required_number("fseq"),
    comment="Tombstones up to here are gone: a till that stands before it needs a snapshot.",
)
