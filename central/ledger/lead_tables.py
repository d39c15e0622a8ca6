"""The tables of leads, credits, profiles, suggestions, notes and tasks.

Facts are what was told: leads, codes shown, answers, notes. Everything else is derived of them and
of what was booked, and made anew for whoever stands in *lead_due*.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from central.ledger.metadata import (
    METADATA,
    flag,
    number_key,
    required_bytes,
    required_number,
    required_text,
    text_key,
)

LEADS = Table(
    "lead",
    METADATA,
    text_key("lead_id"),
    number_key("ver"),
    text_key("source"),
    required_text("channel"),
    required_text("kind"),
    required_text("at"),
    Column("party_id", Text),
    required_bytes("body"),
    Index(None, "party_id"),
    comment="Every version of a lead as it was told; body is the JSON of core.leads Lead.",
)

LEADS_SHOWN = Table(
    "lead_shown",
    METADATA,
    text_key("sale_id"),
    text_key("lead_id"),
    required_text("at"),
    flag("booked"),
    Index(None, "lead_id"),
    comment="Codes of leads shown while a sale was open; booked once that sale has come in.",
)

LEADS_OPEN = Table(
    "lead_standing",
    METADATA,
    text_key("lead_id"),
    Column("party_id", Text),
    required_text("valid_until"),
    required_bytes("body"),
    Index(None, "party_id"),
    comment="Leads as the bookings left them; body is the JSON of core.leads OpenLead.",
)

LEAD_CREDITS = Table(
    "lead_credit",
    METADATA,
    text_key("event"),
    number_key("number"),
    required_number("line"),
    required_text("business_date"),
    required_text("currency"),
    required_text("booked"),
    required_text("channel"),
    required_text("touch_point"),
    Column("owner", Text),
    Column("lead_id", Text),
    required_number("net"),
    required_text("why"),
    required_text("rule"),
    # The report of a year is read from these alone: sums by day, and each booking's by its day.
    Index(None, "business_date", "currency", "booked", "channel", "net"),
    Index(None, "business_date", "event", "net"),
    Index(None, "lead_id"),
    comment="Who is credited for the lines of a booking, where that is not simply who booked it.",
)

LEAD_CONVERSIONS = Table(
    "lead_conversion",
    METADATA,
    text_key("lead_id"),
    text_key("event"),
    number_key("line"),
    required_number("quantity"),
    required_text("why"),
    Index(None, "event"),
    comment="How much of what a lead asked for was bought, where.",
)

CREDIT_RULES = Table(
    "credit_rule",
    METADATA,
    text_key("name"),
    number_key("version"),
    required_text("valid_from"),
    required_bytes("body"),
    comment="How sales are shared out among leads; body is the JSON of core.leads CreditRule.",
)

CHANNEL_BOOKINGS = Table(
    "channel_booking",
    METADATA,
    text_key("event"),
    Column("party_id", Text),
    required_text("channel"),
    required_text("business_date"),
    required_text("currency"),
    required_number("net"),
    required_bytes("body"),
    Index(None, "party_id"),
    Index(None, "business_date", "currency", "channel", "net"),
    comment="What channels beside the stores sold; body is the JSON of core.leads Booking.",
)

LEAD_DUE = Table(
    "lead_due",
    METADATA,
    text_key("kind"),
    text_key("id"),
    required_number("tries"),
    comment="What was touched since credits and profiles were last derived of it.",
)

PROFILES = Table(
    "profile",
    METADATA,
    text_key("party_id"),
    required_text("as_of"),
    required_bytes("body"),
    comment="What is kept of a customer's buying, by their consent; JSON of core.suggest Profile.",
)

SUGGESTION_ANSWERS = Table(
    "suggestion_answer",
    METADATA,
    text_key("party_id"),
    text_key("source"),
    required_text("item"),
    required_text("reason"),
    flag("taken"),
    required_text("touch_point"),
    required_text("at"),
    Column("sale_id", Text),
    comment="What customers said to suggestions, so that nobody says them twice.",
)

NOTES = Table(
    "note",
    METADATA,
    text_key("party_id"),
    text_key("note_id"),
    required_text("audience"),
    required_text("text"),
    required_text("touch_point"),
    Column("actor", Text),
    required_text("at"),
    required_text("valid_until"),
    Column("about", Text),
    comment="What staff wrote for one another about a customer; personal, erasable.",
)

TASKS = Table(
    "task",
    METADATA,
    text_key("task_id"),
    required_text("party_id"),
    required_text("audience"),
    required_text("text"),
    required_text("state"),
    required_text("touch_point"),
    Column("actor", Text),
    required_text("opened_at"),
    required_text("due_on"),
    Column("about", Text),
    Column("outcome", Text),
    Column("closed_by", Text),
    Column("closed_at", Text),
    Column("closed_touch_point", Text),
    Index(None, "party_id"),
    Index(None, "state", "audience"),
    comment="What one desk handed over to another, and what became of it.",
)

LEAD_TABLES: tuple[Table, ...] = (
    LEADS,
    LEADS_SHOWN,
    LEADS_OPEN,
    LEAD_CREDITS,
    LEAD_CONVERSIONS,
    CREDIT_RULES,
    CHANNEL_BOOKINGS,
    LEAD_DUE,
    PROFILES,
    SUGGESTION_ANSWERS,
    NOTES,
    TASKS,
)
"""In the order they are made; none refers to another by a constraint."""
