"""Devices and journals, the inbox, the applier's position, the feed, who read what of whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSERT_ONLY = ("chain", "feed_mark", "erase_order", "person_read")


def upgrade() -> None:
    """Create the tables of 0.1.0 that belong to no customer."""
    _access()
    _journals()
    _inbox()
    _applier()
    _feed()
    if op.get_bind().dialect.name == "sqlite":
        _triggers()


def downgrade() -> None:
    """Refuse: facts that were acknowledged are not dropped."""
    raise NotImplementedError


def _access() -> None:
    op.create_table("installation_fact", _key("key"), _text("value"))
    op.create_table("staff_token", _key("token_hash"), _text("issued_at"))
    op.create_table(
        "enrol_code",
        _key("code_hash"),
        *map(_text, ("store", "till", "issued_at", "expires_at")),
        *map(_optional, ("used_at", "device_key", "answer")),
    )
    op.create_table(
        "credential",
        _key("keyid"),
        *map(_text, ("device_key", "store", "till", "credential", "signature", "issued_at")),
        _optional("revoked_at"),
    )
    op.create_table(
        "person_read", _key("party_id"), _key("read_id"), *map(_text, ("at", "reader", "action"))
    )
    op.create_index("ix_person_read_party_id_at", "person_read", ["party_id", "at"])


def _journals() -> None:
    op.create_table(
        "journal",
        _key("journal_id"),
        *map(_text, ("store", "till", "lane", "keyid")),
        _bytes("genesis"),
        _text("bound_at"),
    )
    op.create_table("journal_cursor", _key("journal_id"), _number("have_seq"), _bytes("have_hash"))
    op.create_table(
        "journal_contact",
        _key("journal_id"),
        _text("last_contact_at"),
        *map(_number, ("tail_seq", "backlog_bytes", "oldest_unacked_age_s")),
        _text("agent_version"),
    )
    op.create_table(
        "journal_incarnation",
        _key("journal_id"),
        _number_key("ordinal"),
        *map(_text, ("incarnation", "first_seen_at")),
        sa.UniqueConstraint(
            "journal_id", "incarnation", name="uq_journal_incarnation_journal_id_incarnation"
        ),
    )


def _inbox() -> None:
    op.create_table(
        "chain",
        _key("journal_id"),
        _number_key("seq"),
        *map(_number, ("kind", "version")),
        *map(_bytes, ("commitment", "hash")),
        _text("received_at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "body",
        _key("journal_id"),
        _number_key("seq"),
        *map(_bytes, ("salt", "body")),
    )
    op.create_table(
        "erase_order",
        _key("journal_id"),
        _number_key("seq"),
        sa.Column("commitment", sa.LargeBinary, primary_key=True),
        *map(_text, ("erased_by", "recorded_at")),
    )


def _applier() -> None:
    op.create_table("applied", _key("journal_id"), _number("seq"))
    op.create_table(
        "quarantine",
        _key("journal_id"),
        _number_key("seq"),
        *map(_text, ("name", "reason")),
        _number("tries"),
        _text("since"),
    )
    op.create_table(
        "incident",
        _key("incident_id"),
        *map(_text, ("at", "name")),
        _optional("journal_id"),
        *map(_text, ("detail", "remedy")),
    )


def _feed() -> None:
    op.create_table("feed_scope", _key("scope"), _number("fseq"), _text("running_hash"))
    op.create_table(
        "feed_row",
        _key("scope"),
        _number_key("fseq"),
        _text("key"),
        _number("ver"),
        _text("op"),
        _bytes("body"),
        sa.UniqueConstraint("scope", "key", name="uq_feed_row_scope_key"),
    )
    op.create_table(
        "feed_mark",
        _key("scope"),
        _number_key("fseq"),
        _text("running_hash"),
        sqlite_with_rowid=False,
    )


def _triggers() -> None:
    for table in INSERT_ONLY:
        _refuse(table, "UPDATE")
        _refuse(table, "DELETE")
    _refuse("body", "UPDATE")
    erased = (
        "NOT EXISTS (SELECT 1 FROM erase_order e JOIN chain c ON c.journal_id = e.journal_id "
        "AND c.seq = e.seq AND c.commitment = e.commitment "
        "WHERE e.journal_id = OLD.journal_id AND e.seq = OLD.seq)"
    )
    _refuse("body", "DELETE", f"WHEN {erased}")


def _refuse(table: str, change: str, when: str = "") -> None:
    op.execute(
        f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} {when} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"
    )


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)


def _number_key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, primary_key=True, autoincrement=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _optional(name: str) -> sa.Column[str | None]:
    return sa.Column(name, sa.Text)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)
