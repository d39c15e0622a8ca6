"""Tokens of channels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "channel_token",
        sa.Column("token_hash", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in _FILLED),
        sa.Column("ended_at", sa.Text),
    )


def downgrade() -> None:
    """Refuse: a schema only goes forward."""
    raise NotImplementedError


_FILLED = ("channel_id", "purposes", "issued_at")
