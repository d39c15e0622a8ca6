"""The tables of customers, sales and orders: derived from entries and channel events.

Everything here can be rebuilt from what was received (*chain* and *body*, *channel_event*, the
imported files). Spread by party, by sale, by order or by channel event; ids are random, so no
insert waits for another.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text, text

from central.ledger.metadata import (
    METADATA,
    flag,
    number_key,
    required_bytes,
    required_number,
    required_text,
    text_key,
)


def _index_of_given(name: str) -> Index:
    """Leave out of an index what is mostly empty: each entry costs as much as a row."""
    given = text(f"{name} IS NOT NULL")
    return Index(None, name, sqlite_where=given, postgresql_where=given)


PARTIES = Table(
    "party",
    METADATA,
    text_key("party_id"),
    required_text("kind"),
    required_text("state"),
    required_text("origin"),
    required_text("created_at"),
    required_number("ver"),
    Column("source_id", Text),
    Index(None, "source_id"),
    comment="Everyone ever met, under the id given where they were met; never deleted or re-keyed.",
)

IDENTIFIERS = Table(
    "identifier",
    METADATA,
    text_key("party_id"),
    text_key("type"),
    text_key("value"),
    required_number("evidence"),
    required_text("event"),
    required_text("source"),
    required_text("observed_at"),
    Index(None, "type", "value", "evidence"),
    comment="Normalised ways to find a party, edges of the identity graph; one may name several "
    "parties. evidence: 0 candidate, 1 observed, 2 verified; event: where the most was shown.",
)

ATTRIBUTES = Table(
    "attribute",
    METADATA,
    text_key("party_id"),
    text_key("field"),
    text_key("source"),
    required_text("value"),
    required_text("folded"),
    required_number("strength"),
    required_text("event"),
    required_text("observed_at"),
    required_text("heard_at"),
    Index(None, "field", "folded"),
    comment="The last word of each source; which one is shown is chosen at reading.",
)

CONSENTS = Table(
    "consent",
    METADATA,
    text_key("party_id"),
    number_key("ordinal"),
    required_text("purpose"),
    required_text("contact"),
    flag("given"),
    required_text("source"),
    required_text("at"),
    comment="Every yes and no, as it was given; the last answer of a purpose and contact holds.",
)

INTERACTIONS = Table(
    "interaction",
    METADATA,
    text_key("party_id"),
    text_key("event_id"),
    required_text("type"),
    required_text("channel"),
    required_text("touch_point"),
    required_text("occurred_at"),
    required_text("title"),
    required_text("ref"),
    Column("total", BigInteger),
    Column("currency", Text),
    Column("state", Text),
    Column("actor", Text),
    Column("about", Text),
    required_text("recorded_at"),
    Index(None, "party_id", "occurred_at"),
    comment="The one history of a customer, over all channels, under the party as observed.",
)

CARD_REACH = Table(
    "card_reach",
    METADATA,
    text_key("party_id"),
    text_key("journal_id"),
    required_number("seq"),
    comment="Highest seq of each journal whose effect is in the party's card.",
)

PSEUDONYMS = Table(
    "pseudonym",
    METADATA,
    text_key("customer_ref"),
    required_text("sale_id"),
    required_text("party_id"),
    required_text("journal_id"),
    required_number("seq"),
    Index(None, "party_id"),
    comment="The only bridge between a fiscal fact and a person; erasable.",
)

SALES = Table(
    "sale",
    METADATA,
    text_key("sale_id"),
    required_text("journal_id"),
    required_number("seq"),
    required_text("receipt_no"),
    required_text("store"),
    required_text("till"),
    required_text("business_date"),
    required_text("currency"),
    required_text("completed_at"),
    required_number("total"),
    required_number("net"),
    required_number("discount"),
    required_number("change"),
    required_number("cash_rounding"),
    Column("actor", Text),
    Column("customer_ref", Text),
    Column("external_receipt_no", Text),
    Index(None, "receipt_no"),
    _index_of_given("customer_ref"),
    Index(None, "business_date", "store"),
    Index(None, "business_date", "currency", "net"),
    Index(None, "journal_id", "seq"),
    comment="Completed sales (ARTS RetailTransaction); amounts in minor units.",
)

SALE_LINES = Table(
    "sale_line",
    METADATA,
    text_key("sale_id"),
    number_key("line"),
    required_text("name"),
    Column("item_id", Text),
    Column("gtin", Text),
    required_number("quantity"),
    required_text("unit"),
    required_number("unit_price"),
    required_number("extension"),
    required_number("discount"),
    flag("voided"),
    Column("reason", Text),
    Column("returns_sale", Text),
    Column("returns_line", BigInteger),
    _index_of_given("returns_sale"),
    sqlite_with_rowid=False,
    comment="Line items; a return has a negative quantity (thousandths) and names what it returns.",
)

SALE_TENDERS = Table(
    "sale_tender",
    METADATA,
    text_key("sale_id"),
    number_key("tender"),
    required_text("kind"),
    required_number("amount"),
    sqlite_with_rowid=False,
    comment="What was paid with, before change; references of terminals stay in the journal.",
)

SALE_TAXES = Table(
    "sale_tax",
    METADATA,
    text_key("sale_id"),
    text_key("name"),
    number_key("basis_points"),
    required_number("net"),
    required_number("tax"),
    required_number("gross"),
    sqlite_with_rowid=False,
    comment="Tax per rate on the receipt total.",
)

SALES_CANCELLED = Table(
    "sale_cancelled",
    METADATA,
    text_key("sale_id"),
    required_text("store"),
    required_text("till"),
    required_text("business_date"),
    required_number("total"),
    Column("actor", Text),
    Column("reason", Text),
    Index(None, "business_date", "store"),
    comment="Baskets with lines that were given up.",
)

CASH_MOVEMENTS = Table(
    "cash_movement",
    METADATA,
    text_key("journal_id"),
    number_key("seq"),
    required_text("store"),
    required_text("till"),
    required_text("business_date"),
    required_text("kind"),
    required_number("amount"),
    required_text("currency"),
    required_text("reason"),
    Column("actor", Text),
    comment="Floats, pay-ins and pay-outs.",
)

Z_REPORTS = Table(
    "z_report",
    METADATA,
    text_key("journal_id"),
    number_key("seq"),
    required_number("z_number"),
    required_text("store"),
    required_text("till"),
    required_text("business_date"),
    required_text("closed_at"),
    required_text("currency"),
    required_number("gross"),
    required_number("expected_cash"),
    required_number("counted_cash"),
    required_number("difference"),
    required_bytes("totals"),
    Column("actor", Text),
    Index(None, "business_date", "store"),
    comment="Closed days; totals is the JSON of core.entries DayTotals. Of two copies of one till "
    "both may have closed with the same number.",
)

PARKED = Table(
    "parked_entry",
    METADATA,
    text_key("waits_for"),
    text_key("journal_id"),
    number_key("seq"),
    required_text("since"),
    comment="Applied entries whose counterpart (a sale id or pseudonym) has not arrived yet.",
)

SALE_FLAGS = Table(
    "sale_flag",
    METADATA,
    text_key("sale_id"),
    number_key("line"),
    text_key("name"),
    required_text("detail"),
    required_text("at"),
    comment="What HQ accepted and a person should look at, for example returned more than sold.",
)

CHANNELS = Table(
    "channel",
    METADATA,
    text_key("channel_id"),
    required_text("kind"),
    required_text("name"),
    comment="Where customers are met: distribution (sells) or communication (talks).",
)

TOUCH_POINTS = Table(
    "touch_point",
    METADATA,
    text_key("channel_id"),
    text_key("touch_point_id"),
    flag("registered"),
    required_text("first_seen_at"),
    comment="Places of a channel; one that is not registered was met in an event.",
)

CHANNEL_EVENTS = Table(
    "channel_event",
    METADATA,
    text_key("channel_id"),
    text_key("event_id"),
    required_text("type"),
    required_text("occurred_at"),
    required_text("received_at"),
    required_text("outcome"),
    Column("reason", Text),
    required_number("tries"),
    Column("party_id", Text),
    Column("order_no", Text),
    required_bytes("body"),
    Index(None, "outcome", "received_at"),
    Index(None, "channel_id", "order_no"),
    _index_of_given("party_id"),
    comment="The inbox of web stores and others: accepted or quarantined, as received.",
)

ORDERS = Table(
    "customer_order",
    METADATA,
    text_key("order_no"),
    required_text("channel_id"),
    required_text("state"),
    Column("party_id", Text),
    Column("collect_at", Text),
    required_text("scope"),
    required_bytes("body"),
    Index(None, "party_id"),
    Index(None, "collect_at", "state"),
    comment="Orders of other channels as they stand; body is the JSON of core.history Order.",
)

ITEMS = Table(
    "item",
    METADATA,
    text_key("item_id"),
    required_text("name"),
    Column("department", Text),
    required_bytes("body"),
    comment="The catalogue; body is the JSON of core.recognition Item.",
)

ITEM_KEYS = Table(
    "item_key",
    METADATA,
    text_key("key"),
    required_text("item_id"),
    Index(None, "item_id"),
    comment="GTINs and in-store references: each names one item.",
)

CUSTOMER_TABLES = (
    PARTIES,
    IDENTIFIERS,
    ATTRIBUTES,
    CONSENTS,
    INTERACTIONS,
    CARD_REACH,
    PSEUDONYMS,
    SALES,
    SALE_LINES,
    SALE_TENDERS,
    SALE_TAXES,
    SALES_CANCELLED,
    CASH_MOVEMENTS,
    Z_REPORTS,
    PARKED,
    SALE_FLAGS,
    CHANNELS,
    TOUCH_POINTS,
    CHANNEL_EVENTS,
    ORDERS,
    ITEMS,
    ITEM_KEYS,
)
"""In the order they are made; none refers to another by a constraint."""
