"""The tables of points and gift cards: the double-entry ledger and its leases.

Spread by owner: a party as it was observed, or a gift card. Both sides of a booking stand under one
owner, so a balance is read, and a booking written, on one shard.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Column, Connection, Index, Table, Text

from central.ledger.metadata import (
    METADATA,
    number_key,
    required_bytes,
    required_number,
    required_text,
    text_key,
)
from central.ledger.upserts import upsert

VALUE_POSTINGS = Table(
    "value_posting",
    METADATA,
    text_key("owner"),
    text_key("unit"),
    text_key("kind"),
    text_key("lease"),
    text_key("event"),
    text_key("line"),
    required_number("amount"),
    required_text("source_event"),
    required_text("source_line"),
    required_number("measure"),
    required_text("at"),
    Index(None, "source_event", "source_line"),
    comment="Bookings of points and gift cards, for ever: each event adds up to nothing.",
)

VALUE_ACCOUNTS = Table(
    "value_account",
    METADATA,
    text_key("owner"),
    text_key("unit"),
    text_key("kind"),
    text_key("lease"),
    required_number("amount"),
    comment="What the postings of each account add up to, moved in the transaction of the posting.",
)

VALUE_LEASES = Table(
    "value_lease",
    METADATA,
    text_key("lease_id"),
    required_text("owner"),
    required_text("unit"),
    required_number("cap"),
    required_text("store"),
    required_text("till"),
    required_text("journal"),
    required_text("day"),
    Column("sale_id", Text),
    required_bytes("body"),
    required_text("given_at"),
    required_number("spent"),
    Column("closed_day", Text),
    Column("closed_why", Text),
    Column("recalled_at", Text),
    Index(None, "owner", "unit"),
    comment="What tills may spend of balances, as HQ's root key has signed it.",
)

VALUE_PROGRAMMES = Table(
    "value_programme",
    METADATA,
    number_key("version"),
    required_bytes("body"),
    required_text("at"),
    comment="Every loyalty programme that was published; the highest version is in force.",
)

VALUE_EXPIRIES = Table(
    "value_expiry",
    METADATA,
    text_key("owner"),
    required_text("wake_on"),
    required_text("last_day"),
    required_number("points"),
    Index(None, "wake_on"),
    comment="When to look again at what of somebody's points ends, and what their card says of it.",
)

VALUE_FINDINGS = Table(
    "value_finding",
    METADATA,
    text_key("event"),
    text_key("line"),
    text_key("name"),
    required_text("owner"),
    required_text("unit"),
    required_number("amount"),
    required_text("detail"),
    required_text("at"),
    Column("settled_at", Text),
    Column("settled_by", Text),
    Column("reason", Text),
    comment="What a person should look at: more given back than was paid, promised beyond rules.",
)

VALUE_TABLES: tuple[Table, ...] = (
    VALUE_POSTINGS,
    VALUE_ACCOUNTS,
    VALUE_LEASES,
    VALUE_PROGRAMMES,
    VALUE_EXPIRIES,
    VALUE_FINDINGS,
)
"""In the order they are made; none refers to another by a constraint."""

AT_ONCE, TONIGHT = "", "0"
"""Before every day: to be looked at within seconds, or with the next of HQ's days."""
_NEW = upsert(VALUE_EXPIRIES)
_WAKE = _NEW.on_conflict_do_update(
    index_elements=["owner"],
    set_={"wake_on": _NEW.excluded.wake_on},
    where=VALUE_EXPIRIES.c.wake_on > _NEW.excluded.wake_on,
)


def wake(conn: Connection, owners: Iterable[str], wake_on: str = AT_ONCE) -> None:
    """Have it looked at anew what of these owners' points ends, in the caller's transaction."""
    rows = [
        {"owner": each, "wake_on": wake_on, "last_day": "", "points": 0}
        for each in sorted(set(owners))
    ]
    if rows:
        conn.execute(_WAKE, rows)
