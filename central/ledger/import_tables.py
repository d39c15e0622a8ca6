"""The tables of how far imports have come, and of what they could not use."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from central.ledger.metadata import (
    METADATA,
    flag,
    number_key,
    required_number,
    required_text,
    text_key,
)

IMPORT_RUNS = Table(
    "import_run",
    METADATA,
    text_key("run_id"),
    required_text("kind"),
    required_text("file"),
    required_number("size"),
    required_number("offset"),
    required_number("line"),
    required_number("rows"),
    required_number("added"),
    required_number("changed"),
    required_number("unchanged"),
    required_text("started_at"),
    required_text("moved_at"),
    Column("ended_at", Text),
    comment="Files on their way in, by kind and content: what lies before offset is in. Moved in "
    "the transaction that keeps the rows, so that an import goes on where it was cut off.",
)

IMPORT_PROBLEMS = Table(
    "import_problem",
    METADATA,
    text_key("run_id"),
    number_key("line"),
    number_key("ordinal"),
    required_text("reason"),
    required_text("remedy"),
    flag("skipped"),
    comment="Rows and fields of a file that could not be used, and why; never the row itself.",
)

IMPORT_TABLES: tuple[Table, ...] = (IMPORT_RUNS, IMPORT_PROBLEMS)
"""In the order they are made; none refers to another by a constraint."""
