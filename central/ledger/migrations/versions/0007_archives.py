"""Journals handed in as files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TEXTS = ("at", "digest", "device_key", "approved_by", "outcome", "detail")


def upgrade() -> None:
    """Create the audit of what came in as a file; on SQLite nobody rewrites it."""
    op.create_table(
        "archive_import",
        sa.Column("journal_id", sa.Text, primary_key=True),
        sa.Column("import_id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in _TEXTS),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("before_seq", "after_seq")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER archive_import_no_{change.lower()} BEFORE {change} ON "
                "archive_import BEGIN SELECT RAISE(ABORT, 'archive_import is insert-only'); END"
            )


def downgrade() -> None:
    """Refuse: what was received is not dropped."""
    raise NotImplementedError
