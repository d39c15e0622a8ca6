"""Snapshot files and tombstones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index of snapshot files, and what tells the age of tombstones."""
    op.create_table(
        "snapshot",
        *map(_key, ("scope", "snapshot_id")),
        *map(_text, ("holder", "epoch")),
        _number("fseq"),
        _text("running_hash"),
        _number("rows_held"),
        *map(_text, ("made_at", "manifest", "signature")),
        sa.Column("retired_at", sa.Text),
    )
    op.create_table("feed_day", *map(_key, ("scope", "day")), _number("fseq"))
    op.create_table("feed_horizon", _key("scope"), _number("fseq"))


def downgrade() -> None:
    """Refuse: what was received is not dropped."""
    raise NotImplementedError


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
