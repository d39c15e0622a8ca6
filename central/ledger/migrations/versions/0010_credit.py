"""Indexes that hold all the report of leads adds up, so that it reads no sale."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_NEW = (
    ("sale", "business_date currency net"),
    ("channel_booking", "business_date currency channel net"),
    ("lead_credit", "business_date currency booked channel net"),
    ("lead_credit", "business_date event net"),
)
_OLD = ("channel_booking", "lead_credit")


def upgrade() -> None:
    """Make them, where 0009 did not; they serve for what the shorter ones did."""
    for table, columns in _NEW:
        names = columns.split()
        name = "_".join(("ix", table, *names))
        op.create_index(name, table, names, if_not_exists=True)
    for table in _OLD:
        op.drop_index(f"ix_{table}_business_date", table, if_exists=True)


def downgrade() -> None:
    """Refuse: a schema only goes forward."""
    raise NotImplementedError
