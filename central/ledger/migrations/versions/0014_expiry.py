"""When to look again at what of somebody's points ends."""

from __future__ import annotations

from alembic import op

from central.ledger.value_tables import VALUE_EXPIRIES

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, where 0009 did not; a programme with a period fills it."""
    VALUE_EXPIRIES.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    """Refuse: a schema only goes forward."""
    raise NotImplementedError
