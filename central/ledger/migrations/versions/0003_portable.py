"""What several HQ processes on one PostgreSQL need: the writers' turn, and leases of work."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table that is only ever locked, and the one of leases."""
    op.create_table("writer_turn", _key("turn"), if_not_exists=True)
    op.create_table(
        "work_lease",
        _key("work"),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("until_s", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Refuse: what was received is not dropped."""
    raise NotImplementedError


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)
