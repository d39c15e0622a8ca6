"""An index by which the erasures are listed in pages."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it, where 0009 did not."""
    columns = ["due", "request_id"]
    op.create_index("ix_erasure_due_request_id", "erasure", columns, if_not_exists=True)


def downgrade() -> None:
    """Refuse: a schema only goes forward."""
    raise NotImplementedError
