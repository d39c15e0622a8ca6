"""The tables of consents, questions, requests by right, erasures and their proof.

A row is a fact or a decision and is added, never changed, but for where a request or an erasure
stands, which is made anew from what was added. Spread by party or by request.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Table, Text

from central.ledger.metadata import (
    METADATA,
    number_key,
    required_bytes,
    required_number,
    required_text,
    text_key,
)

CONSENT_RECORDS = Table(
    "consent_record",
    METADATA,
    text_key("party_id"),
    text_key("record_id"),
    required_text("purpose"),
    required_text("contact"),
    required_text("state"),
    required_text("at"),
    required_text("source"),
    required_text("recorded_at"),
    required_bytes("body"),
    comment="Answers with their proof (ISO/IEC TS 27560), under the party as observed; body is the "
    "JSON of core.consent ConsentRecord.",
)

PROMPTS = Table(
    "prompt",
    METADATA,
    text_key("prompt_id"),
    required_number("ordinal"),
    required_bytes("body"),
    comment="What may be asked of customers; body is the JSON of core.prompts Prompt.",
)

PROMPT_EVENTS = Table(
    "prompt_event",
    METADATA,
    text_key("party_id"),
    text_key("event_id"),
    required_text("prompt_id"),
    required_text("outcome"),
    required_text("recorded_at"),
    required_bytes("body"),
    comment="What was asked, answered and refused, on any channel, under the party as observed; "
    "body is the JSON of core.prompts PromptEvent.",
)

SUBJECT_REQUESTS = Table(
    "subject_request",
    METADATA,
    text_key("request_id"),
    required_text("party_id"),
    required_text("kind"),
    required_text("due"),
    required_text("recorded_at"),
    required_bytes("body"),
    Column("answered_at", Text),
    Column("answer", Text),
    Index(None, "party_id"),
    Index(None, "answered_at", "due"),
    comment="What persons asked for by right (GDPR, Articles 15 to 21), and what became of it; "
    "body is the JSON of core.consent SubjectRequest.",
)

ERASURES = Table(
    "erasure",
    METADATA,
    text_key("request_id"),
    required_text("party_id"),
    required_text("due"),
    required_text("begun_at"),
    required_text("again_on"),
    required_bytes("body"),
    Index(None, "due", "request_id"),
    comment="Erasures of persons: which orders went to whom, what stays and why; body is the JSON "
    "of core.consent Erasure without what its replicas said.",
)

ERASURE_PLANS = Table(
    "erasure_plan",
    METADATA,
    text_key("request_id"),
    number_key("ordinal"),
    required_text("decided_at"),
    required_bytes("body"),
    comment="What each look at the person's data decided: the first, and those that found more.",
)

ERASURE_EXCUSES = Table(
    "erasure_excuse",
    METADATA,
    text_key("request_id"),
    text_key("replica_id"),
    required_text("reason"),
    required_text("actor"),
    required_text("at"),
    comment="Replicas that need not be waited for: lost, destroyed, scrapped.",
)

ERASED_PARTIES = Table(
    "erased_party",
    METADATA,
    text_key("party_id"),
    required_text("request_id"),
    required_text("erased_at"),
    Index(None, "request_id"),
    comment="Ids of persons who were erased: nothing of them is shown or sent to a till again.",
)

ERASURE_HOLDS = Table(
    "erasure_hold",
    METADATA,
    text_key("party_id"),
    text_key("hold_id"),
    required_text("reason"),
    required_text("until"),
    required_text("actor"),
    required_text("at"),
    Column("lifted_at", Text),
    comment="Data that must stay for a dispute (GDPR, Article 17(3)(e)), whatever the rules say.",
)

PARTY_ENTRIES = Table(
    "party_entry",
    METADATA,
    text_key("party_id"),
    text_key("journal_id"),
    number_key("seq"),
    required_number("kind"),
    comment="Which entries of tills' side journals speak of a party, beside those of pseudonym.",
)

SUPPRESSIONS = Table(
    "suppression",
    METADATA,
    text_key("token"),
    required_text("contact"),
    required_text("since"),
    comment="Contact points of erased persons who said no to marketing: a keyed token, and nobody.",
)

CARD_NUMBERS_FOUND = Table(
    "card_number_found",
    METADATA,
    text_key("source"),
    number_key("line"),
    required_text("path"),
    required_text("form"),
    required_number("digits"),
    required_text("shown"),
    Column("scheme", Text),
    required_text("at"),
    Index(None, "at"),
    comment="Card numbers that were masked in what other software sent: where, and four digits.",
)

PRIVACY_TABLES: tuple[Table, ...] = (
    CONSENT_RECORDS,
    PROMPTS,
    PROMPT_EVENTS,
    SUBJECT_REQUESTS,
    ERASURES,
    ERASURE_PLANS,
    ERASURE_EXCUSES,
    ERASED_PARTIES,
    ERASURE_HOLDS,
    PARTY_ENTRIES,
    SUPPRESSIONS,
    CARD_NUMBERS_FOUND,
)
"""In the order they are made; none refers to another by a constraint."""
