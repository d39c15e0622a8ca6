"""Backups, signed orders, successors, safe positions."""

from __future__ import annotations

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add nothing yet."""


def downgrade() -> None:
    """Refuse: what was received is not dropped."""
    raise NotImplementedError
