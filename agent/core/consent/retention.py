"""The classes of data a shop holds of a person, and what becomes of each when they ask to go.

GDPR, Article 17(3): what the law obliges the shop to keep, or what it needs to defend itself, stays
for that long and no longer; what a contract still needs stays until it is fulfilled (17(1)(a)).
A sale itself holds nobody's name: its tie to the person is erased, and the books stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from agent.core.days import plus_years


class DataClass(StrEnum):
    """What a piece of data is of."""

    IDENTITY = "identity"
    """Name, address, birth date."""
    CONTACT = "contact"
    """E-mail addresses, phone numbers."""
    IDENTIFIER = "identifier"
    """Card numbers, web accounts, payment references, tokens of any of them."""
    EVIDENCE = "evidence"
    """Edges of the identity graph, recognitions at a till."""
    TIE = "tie"
    """What ties a sale's pseudonym to the person."""
    HISTORY = "history"
    """Timeline, service contacts, reviews, visits."""
    NOTE = "note"
    PROFILE = "profile"
    """Tier, segments, top items, suggestions."""
    PROMPT = "prompt"
    """Questions asked, answers, refusals."""
    LEAD = "lead"
    CONSENT = "consent"
    """The records that prove what was answered."""
    LOYALTY = "loyalty"
    GIFT_CARD = "gift_card"
    ORDER = "order"
    """Orders of other channels, special orders, deposits."""
    INVOICE = "invoice"
    """A document of the books that names the buyer."""
    SALE = "sale"
    """A document of the books that names nobody."""
    ACCESS_LOG = "access_log"
    """Who read the person's data."""
    REQUEST = "request"
    """What the person asked for by right, and what became of it."""
    SUPPRESSION = "suppression"
    """A keyed token of a contact point not to be written to again, and nothing else."""


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    """What happens to one class of data."""

    data_class: DataClass
    years: int = 0
    """For so long it is kept; 0: not beyond the request."""
    whole: bool = False
    """The years begin with the end of the calendar year."""
    law: str = ""
    reason: str = ""
    """One sentence for the person."""
    nameless: bool = False
    """It says nothing about anybody once the rest is gone, and stays for good."""
    while_open: bool = False
    """It stays as long as something is still owed by either side."""


_CLAIMS = "GDPR Art. 17(3)(e)"
_OPEN = "GDPR Art. 17(1)(a)"
_BOOKS = "GDPR Art. 17(3)(b)"

BOOKS: Mapping[str, tuple[int, bool, str]] = MappingProxyType(
    {
        "AT": (7, True, "BAO § 132"),
        "BE": (10, True, "Code TVA Art. 60"),
        "CH": (10, True, "OR Art. 958f"),
        "DE": (8, True, "AO § 147, UStG § 14b"),
        "ES": (6, True, "Código de Comercio Art. 30"),
        "FR": (10, True, "Code de commerce Art. L123-22"),
        "GB": (6, True, "VATA 1994 Sch. 11 para. 6"),
        "IT": (10, True, "Codice civile Art. 2220"),
        "NL": (7, True, "AWR Art. 52"),
        "PL": (5, True, "Ordynacja podatkowa Art. 86"),
    }
)
"""Country → years a voucher of the books is kept, from the end of its year, and the law. The shop
answers for them: its settings may say otherwise."""
_ANYWHERE = (10, True, "the country's law on books and taxes")

_EVERYWHERE = (
    Rule(DataClass.IDENTITY),
    Rule(DataClass.CONTACT),
    Rule(DataClass.IDENTIFIER),
    Rule(DataClass.EVIDENCE),
    Rule(DataClass.TIE),
    Rule(DataClass.HISTORY),
    Rule(DataClass.NOTE),
    Rule(DataClass.PROFILE),
    Rule(DataClass.PROMPT),
    Rule(DataClass.LEAD),
    Rule(
        DataClass.CONSENT,
        years=3,
        whole=True,
        law=f"GDPR Art. 7(1), {_CLAIMS}",
        reason="the shop must be able to prove what you agreed to; your name is not in it",
    ),
    Rule(
        DataClass.LOYALTY,
        while_open=True,
        law=_OPEN,
        reason="points you have not asked to be forfeited are still yours",
    ),
    Rule(
        DataClass.GIFT_CARD, while_open=True, law=_OPEN, reason="there is still money on the card"
    ),
    Rule(
        DataClass.ORDER, while_open=True, law=_OPEN, reason="the order is not finished or paid yet"
    ),
    Rule(
        DataClass.SALE,
        nameless=True,
        law=_BOOKS,
        reason="the books stay complete; nothing in them leads to you any more",
    ),
    Rule(
        DataClass.ACCESS_LOG,
        years=3,
        whole=True,
        law=f"GDPR Art. 5(2), {_CLAIMS}",
        reason="the shop must be able to prove who has read your data",
    ),
    Rule(
        DataClass.REQUEST,
        years=3,
        whole=True,
        law=f"GDPR Art. 5(2), {_CLAIMS}",
        reason="the shop must be able to prove that it did what you asked for",
    ),
    Rule(
        DataClass.SUPPRESSION,
        nameless=True,
        law="GDPR Art. 21(3), 17(3)(b)",
        reason="so that nobody writes to you again; it cannot be turned back into your address",
    ),
)


def rules_of(country: str, own: Iterable[Rule] = ()) -> Mapping[DataClass, Rule]:
    """Give the rule of every class of data.

    Args:
        country: ISO 3166-1 alpha-2, of the shop; where its law is not known here, the longest
            period known is taken, and the shop should say its own.
        own: the shop's rules, which replace those here.

    >>> rules_of("DE")[DataClass.INVOICE].years
    8
    """
    years, whole, law = BOOKS.get(country.upper(), _ANYWHERE)
    invoice = Rule(
        DataClass.INVOICE,
        years=years,
        whole=whole,
        law=f"{_BOOKS}; {law}",
        reason="the law asks the shop to keep its invoices",
    )
    return {rule.data_class: rule for rule in (*_EVERYWHERE, invoice, *own)}


def kept_until(rule: Rule, since: str) -> str:
    """Give the last day a thing of that day is kept.

    Raises:
        InputFault: `bad-day`.

    >>> kept_until(rules_of("DE")[DataClass.INVOICE], "2026-03-02")
    '2034-12-31'
    """
    return plus_years(since, rule.years, whole=rule.whole)
