"""Snapshot files and tombstones."""

from __future__ import annotations

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add nothing yet."""


def downgrade() -> None:
    """Refuse: what was received is not dropped."""
    raise NotImplementedError
