"""The tables behind HQ's answers: what was applied in which order, which days are in, who decided.

*booked_entry* is HQ's own order of application: an entry gets its place in it in the transaction of
its effect, from one row that is locked until the commit, so that a lower place never becomes
visible after a higher one. Everything here but the audit can be made again from what was received.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table, Text

from central.ledger.metadata import (
    METADATA,
    flag,
    number_key,
    required_number,
    required_text,
    text_key,
)

STREAM = "all"
"""The one order of application of today; a sharded HQ would have one per shard."""
SALE, CANCELLED, FLOAT, PAID_IN, PAID_OUT, CLOSING = (
    "sale",
    "cancelled",
    "float",
    "paid-in",
    "paid-out",
    "closing",
)
"""What is booked."""


QUARANTINE_AUDIT = Table(
    "quarantine_audit",
    METADATA,
    text_key("journal_id"),
    text_key("audit_id"),
    required_number("seq"),
    required_text("at"),
    required_text("action"),
    required_text("actor"),
    required_text("reason"),
    required_text("name"),
    required_text("outcome"),
    Index(None, "journal_id", "seq"),
    comment="Who replayed, voided or took back what, when and why. Insert-only.",
)

CARRIED = Table(
    "carried_entry",
    METADATA,
    text_key("journal_id"),
    number_key("seq"),
    text_key("commitment"),
    required_text("via_journal"),
    required_number("via_seq"),
    flag("verified"),
    flag("at_carrier"),
    required_text("why"),
    required_text("applied_at"),
    Index(None, "via_journal", "via_seq"),
    comment="Entries that had their effect out of a successor journal, by where they were born; "
    "at_carrier: the effect stands under the carrier's number, since that number is another's.",
)

SUCCESSIONS = Table(
    "succession",
    METADATA,
    text_key("journal_id"),
    required_text("predecessor"),
    required_number("seq"),
    required_text("hash"),
    required_text("reason"),
    required_number("carried"),
    required_text("begun_at"),
    required_text("recorded_at"),
    Index(None, "predecessor"),
    comment="Which journal goes on from which, and why.",
)

BOOKED = Table(
    "booked_entry",
    METADATA,
    required_text("stream"),
    required_number("place"),
    required_text("type"),
    required_text("journal_id"),
    required_number("seq"),
    required_text("from_journal"),
    required_number("from_seq"),
    required_text("ref"),
    required_text("store"),
    required_text("till"),
    required_text("business_date"),
    required_text("currency"),
    required_text("late"),
    required_text("origin"),
    required_text("booked_at"),
    required_text("running_hash"),
    PrimaryKeyConstraint("stream", "place"),
    Index(None, "store", "business_date"),
    sqlite_with_rowid=False,
    comment="What was applied, in HQ's order; bytes lie at from_journal, from_seq. Insert-only.",
)

BOOK_HEADS = Table(
    "book_head",
    METADATA,
    text_key("stream"),
    required_number("place"),
    required_text("running_hash"),
    comment="The sequencer: one row per stream, moved in the transaction of the effect.",
)

BOOK_EPOCHS = Table(
    "book_epoch",
    METADATA,
    text_key("stream"),
    text_key("epoch"),
    required_number("first_place"),
    comment="Where each epoch begins in the order: the end of what older cursors agree with.",
)

DAY_REACH = Table(
    "day_reach",
    METADATA,
    text_key("store"),
    text_key("till"),
    text_key("business_date"),
    text_key("journal_id"),
    required_number("first_seq"),
    required_number("last_seq"),
    comment="From which entry to which a journal speaks of a business date.",
)

TILL_DAYS = Table(
    "till_day",
    METADATA,
    text_key("store"),
    text_key("till"),
    text_key("business_date"),
    required_text("state"),
    required_text("detail"),
    required_text("since"),
    comment="How one till's day stands: open, closed, differs.",
)

STORE_DAYS = Table(
    "store_day",
    METADATA,
    text_key("store"),
    text_key("business_date"),
    required_text("state"),
    Column("declared_at", Text),
    Column("declared_place", BigInteger),
    required_number("late"),
    required_text("since"),
    comment="A store's day; once it was declared complete, what comes later is late.",
)

LEDGER_CHECKS = Table(
    "ledger_check",
    METADATA,
    text_key("journal_id"),
    required_text("checked_at"),
    required_number("upto_seq"),
    required_number("records_per_s"),
    Column("fault", Text),
    comment="What the last verification of a journal found.",
)

TROUBLES = Table(
    "applier_trouble",
    METADATA,
    text_key("journal_id"),
    required_number("seq"),
    required_text("reason"),
    required_number("tries"),
    required_text("since"),
    required_text("last_at"),
    comment="Entries the database itself failed on: their journals wait, all others go on.",
)

REPORT_TABLES = (
    QUARANTINE_AUDIT,
    CARRIED,
    SUCCESSIONS,
    BOOKED,
    BOOK_HEADS,
    BOOK_EPOCHS,
    DAY_REACH,
    TILL_DAYS,
    STORE_DAYS,
    LEDGER_CHECKS,
    TROUBLES,
)
INSERT_ONLY = (QUARANTINE_AUDIT, BOOKED)
"""Neither updated nor deleted; SQLite enforces it by triggers."""
