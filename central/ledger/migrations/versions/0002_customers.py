"""Parties and their histories, sales and days, channels and orders, the catalogue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of customers, sales and orders of 0.1.0."""
    _parties()
    _sales()
    _beside_sales()
    _days()
    _channels()
    _items()


def downgrade() -> None:
    """Refuse: what customers said is not dropped."""
    raise NotImplementedError


def _parties() -> None:
    op.create_table(
        "party",
        _key("party_id"),
        *map(_text, ("kind", "state", "origin", "created_at")),
        _number("ver"),
        _optional("source_id"),
    )
    op.create_index("ix_party_source_id", "party", ["source_id"])
    op.create_table(
        "identifier",
        *map(_key, ("party_id", "type", "value")),
        _number("evidence"),
        *map(_text, ("event", "source", "observed_at")),
    )
    op.create_index(
        "ix_identifier_type_value_evidence", "identifier", ["type", "value", "evidence"]
    )
    op.create_table(
        "attribute",
        *map(_key, ("party_id", "field", "source")),
        *map(_text, ("value", "folded")),
        _number("strength"),
        *map(_text, ("event", "observed_at", "heard_at")),
    )
    op.create_index("ix_attribute_field_folded", "attribute", ["field", "folded"])
    op.create_table(
        "consent",
        _key("party_id"),
        _number_key("ordinal"),
        *map(_text, ("purpose", "contact")),
        _flag("given"),
        *map(_text, ("source", "at")),
    )
    op.create_table(
        "interaction",
        *map(_key, ("party_id", "event_id")),
        *map(_text, ("type", "channel", "touch_point", "occurred_at", "title", "ref")),
        _optional_number("total"),
        *map(_optional, ("currency", "state", "actor", "about")),
        _text("recorded_at"),
    )
    op.create_index(
        "ix_interaction_party_id_occurred_at", "interaction", ["party_id", "occurred_at"]
    )
    op.create_table(
        "card_reach",
        *map(_key, ("party_id", "journal_id")),
        _number("seq"),
    )
    op.create_table(
        "pseudonym",
        _key("customer_ref"),
        *map(_text, ("sale_id", "party_id", "journal_id")),
        _number("seq"),
    )
    op.create_index("ix_pseudonym_party_id", "pseudonym", ["party_id"])


def _sales() -> None:
    op.create_table(
        "sale",
        _key("sale_id"),
        _text("journal_id"),
        _number("seq"),
        *map(_text, ("receipt_no", "store", "till", "business_date", "currency", "completed_at")),
        *map(_number, ("total", "net", "discount", "change", "cash_rounding")),
        *map(_optional, ("actor", "customer_ref", "external_receipt_no")),
    )
    op.create_index("ix_sale_business_date_store", "sale", ["business_date", "store"])
    _index_of_given("ix_sale_customer_ref", "sale", "customer_ref")
    op.create_index("ix_sale_receipt_no", "sale", ["receipt_no"])
    op.create_table(
        "sale_line",
        _key("sale_id"),
        _number_key("line"),
        _text("name"),
        *map(_optional, ("item_id", "gtin")),
        _number("quantity"),
        _text("unit"),
        *map(_number, ("unit_price", "extension", "discount")),
        _flag("voided"),
        *map(_optional, ("reason", "returns_sale")),
        _optional_number("returns_line"),
        sqlite_with_rowid=False,
    )
    _index_of_given("ix_sale_line_returns_sale", "sale_line", "returns_sale")


def _index_of_given(name: str, table: str, column: str) -> None:
    """Leave out of an index what is mostly empty: each entry costs as much as a row."""
    given = sa.text(f"{column} IS NOT NULL")
    op.create_index(name, table, [column], sqlite_where=given, postgresql_where=given)


def _beside_sales() -> None:
    op.create_table(
        "sale_tender",
        _key("sale_id"),
        _number_key("tender"),
        _text("kind"),
        _number("amount"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sale_tax",
        *map(_key, ("sale_id", "name")),
        _number_key("basis_points"),
        *map(_number, ("net", "tax", "gross")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sale_cancelled",
        _key("sale_id"),
        *map(_text, ("store", "till", "business_date")),
        _number("total"),
        *map(_optional, ("actor", "reason")),
    )
    op.create_index(
        "ix_sale_cancelled_business_date_store", "sale_cancelled", ["business_date", "store"]
    )
    op.create_table(
        "parked_entry",
        *map(_key, ("waits_for", "journal_id")),
        _number_key("seq"),
        _text("since"),
    )
    op.create_table(
        "sale_flag",
        _key("sale_id"),
        _number_key("line"),
        _key("name"),
        *map(_text, ("detail", "at")),
    )


def _days() -> None:
    op.create_table(
        "cash_movement",
        _key("journal_id"),
        _number_key("seq"),
        *map(_text, ("store", "till", "business_date", "kind")),
        _number("amount"),
        *map(_text, ("currency", "reason")),
        _optional("actor"),
    )
    op.create_table(
        "z_report",
        _key("journal_id"),
        _number_key("seq"),
        _number("z_number"),
        *map(_text, ("store", "till", "business_date", "closed_at", "currency")),
        *map(_number, ("gross", "expected_cash", "counted_cash", "difference")),
        _bytes("totals"),
        _optional("actor"),
    )
    op.create_index("ix_z_report_business_date_store", "z_report", ["business_date", "store"])


def _channels() -> None:
    op.create_table(
        "channel",
        _key("channel_id"),
        *map(_text, ("kind", "name")),
    )
    op.create_table(
        "touch_point",
        *map(_key, ("channel_id", "touch_point_id")),
        _flag("registered"),
        _text("first_seen_at"),
    )
    op.create_table(
        "channel_event",
        *map(_key, ("channel_id", "event_id")),
        *map(_text, ("type", "occurred_at", "received_at", "outcome")),
        _optional("reason"),
        _number("tries"),
        *map(_optional, ("party_id", "order_no")),
        _bytes("body"),
    )
    op.create_index(
        "ix_channel_event_channel_id_order_no", "channel_event", ["channel_id", "order_no"]
    )
    op.create_index(
        "ix_channel_event_outcome_received_at", "channel_event", ["outcome", "received_at"]
    )
    _index_of_given("ix_channel_event_party_id", "channel_event", "party_id")
    op.create_table(
        "customer_order",
        _key("order_no"),
        *map(_text, ("channel_id", "state")),
        *map(_optional, ("party_id", "collect_at")),
        _text("scope"),
        _bytes("body"),
    )
    op.create_index("ix_customer_order_collect_at_state", "customer_order", ["collect_at", "state"])
    op.create_index("ix_customer_order_party_id", "customer_order", ["party_id"])


def _items() -> None:
    op.create_table(
        "item",
        _key("item_id"),
        _text("name"),
        _optional("department"),
        _bytes("body"),
    )
    op.create_table(
        "item_key",
        _key("key"),
        _text("item_id"),
    )
    op.create_index("ix_item_key_item_id", "item_key", ["item_id"])


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)


def _number_key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, primary_key=True, autoincrement=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _optional(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _optional_number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)
