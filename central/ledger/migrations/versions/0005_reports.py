"""Completeness of business days, audit of quarantine, HQ's order of application for the export."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_INSERT_ONLY = ("quarantine_audit", "booked_entry")


def upgrade() -> None:
    """Create the tables, and have everything applied so far booked at the next start."""
    _quarantine()
    _carried()
    _booked()
    _days()
    _checks()
    if op.get_bind().dialect.name == "sqlite":
        _triggers()


def downgrade() -> None:
    """Refuse: what was received is not dropped."""
    raise NotImplementedError


def _quarantine() -> None:
    for name in ("voided_at", "voided_by", "void_reason"):
        op.add_column("quarantine", sa.Column(name, sa.Text))
    op.create_table(
        "quarantine_audit",
        *map(_key, ("journal_id", "audit_id")),
        _number("seq"),
        *map(_text, ("at", "action", "actor", "reason", "name", "outcome")),
    )
    op.create_index("ix_quarantine_audit_journal_id_seq", "quarantine_audit", ["journal_id", "seq"])


def _carried() -> None:
    op.create_table(
        "carried_entry",
        _key("journal_id"),
        _number_key("seq"),
        *map(_key, ("commitment",)),
        _text("via_journal"),
        _number("via_seq"),
        _flag("verified"),
        *map(_text, ("why", "applied_at")),
    )
    op.create_index(
        "ix_carried_entry_via_journal_via_seq", "carried_entry", ["via_journal", "via_seq"]
    )
    op.create_table(
        "succession",
        _key("journal_id"),
        _text("predecessor"),
        _number("seq"),
        *map(_text, ("hash", "reason")),
        _number("carried"),
        *map(_text, ("begun_at", "recorded_at")),
    )
    op.create_index("ix_succession_predecessor", "succession", ["predecessor"])


def _booked() -> None:
    op.create_table(
        "booked_entry",
        _key("stream"),
        _number_key("place"),
        *map(_text, ("type", "journal_id")),
        _number("seq"),
        _text("from_journal"),
        _number("from_seq"),
        *map(_text, ("ref", "store", "till", "business_date", "currency", "late", "origin")),
        *map(_text, ("booked_at", "running_hash")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_booked_entry_store_business_date", "booked_entry", ["store", "business_date"]
    )
    op.create_table("book_head", _key("stream"), _number("place"), _text("running_hash"))
    op.create_table("book_epoch", *map(_key, ("stream", "epoch")), _number("first_place"))


def _days() -> None:
    op.create_index("ix_sale_journal_id_seq", "sale", ["journal_id", "seq"])
    op.create_table(
        "day_reach",
        *map(_key, ("store", "till", "business_date", "journal_id")),
        *map(_number, ("first_seq", "last_seq")),
    )
    op.create_table(
        "till_day",
        *map(_key, ("store", "till", "business_date")),
        *map(_text, ("state", "detail", "since")),
    )
    op.create_table(
        "store_day",
        *map(_key, ("store", "business_date")),
        _text("state"),
        sa.Column("declared_at", sa.Text),
        sa.Column("declared_place", sa.BigInteger),
        _number("late"),
        _text("since"),
    )


def _checks() -> None:
    op.create_table(
        "ledger_check",
        _key("journal_id"),
        _text("checked_at"),
        *map(_number, ("upto_seq", "records_per_s")),
        sa.Column("fault", sa.Text),
    )
    op.create_table(
        "applier_trouble",
        _key("journal_id"),
        _number("seq"),
        _text("reason"),
        _number("tries"),
        *map(_text, ("since", "last_at")),
    )


def _triggers() -> None:
    for table in _INSERT_ONLY:
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"
            )


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)


def _number_key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, primary_key=True, autoincrement=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)
