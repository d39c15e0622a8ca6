"""The base tables: who may write, what was received, and what tills are told.

*chain* and *body* are the inbox. A chain row is inserted and never changed; a body may leave, by
a recorded erase order, and its commitment stays behind in the chain. Both are spread by
`journal_id` (128 random bits): everything in one batch belongs to one journal.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from central.ledger.metadata import (
    METADATA,
    required_bytes,
    required_number,
    required_text,
    text_key,
)

FACTS = Table(
    "installation_fact",
    METADATA,
    text_key("key"),
    required_text("value"),
    comment="What this HQ is: its epoch.",
)

STAFF_TOKENS = Table(
    "staff_token",
    METADATA,
    text_key("token_hash"),
    required_text("issued_at"),
    comment="SHA-256 of the tokens that open the staff API and the console.",
)

CHANNEL_TOKENS = Table(
    "channel_token",
    METADATA,
    text_key("token_hash"),
    required_text("channel_id"),
    required_text("purposes"),
    required_text("issued_at"),
    Column("ended_at", Text),
    comment="SHA-256 of the tokens that open one channel's own addresses; purposes: the uses of "
    "data it may ask about, with spaces between.",
)

ENROL_CODES = Table(
    "enrol_code",
    METADATA,
    text_key("code_hash"),
    required_text("store"),
    required_text("till"),
    required_text("issued_at"),
    required_text("expires_at"),
    Column("used_at", Text),
    Column("device_key", Text),
    Column("answer", Text),
    comment="One-time codes; the answer is kept so that a repeated request gets the same one.",
)

CREDENTIALS = Table(
    "credential",
    METADATA,
    text_key("keyid"),
    required_text("device_key"),
    required_text("store"),
    required_text("till"),
    required_text("credential"),
    required_text("signature"),
    required_text("issued_at"),
    Column("revoked_at", Text),
    Column("renews", Text),
    Column("revoked_why", Text),
    comment="Devices by key id; the credential is the very JSON the root key signed.",
)

JOURNALS = Table(
    "journal",
    METADATA,
    text_key("journal_id"),
    required_text("store"),
    required_text("till"),
    required_text("lane"),
    required_text("keyid"),
    required_bytes("genesis"),
    required_text("bound_at"),
    Column("birth_key", Text),
    Column("predecessor", Text),
    Column("successor", Text),
    Column("ended_at", Text),
    Column("ended_why", Text),
    Column("predecessor_seq", BigInteger),
    Column("ended_seq", BigInteger),
    Column("predecessor_hash", LargeBinary),
    Column("ended_hash", LargeBinary),
    comment="Which device may append to which journal, and the hash its chain begins with.",
)

CURSORS = Table(
    "journal_cursor",
    METADATA,
    text_key("journal_id"),
    required_number("have_seq"),
    required_bytes("have_hash"),
    comment="The gap-free prefix held here: moved in the transaction that inserts the records.",
)

CONTACTS = Table(
    "journal_contact",
    METADATA,
    text_key("journal_id"),
    required_text("last_contact_at"),
    required_number("tail_seq"),
    required_number("backlog_bytes"),
    required_number("oldest_unacked_age_s"),
    required_text("agent_version"),
    Column("pruned_seq", BigInteger, nullable=False, server_default="0"),
    Column("till_wall", Text),
    comment="What a till last said of itself; nothing is decided by it.",
)

INCARNATIONS = Table(
    "journal_incarnation",
    METADATA,
    text_key("journal_id"),
    Column("ordinal", BigInteger, primary_key=True),
    required_text("incarnation"),
    required_text("first_seen_at"),
    UniqueConstraint("journal_id", "incarnation"),
    comment="The starts of a journal as HQ saw them; two that live at once are a copied disk.",
)

CHAIN = Table(
    "chain",
    METADATA,
    text_key("journal_id"),
    Column("seq", BigInteger, primary_key=True),
    required_number("kind"),
    required_number("version"),
    required_bytes("commitment"),
    required_bytes("hash"),
    required_text("received_at"),
    sqlite_with_rowid=False,
    comment="Insert-only for ever.",
)

BODIES = Table(
    "body",
    METADATA,
    text_key("journal_id"),
    Column("seq", BigInteger, primary_key=True),
    required_bytes("salt"),
    required_bytes("body"),
    # With SQLite's row ids: without them a body above 1 KB takes a page of 4 KB of its own.
    comment="Byte for byte as sealed; leaves only by a row in erase_order.",
)

ERASE_ORDERS = Table(
    "erase_order",
    METADATA,
    text_key("journal_id"),
    Column("seq", BigInteger, primary_key=True),
    Column("commitment", LargeBinary, primary_key=True),
    required_text("erased_by"),
    required_text("recorded_at"),
    comment="Whose order removed a body, here already or as soon as it comes. Which entry is meant "
    "its commitment says: two disks may have written two entries under one number.",
)

APPLIED = Table(
    "applied",
    METADATA,
    text_key("journal_id"),
    required_number("seq"),
    comment="How far the applier is, moved in the transaction of the effect.",
)

QUARANTINE = Table(
    "quarantine",
    METADATA,
    text_key("journal_id"),
    Column("seq", BigInteger, primary_key=True),
    required_text("name"),
    required_text("reason"),
    required_number("tries"),
    required_text("since"),
    Column("voided_at", Text),
    Column("voided_by", Text),
    Column("void_reason", Text),
    comment="Records that were received and could not be applied; they hold up no other.",
)

INCIDENTS = Table(
    "incident",
    METADATA,
    text_key("incident_id"),
    required_text("at"),
    required_text("name"),
    Column("journal_id", Text),
    required_text("detail"),
    required_text("remedy"),
    Column("closed_at", Text),
    comment="What a person at HQ must look at: a fork, a rewind; closed when it is over.",
)

FEED_SCOPES = Table(
    "feed_scope",
    METADATA,
    text_key("scope"),
    required_number("fseq"),
    required_text("running_hash"),
    comment="The sequencer: one row per scope, moved in the transaction that publishes.",
)

FEED_ROWS = Table(
    "feed_row",
    METADATA,
    required_text("scope"),
    required_number("fseq"),
    required_text("key"),
    required_number("ver"),
    required_text("op"),
    required_bytes("body"),
    PrimaryKeyConstraint("scope", "fseq"),
    UniqueConstraint("scope", "key"),
    comment="The latest change of each key: an older row of the key goes when a newer comes.",
)

FEED_MARKS = Table(
    "feed_mark",
    METADATA,
    required_text("scope"),
    required_number("fseq"),
    required_text("running_hash"),
    PrimaryKeyConstraint("scope", "fseq"),
    sqlite_with_rowid=False,
    comment="Running hash at each fseq ever given, so that a cursor of another history is told.",
)

PERSON_READS = Table(
    "person_read",
    METADATA,
    text_key("party_id"),
    text_key("read_id"),
    required_text("at"),
    required_text("reader"),
    required_text("action"),
    Index(None, "party_id", "at"),
    comment="Who read what of whom.",
)

INSERT_ONLY = (CHAIN, FEED_MARKS, ERASE_ORDERS, PERSON_READS)
"""Tables whose rows are neither updated nor deleted; SQLite enforces it by triggers, and there a
body, too, is never updated and leaves only after its erase order was recorded."""
