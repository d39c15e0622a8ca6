"""Insert-only on PostgreSQL, too: the guards SQLite has had from the first step on.

Nothing hangs on them: they only refuse. Who owns the tables may still take them away, and
`till-central ledger verify` finds what was changed then.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSERT_ONLY = (
    "chain",
    "feed_mark",
    "erase_order",
    "person_read",
    "quarantine_audit",
    "booked_entry",
    "archive_import",
)
_REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""
# The other tables are looked up beside the one of bodies: a restore may rename their schema.
_REFUSE_UNORDERED = """
CREATE FUNCTION refuse_unordered() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE ordered boolean;
BEGIN
    EXECUTE format(
        'SELECT EXISTS (SELECT 1 FROM %1$I.erase_order e JOIN %1$I.chain c '
        'ON c.journal_id = e.journal_id AND c.seq = e.seq AND c.commitment = e.commitment '
        'WHERE e.journal_id = $1 AND e.seq = $2)',
        TG_TABLE_SCHEMA
    ) INTO ordered USING OLD.journal_id, OLD.seq;
    IF NOT ordered THEN
        RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$
"""


def upgrade() -> None:
    """Refuse UPDATE, DELETE and TRUNCATE of what is inserted once and for ever."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(_REFUSE)
    op.execute(_REFUSE_UNORDERED)
    for table in INSERT_ONLY:
        _guard(table, "DELETE")
    for table in (*INSERT_ONLY, "body"):
        _guard(table, "UPDATE")
        _guard(table, "TRUNCATE", each="STATEMENT")
    _guard("body", "DELETE", function="refuse_unordered")


def downgrade() -> None:
    """Refuse: what was received is not dropped."""
    raise NotImplementedError


def _guard(table: str, change: str, *, each: str = "ROW", function: str = "refuse_change") -> None:
    """Make a trigger that fires under every `session_replication_role`, a replica's included."""
    name = f"{table}_no_{change.lower()}"
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {change} ON {table} FOR EACH {each} "
        f"EXECUTE FUNCTION {function}()"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
