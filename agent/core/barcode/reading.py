"""What one scan can mean: every reading, and every reason why another one was dropped.

A bad scan is a result with a reason, never an exception. Ambiguity is kept until recognition,
which knows the shop's items and cards, chooses.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from agent.core.quantities import Minor, Thousandths


class ExpiryKind(StrEnum):
    """What a date on a pack means."""

    USE_BY = "use_by"
    """AI 17 and 7003: not to be used, and so not to be sold, afterwards."""
    BEST_BEFORE = "best_before"
    """AI 15: still sound afterwards, with less quality."""
    SELL_BY = "sell_by"
    """AI 16: the supplier's advice to the shop."""


class Measure(msgspec.Struct, frozen=True):
    """One measure of an item besides its net weight, exactly as its AI gives it."""

    ai: str
    unit: str
    """`m`, `m2`, `l`, `m3`, `in`, `ft`, `yd`, `oz`, `qt`, `gal` …; what is measured says the AI."""
    amount: str
    """A decimal number, for example `1.250`."""


class Publication(msgspec.Struct, frozen=True):
    """What an EAN-13 of the book, music or periodicals trade says of itself."""

    kind: Literal["isbn", "ismn", "issn"]
    number: str
    """ISBN and ISMN in thirteen digits, ISSN as `1234-5679`."""


class TradeItem(msgspec.Struct, frozen=True, tag="trade_item", omit_defaults=True):
    """An item by its GTIN, with what the symbol carried beside it (GS1 General Specifications)."""

    gtin: str
    """GTIN-14: fourteen digits, zero-padded, check digit verified."""
    lot: str | None = None
    """AI 10."""
    expiry: str | None = None
    """The date that counts, as ISO 8601 date: of AI 17 or 7003, else 15, else 16."""
    expiry_kind: ExpiryKind = ExpiryKind.USE_BY
    """What that date means; where there is none, nothing."""
    expiry_time: str | None = None
    """AI 7003: the time of that day after which the item may not be used, HH:MM."""
    serial: str | None = None
    """AI 21."""
    weight: Thousandths | None = None
    """Net weight in grams, that is thousandths of a kilogram (AI 310n; 320n and 356n converted)."""
    count: int | None = None
    """AI 30."""
    price: Minor | None = None
    """Amount payable, in the store's minor unit (AI 392n, 393n)."""
    measures: tuple[Measure, ...] = ()
    """Lengths, areas and volumes (AI 311n to 316n, 321n to 329n, 35nn, 36nn)."""
    supplement: str | None = None
    """The two or five digits of an add-on beside the symbol: an issue, a price."""
    publication: Publication | None = None


class InStoreItem(msgspec.Struct, frozen=True, tag="in_store_item"):
    """A variable-measure item by a restricted circulation number (GS1 Gen. Spec. 2.1.11-2.1.12)."""

    reference: str
    """The item digits of the pattern with its prefix, for example `2112345`: the shop's PLU key."""
    pattern: str
    """The pattern of `[barcode] in_store` that matched, for example `21IIIIIPPPPPC`."""
    price: Minor | None = None
    weight: Thousandths | None = None
    """Grams, that is thousandths of a kilogram."""
    count: int | None = None


class PlainText(msgspec.Struct, frozen=True, tag="text"):
    """The symbol's text as it stands: a card, a receipt, an order, a coupon, or nothing we know."""

    text: str


Meaning = TradeItem | InStoreItem | PlainText


class Reason(msgspec.Struct, frozen=True):
    """Why one way to read the scan was dropped, or what is wrong with it although it was not."""

    name: str
    """Stable kebab-case word: `wrong-check-digit`, `unknown-ai`, `compressed-digital-link` …"""
    detail: str
    """One sentence with the value, for a person."""


class Reading(msgspec.Struct, frozen=True):
    """All that one scan can mean."""

    raw: str
    """The scanner's bytes as latin-1 text, without framing, AIM id included."""
    text: str
    """The data without the AIM id; FNC1 separators stay as U+001D."""
    aim: str | None
    """The AIM symbology identifier as sent, for example `]E0` (ISO/IEC 15424), or None."""
    symbology: str | None
    """`ean-13`, `upc-a`, `ean-8`, `itf`, `code-128`, `gs1-128`, `databar`, `datamatrix`,
    `gs1-datamatrix`, `qr`, `gs1-qr` … by the AIM id; None where the scanner sent none."""
    meanings: tuple[Meaning, ...]
    reasons: tuple[Reason, ...]
