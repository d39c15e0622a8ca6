"""Scanned bytes to a `Reading`: every meaning the symbol can have, and every reason against others.

`read` is the door. Bytes become text, the AIM identifier (`symbologies`) says which readings are
possible, and each is tried: `linear` (EAN, UPC, ITF, with the store's `in_store` patterns,
`composites` and `publications`), `elements` (GS1 element strings) and `digital_link`, both
understood by `contents`. What is left is the plain text, which recognition may know as a card, an
order or a receipt. A bad scan is a result with a reason, never an exception; ambiguity is kept.
Then `packs` says which symbols are of one pack, and `shelf_life` whether its date is over.

The point-of-sale profile of GS1's rules, option by option:
- each value is checked against its AI's format and GS1's tests of its parts (`components`); unit
  types of freight (AI 7041) alone are not, and company prefixes only for being digits;
- an AI twice with different values, and AIs that exclude one another, make the symbol unreadable;
- an AI whose companion is missing (`missing-ai`, `no-measure`) is noted and the item is sold: GS1
  asks that of all symbols of a pack together;
- only a symbol with AI 01 is an item, so AI 37, which counts the content of another, excludes it;
- unknown AIs are refused, in element strings and in Digital Links;
- a Digital Link's GTIN has fourteen digits, its key and qualifiers their one order, its query no
  AI that belongs into the path and none twice; words like `/gtin/` are no keys, compressed links
  are refused by name; the scheme may be in any case (GS1 asks for all small or all capitals);
- FNC1 is tolerated where none is needed and at both ends; centuries are a fixed window.
Beyond GS1: a GTIN in a symbol for any text (`plain-gtin`) is an item after all stronger meanings.

Reasons: `too-long`, `undecodable`, `control-characters`, `empty`, `unknown-aim`, `not-a-gtin`,
`not-a-upc-e`, `wrong-check-digit`, `wrong-inner-check-digit`, `bad-pattern`, `unknown-ai`,
`malformed-ai`, `bad-date`, `unknown-code`, `repeated-ai`, `contradicting-ai`, `too-many-ais`,
`no-trade-item`, `foreign-currency`, `price-too-precise`, `bad-web-address`, `no-gs1-key`,
`compressed-digital-link`, `wrong-qualifier`, `wrong-attribute`; beside a meaning: `missing-ai`,
`no-measure`, `plain-gtin`.

Sources: GS1 General Specifications, GS1 Digital Link URI syntax, GS1 Barcode Syntax Dictionary,
ISO/IEC 15424 (AIM identifiers).
"""

from __future__ import annotations

from agent.core.barcode.check_digits import check_digit
from agent.core.barcode.packs import Offered, Pack, Packs, Symbol, offer, symbol_kind
from agent.core.barcode.reading import (
    ExpiryKind,
    InStoreItem,
    Meaning,
    Measure,
    PlainText,
    Publication,
    Reading,
    Reason,
    TradeItem,
)
from agent.core.barcode.rules import BarcodeRules, InStorePattern, parse_pattern
from agent.core.barcode.scan import read
from agent.core.barcode.shelf_life import Passed, passed
from agent.core.barcode.symbologies import split_aim, symbology

__all__ = [
    "BarcodeRules",
    "ExpiryKind",
    "InStoreItem",
    "InStorePattern",
    "Meaning",
    "Measure",
    "Offered",
    "Pack",
    "Packs",
    "Passed",
    "PlainText",
    "Publication",
    "Reading",
    "Reason",
    "Symbol",
    "TradeItem",
    "check_digit",
    "offer",
    "parse_pattern",
    "passed",
    "read",
    "split_aim",
    "symbol_kind",
    "symbology",
]
