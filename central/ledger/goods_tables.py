"""The tables of orders, step by step, and stock movements."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text

from central.ledger.metadata import (
    METADATA,
    number_key,
    required_bytes,
    required_number,
    required_text,
    text_key,
)

ORDERS_TOLD = Table(
    "order_told",
    METADATA,
    text_key("order_id"),
    text_key("told"),
    required_text("kind"),
    required_text("source"),
    Column("order_no", Text),
    required_text("recorded_at"),
    required_bytes("body"),
    Index(None, "order_no"),
    comment="Everything told of orders by anybody, each thing once (told: SHA-256 of body): what "
    "an order is. body is the JSON of core.orders Told, order_no of one that says what is ordered.",
)

CHANNEL_TASKS = Table(
    "channel_task",
    METADATA,
    text_key("channel_id"),
    text_key("task"),
    required_text("order_id"),
    required_text("order_no"),
    required_text("kind"),
    required_text("recorded_at"),
    required_bytes("body"),
    required_number("tries"),
    Column("problem", Text),
    Column("done_at", Text),
    Index(None, "channel_id", "done_at"),
    comment="What became of a channel's order elsewhere, for the channel to hear of; task is the "
    "key of order_told.",
)

STOCK_MOVEMENTS = Table(
    "stock_movement",
    METADATA,
    text_key("event"),
    number_key("line"),
    required_text("item"),
    required_number("quantity"),
    required_text("source"),
    required_text("source_location"),
    required_text("target"),
    required_text("target_location"),
    required_text("at"),
    required_text("recorded_at"),
    Index(None, "item", "recorded_at"),
    comment="Goods that went from one place to another, in thousandths; a sale's goods are its "
    "lines, and stand in sale_line alone.",
)

STOCK_LEVELS = Table(
    "stock_level",
    METADATA,
    text_key("location"),
    text_key("item"),
    text_key("bucket"),
    Column("quantity", BigInteger, nullable=False),
    Index(None, "item"),
    comment="What all movements and sales of an item add up to at a location, in thousandths.",
)

STOCK_COUNTS = Table(
    "stock_count",
    METADATA,
    text_key("event"),
    text_key("item"),
    required_text("location"),
    required_number("found"),
    required_number("known"),
    required_text("actor"),
    required_text("at"),
    Index(None, "at"),
    comment="What was counted of an item, and what was known of it before, in thousandths: kept "
    "where nothing was different, too.",
)

GOODS_TABLES: tuple[Table, ...] = (
    ORDERS_TOLD,
    CHANNEL_TASKS,
    STOCK_MOVEMENTS,
    STOCK_LEVELS,
    STOCK_COUNTS,
)
"""In the order they are made; none refers to another by a constraint."""
