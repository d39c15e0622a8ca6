"""What a person is handed of their own data: the sections of an export, field by field.

Access (GDPR, Article 15) is everything that is held; portability (Article 20) only what the person
gave or did, not what was concluded from it. Fields are named one by one: what is not in this table
does not leave the shop, so that no internal note, no token and no other person's id ever slips out
(Article 15(4)).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from agent.core.consent.retention import DataClass


class Section(msgspec.Struct, frozen=True):
    """One table of an export."""

    name: str
    data_class: DataClass
    fields: tuple[str, ...]
    """In the order of the readable page's columns."""
    portable: bool
    text: str
    """One plain sentence above the table."""


_ROWS = (
    Section(
        "names",
        DataClass.IDENTITY,
        ("field", "value", "source", "channel", "said_at", "confirmed_at"),
        portable=True,
        text="Your name, address and what else you told us of yourself, and where we have it from.",
    ),
    Section(
        "contact_points",
        DataClass.CONTACT,
        ("contact", "value", "label", "verified_at", "source", "since"),
        portable=True,
        text="How we could reach you.",
    ),
    Section(
        "identifiers",
        DataClass.IDENTIFIER,
        ("type", "value", "status", "source", "since"),
        portable=True,
        text="What we know you again by: cards, accounts.",
    ),
    Section(
        "party_ids",
        DataClass.EVIDENCE,
        ("party_id", "channel", "touch_point", "since", "joined_by"),
        portable=False,
        text="Our own numbers for you, and why we take them to be one person.",
    ),
    Section(
        "consents",
        DataClass.CONSENT,
        (
            "record_id",
            "purpose",
            "contact",
            "state",
            "at",
            "valid_until",
            "notice",
            "language",
            "method",
            "channel",
            "touch_point",
            "receipt_id",
        ),
        portable=True,
        text="What you have allowed and forbidden us.",
    ),
    Section(
        "interactions",
        DataClass.HISTORY,
        ("at", "type", "channel", "touch_point", "title", "ref", "total", "currency", "state"),
        portable=True,
        text="What happened between you and us, on every channel.",
    ),
    Section(
        "sales",
        DataClass.TIE,
        ("receipt_no", "at", "business_date", "store", "total", "currency", "tax", "tenders"),
        portable=True,
        text="What you bought in our stores.",
    ),
    Section(
        "sale_lines",
        DataClass.TIE,
        ("receipt_no", "line", "name", "gtin", "quantity", "amount", "currency", "returns"),
        portable=True,
        text="The lines of these receipts; quantities in thousandths.",
    ),
    Section(
        "orders",
        DataClass.ORDER,
        (
            "order_no",
            "channel",
            "placed_at",
            "state",
            "collect_at",
            "deliver_to",
            "total",
            "currency",
            "paid",
        ),
        portable=True,
        text="What you ordered.",
    ),
    Section(
        "order_lines",
        DataClass.ORDER,
        ("order_no", "line", "name", "gtin", "quantity", "amount", "currency"),
        portable=True,
        text="The lines of these orders; quantities in pieces.",
    ),
    Section(
        "invoices",
        DataClass.INVOICE,
        ("invoice_no", "date", "buyer", "address", "total", "currency"),
        portable=True,
        text="Invoices in your name.",
    ),
    Section(
        "loyalty",
        DataClass.LOYALTY,
        ("account", "at", "ref", "kind", "points", "balance"),
        portable=True,
        text="Your points, one line per change; behind them what ends, with its last day.",
    ),
    Section(
        "gift_cards",
        DataClass.GIFT_CARD,
        ("card", "at", "ref", "kind", "amount", "balance", "currency"),
        portable=True,
        text="Gift cards that are yours; their numbers shortened.",
    ),
    Section(
        "answers",
        DataClass.PROMPT,
        ("prompt", "question", "outcome", "answer", "channel", "at"),
        portable=True,
        text="What we asked you, and what you answered.",
    ),
    Section(
        "leads",
        DataClass.LEAD,
        ("kind", "channel", "at", "about", "value", "currency", "state"),
        portable=True,
        text="Carts, wish lists and quotes that are yours.",
    ),
    Section(
        "service",
        DataClass.NOTE,
        ("at", "channel", "topic", "text"),
        portable=False,
        text="What was written down when you turned to us.",
    ),
    Section(
        "profile",
        DataClass.PROFILE,
        ("what", "value", "why", "at"),
        portable=False,
        text="What we concluded from your purchases, and how (GDPR, Article 15(1)(h)).",
    ),
    Section(
        "households",
        DataClass.IDENTITY,
        ("role", "since", "until"),
        portable=False,
        text="Households you belong to; the others in them are not named.",
    ),
    Section(
        "reads",
        DataClass.ACCESS_LOG,
        ("at", "role", "purpose", "what"),
        portable=False,
        text="When your data was looked at and what for; who of our staff is not named.",
    ),
    Section(
        "requests",
        DataClass.REQUEST,
        ("request_id", "kind", "received", "due", "state", "reason"),
        portable=False,
        text="What you asked of us by right, and what became of it.",
    ),
)

SECTIONS: Mapping[str, Section] = MappingProxyType({each.name: each for each in _ROWS})
"""Every section by its name, in the order of an export."""
