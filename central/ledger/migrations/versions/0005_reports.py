"""Completeness of business days, audit of quarantine, export."""

from __future__ import annotations

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add nothing yet."""


def downgrade() -> None:
    """Refuse: what was received is not dropped."""
    raise NotImplementedError
