"""What HQ knows of people beyond who they are: graph, consents, values, goods, leads, keys."""

from __future__ import annotations

from alembic import op

from central.ledger.filter_tables import FILTER_TABLES
from central.ledger.goods_tables import GOODS_TABLES
from central.ledger.graph_tables import GRAPH_TABLES
from central.ledger.import_tables import IMPORT_TABLES
from central.ledger.key_tables import KEY_TABLES
from central.ledger.lead_tables import LEAD_TABLES
from central.ledger.privacy_tables import PRIVACY_TABLES
from central.ledger.value_tables import VALUE_TABLES
from central.ledger.wallet_tables import WALLET_TABLES

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = (
    *GRAPH_TABLES,
    *PRIVACY_TABLES,
    *VALUE_TABLES,
    *GOODS_TABLES,
    *LEAD_TABLES,
    *KEY_TABLES,
    *IMPORT_TABLES,
    *WALLET_TABLES,
    *FILTER_TABLES,
)


def upgrade() -> None:
    """Make the tables."""
    for table in TABLES:
        table.create(op.get_bind())


def downgrade() -> None:
    """Refuse: what was received is not dropped."""
    raise NotImplementedError
