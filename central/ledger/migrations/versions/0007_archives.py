"""Journals handed in as files."""

from __future__ import annotations

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add nothing yet."""


def downgrade() -> None:
    """Refuse: what was received is not dropped."""
    raise NotImplementedError
