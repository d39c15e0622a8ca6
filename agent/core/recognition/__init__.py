"""A reading or typed text to what it names: item, customer, order, receipt, coupon or unknown.

Two pure steps around one look-up: `means_of` (of a scan) or `means_of_typed` say what could be
named, strongest first; the caller's `Lookup` says what is held; `resolve` chooses and says why.
One file per means (`card`, `item`, `phone`, `email`, `account`, `order`, `receipt`, `coupon`), and
`table` puts them in order. `normalise` and `token` make the till and HQ compare the same bytes.
The same resolver runs at the till and at HQ.
"""

from __future__ import annotations

from agent.core.recognition.card import new_card_number
from agent.core.recognition.items import Item, Price, price_on
from agent.core.recognition.means import (
    CouponKey,
    Identifier,
    IdentifierType,
    ItemKey,
    Means,
    OrderKey,
    ReceiptKey,
)
from agent.core.recognition.resolve import (
    Answer,
    Found,
    KnownElsewhere,
    Lookup,
    Recognition,
    RecognitionKind,
    Unknown,
    resolve,
)
from agent.core.recognition.rules import RecognitionRules
from agent.core.recognition.table import means_of, means_of_typed, normalise, reasons_of
from agent.core.recognition.tokens import token

__all__ = [
    "Answer",
    "CouponKey",
    "Found",
    "Identifier",
    "IdentifierType",
    "Item",
    "ItemKey",
    "KnownElsewhere",
    "Lookup",
    "Means",
    "OrderKey",
    "Price",
    "ReceiptKey",
    "Recognition",
    "RecognitionKind",
    "RecognitionRules",
    "Unknown",
    "means_of",
    "means_of_typed",
    "new_card_number",
    "normalise",
    "price_on",
    "reasons_of",
    "resolve",
    "token",
]
