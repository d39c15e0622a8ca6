"""Backups, safe positions, rewinds, signed orders, successors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create what HQ's authority rests on, and note where journals and devices end."""
    _backups()
    _rewinds()
    _orders()
    _admissions()
    _columns()


def downgrade() -> None:
    """Refuse: what was received is not dropped."""
    raise NotImplementedError


def _backups() -> None:
    op.create_table(
        "backup",
        _key("backup_id"),
        *map(_text, ("place", "taken_at", "epoch", "manifest_digest")),
        _optional("left_at"),
    )
    op.create_table(
        "backup_position", _key("journal_id"), _key("backup_id"), _number("seq"), _bytes("hash")
    )
    op.create_table("safe_position", _key("journal_id"), _number("seq"), _bytes("hash"))


def _rewinds() -> None:
    op.create_table(
        "rewind",
        _key("epoch"),
        *map(_text, ("at", "lost_epoch", "why")),
        *map(_optional, ("restored_from", "closed_at")),
    )
    op.create_table(
        "rewind_journal",
        _key("journal_id"),
        _key("epoch"),
        *map(_number, ("known_seq", "bodies_lost")),
        _text("reported_at"),
    )
    op.create_table(
        "rewind_scope",
        _key("scope"),
        _key("epoch"),
        *map(_number, ("held_fseq", "seen_fseq")),
    )


def _orders() -> None:
    op.create_table(
        "signed_order",
        _key("order_id"),
        *map(_text, ("kind", "scope", "text", "signature", "issued_at", "reason")),
        _optional("taken_back_at"),
    )
    op.create_table(
        "order_receipt",
        *map(_key, ("order_id", "store", "till")),
        *map(_text, ("outcome", "received_at")),
    )
    op.create_table("revoked_device", _key("device_key"), *map(_text, ("order_id", "reason", "at")))
    op.create_table(
        "carried_copy",
        _key("journal_id"),
        _number_key("seq"),
        _key("in_journal"),
        _number_key("in_seq"),
        _text("commitment"),
    )
    op.create_index("ix_carried_copy_in_journal_in_seq", "carried_copy", ["in_journal", "in_seq"])


def _admissions() -> None:
    op.create_table(
        "admission",
        *map(_key, ("store", "till", "keyid")),
        _number("generation"),
        *map(_text, ("credential", "signature", "issued_at")),
        _optional("replaced_at"),
    )
    op.execute(
        "INSERT INTO admission "
        "(store, till, keyid, generation, credential, signature, issued_at, replaced_at) "
        "SELECT store, till, keyid, 1, credential, signature, issued_at, revoked_at "
        "FROM credential"
    )


def _columns() -> None:
    for column in ("birth_key", "predecessor", "successor", "ended_at", "ended_why"):
        op.add_column("journal", _optional(column))
    for name in ("predecessor_seq", "ended_seq"):
        op.add_column("journal", sa.Column(name, sa.BigInteger))
    for name in ("predecessor_hash", "ended_hash"):
        op.add_column("journal", sa.Column(name, sa.LargeBinary))
    op.add_column("credential", _optional("renews"))
    op.add_column("credential", _optional("revoked_why"))
    op.add_column("incident", _optional("closed_at"))
    op.add_column("journal_contact", _counted("pruned_seq", 0))
    op.add_column("journal_contact", _optional("till_wall"))


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


def _counted(name: str, start: int) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=str(start))


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)
