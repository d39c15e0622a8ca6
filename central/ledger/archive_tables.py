"""The table of journals that came in as files: which file, whose, on whose word, how far."""

from __future__ import annotations

from sqlalchemy import PrimaryKeyConstraint, Table

from central.ledger.metadata import METADATA, required_number, required_text

PART = "part"
"""Outcome in the row of a single batch: noted in the transaction that takes it in."""

ARCHIVE_IMPORTS = Table(
    "archive_import",
    METADATA,
    required_text("journal_id"),
    required_text("import_id"),
    required_text("at"),
    required_text("digest"),
    required_text("device_key"),
    required_text("approved_by"),
    required_text("outcome"),
    required_text("detail"),
    required_number("before_seq"),
    required_number("after_seq"),
    PrimaryKeyConstraint("journal_id", "import_id"),
    comment="Journals handed in as files. approved_by is empty where HQ knew the device.",
)
