"""Run by Alembic for every command: all steps in the one transaction the caller has opened."""

from __future__ import annotations

from alembic import context

from central.ledger.metadata import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
)
context.run_migrations()
