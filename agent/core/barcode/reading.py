"""What one scan can mean: every reading, and every reason why another one was dropped.

A bad scan is a result with a reason, never an exception. Ambiguity is kept until recognition,
which knows the shop's items and cards, chooses.
"""

from __future__ import annotations

import msgspec

from agent.core.quantities import Minor, Thousandths


class TradeItem(msgspec.Struct, frozen=True, tag="trade_item"):
    """An item by its GTIN, with what the symbol carried beside it (GS1 General Specifications)."""

    gtin: str
    """GTIN-14: fourteen digits, zero-padded, check digit verified."""
    lot: str | None = None
    """AI 10."""
    expiry: str | None = None
    """AI 17 (or 15), as ISO 8601 date."""
    serial: str | None = None
    """AI 21."""
    weight: Thousandths | None = None
    """Net weight in grams, that is thousandths of a kilogram (AI 310n)."""
    count: int | None = None
    """AI 30 or 37."""
    price: Minor | None = None
    """Amount payable, in the store's minor unit (AI 392n)."""


class InStoreItem(msgspec.Struct, frozen=True, tag="in_store_item"):
    """A variable-measure item by a restricted circulation number (GS1 Gen. Spec. 2.1.11-2.1.12)."""

    reference: str
    """The item digits of the pattern with its prefix, for example `2112345`: the shop's PLU key."""
    pattern: str
    """The pattern of `[barcode] in_store` that matched, for example `21IIIIIPPPPPC`."""
    price: Minor | None = None
    weight: Thousandths | None = None
    """Grams, that is thousandths of a kilogram."""


class PlainText(msgspec.Struct, frozen=True, tag="text"):
    """The symbol's text as it stands: a card, a receipt, an order, a coupon, or nothing we know."""

    text: str


Meaning = TradeItem | InStoreItem | PlainText


class Reason(msgspec.Struct, frozen=True):
    """Why one way to read the scan was dropped."""

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
