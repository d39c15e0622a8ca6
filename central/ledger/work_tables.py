"""The tables by which several HQ processes on one database keep out of each other's way."""

from __future__ import annotations

from sqlalchemy import Table

from central.ledger.engine import TURN_TABLE
from central.ledger.metadata import METADATA, required_number, required_text, text_key

TURNS = Table(
    TURN_TABLE,
    METADATA,
    text_key("turn"),
    comment="Holds no row: on PostgreSQL it is locked by whoever writes more than one journal.",
)

LEASES = Table(
    "work_lease",
    METADATA,
    text_key("work"),
    required_text("holder"),
    required_number("until_s"),
    comment="Who does what of the work only one process should do; until_s is the database's time.",
)
