"""Counts of the stock."""

from __future__ import annotations

from alembic import op

from central.ledger.goods_tables import STOCK_COUNTS

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, where 0009 did not."""
    STOCK_COUNTS.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    """Refuse: a schema only goes forward."""
    raise NotImplementedError
