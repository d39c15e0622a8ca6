"""Scanned bytes to a `Reading`: every meaning the symbol can have, and every reason against others.

`read` is the door. Bytes become text, the AIM identifier (`symbologies`) says which readings are
possible, and each is tried: `linear` (EAN, UPC, ITF, with the store's `in_store` patterns),
`elements` (GS1 element strings) and `digital_link`, both understood by `contents`. What is left is
the plain text, which recognition may know as a card, an order or a receipt. A bad scan is a result
with a reason, never an exception; ambiguity is kept.

Reasons: `too-long`, `undecodable`, `control-characters`, `empty`, `unknown-aim`, `not-a-gtin`,
`not-a-upc-e`, `wrong-check-digit`, `wrong-inner-check-digit`, `bad-pattern`, `unknown-ai`,
`malformed-ai`, `bad-date`, `repeated-ai`, `contradicting-ai`, `no-trade-item`, `foreign-currency`,
`price-too-precise`, `bad-web-address`, `no-gs1-key`, `compressed-digital-link`, `wrong-qualifier`,
`wrong-attribute`.

Sources: GS1 General Specifications, GS1 Digital Link URI syntax, ISO/IEC 15424 (AIM identifiers).
"""

from __future__ import annotations

from agent.core.barcode.check_digits import check_digit
from agent.core.barcode.reading import (
    InStoreItem,
    Meaning,
    PlainText,
    Reading,
    Reason,
    TradeItem,
)
from agent.core.barcode.rules import BarcodeRules, InStorePattern, parse_pattern
from agent.core.barcode.scan import read
from agent.core.barcode.symbologies import split_aim, symbology

__all__ = [
    "BarcodeRules",
    "InStoreItem",
    "InStorePattern",
    "Meaning",
    "PlainText",
    "Reading",
    "Reason",
    "TradeItem",
    "check_digit",
    "parse_pattern",
    "read",
    "split_aim",
    "symbology",
]
