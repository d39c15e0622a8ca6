"""Tables of HQ's authority: backups and what they hold, rewinds, signed orders, revoked devices.

What stores may prune hangs on the backups (`safe_position`); what an HQ restored from one has to
learn again hangs on the rewinds. Nothing here is written by the hot path of the intake.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, Text

from central.ledger.metadata import (
    METADATA,
    required_bytes,
    required_number,
    required_text,
    text_key,
)

BACKUPS = Table(
    "backup",
    METADATA,
    text_key("backup_id"),
    required_text("place"),
    required_text("taken_at"),
    required_text("epoch"),
    required_text("manifest_digest"),
    Column("left_at", Text),
    comment="Backups in the order of their ids; one that left the list is restored no more.",
)

BACKUP_POSITIONS = Table(
    "backup_position",
    METADATA,
    required_text("journal_id"),
    required_text("backup_id"),
    required_number("seq"),
    required_bytes("hash"),
    PrimaryKeyConstraint("journal_id", "backup_id"),
    comment="Up to where each backup holds each journal.",
)

SAFE_POSITIONS = Table(
    "safe_position",
    METADATA,
    text_key("journal_id"),
    required_number("seq"),
    required_bytes("hash"),
    comment="What every backup that could still be restored holds: stores may prune up to it.",
)

REWINDS = Table(
    "rewind",
    METADATA,
    text_key("epoch"),
    required_text("at"),
    required_text("lost_epoch"),
    required_text("why"),
    Column("restored_from", Text),
    Column("closed_at", Text),
    comment="Each time this HQ lost time, by the epoch that began then.",
)

REWIND_JOURNALS = Table(
    "rewind_journal",
    METADATA,
    required_text("journal_id"),
    required_text("epoch"),
    required_number("known_seq"),
    required_number("bodies_lost"),
    required_text("reported_at"),
    PrimaryKeyConstraint("journal_id", "epoch"),
    comment="Journals heard since a rewind, and up to where HQ had once signed them.",
)

REWIND_SCOPES = Table(
    "rewind_scope",
    METADATA,
    required_text("scope"),
    required_text("epoch"),
    required_number("held_fseq"),
    required_number("seen_fseq"),
    PrimaryKeyConstraint("scope", "epoch"),
    comment="What was left of each feed at a rewind, and up to where tills had read it.",
)

SIGNED_ORDERS = Table(
    "signed_order",
    METADATA,
    text_key("order_id"),
    required_text("kind"),
    required_text("scope"),
    required_text("text"),
    required_text("signature"),
    required_text("issued_at"),
    required_text("reason"),
    Column("taken_back_at", Text),
    comment="Orders to tills, as the root key signed them; taken back from a till's evidence if "
    "this HQ had forgotten them.",
)

ORDER_RECEIPTS = Table(
    "order_receipt",
    METADATA,
    required_text("order_id"),
    required_text("store"),
    required_text("till"),
    required_text("outcome"),
    required_text("received_at"),
    PrimaryKeyConstraint("order_id", "store", "till"),
    comment="Which till has carried out which order.",
)

REVOKED_DEVICES = Table(
    "revoked_device",
    METADATA,
    text_key("device_key"),
    required_text("order_id"),
    required_text("reason"),
    required_text("at"),
    comment="Device keys that are let in never again, known here or not.",
)

ADMISSIONS = Table(
    "admission",
    METADATA,
    required_text("store"),
    required_text("till"),
    required_text("keyid"),
    required_number("generation"),
    required_text("credential"),
    required_text("signature"),
    required_text("issued_at"),
    Column("replaced_at", Text),
    PrimaryKeyConstraint("store", "till", "keyid"),
    comment="Which devices stood at which till, with the credential the root key signed for each; "
    "one machine may serve several tills.",
)

CARRIED_COPIES = Table(
    "carried_copy",
    METADATA,
    required_text("journal_id"),
    required_number("seq"),
    required_text("in_journal"),
    required_number("in_seq"),
    required_text("commitment"),
    PrimaryKeyConstraint("journal_id", "seq", "in_journal", "in_seq"),
    Index(None, "in_journal", "in_seq"),
    comment="Where else the body of an entry lies: carried over into a successor journal.",
)
