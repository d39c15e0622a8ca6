"""Whom a rule had joined, or only an objection keeps apart."""

from __future__ import annotations

from alembic import op

from central.ledger.graph_tables import ONCE_ONE

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, where 0009 did not."""
    ONCE_ONE.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    """Refuse: a schema only goes forward."""
    raise NotImplementedError
