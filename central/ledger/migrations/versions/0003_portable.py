"""What PostgreSQL needs besides, and leases of work."""

from __future__ import annotations

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add nothing yet."""


def downgrade() -> None:
    """Refuse: what was received is not dropped."""
    raise NotImplementedError
