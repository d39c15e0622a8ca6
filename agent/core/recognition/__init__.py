"""A reading or typed text to what it names: item, customer, order, receipt, coupon or unknown.

Two pure steps around one look-up: `means_of` (of a scan) or `means_of_typed` say what could be
named, strongest first; the caller's `Lookup` says what is held; `resolve` chooses and says why.
One file per means (`card`, `item`, `phone`, `email`, `account`, `order`, `receipt`, `coupon`,
`wallet`, `payment`, `name_postcode`), and `table` puts them in order. `normalise` makes the
till and HQ compare the same bytes. The same resolver runs at the till and at HQ.

`strength` says what a means opens. A wallet pass comes with a proof, and a receipt's code may be
signed (`receipt_seal`): `proofs` checks both offline, with keys, time and the proofs already taken
as inputs; `one_time_codes` (RFC 6238) and `signed_text` (RFC 8032) are what it checks by.
`mentioned` finds how to reach somebody where it stands among other words.
"""

from __future__ import annotations

from agent.core.recognition import name_postcode
from agent.core.recognition.answers import (
    Answer,
    Found,
    KnownElsewhere,
    Lookup,
    Recognition,
    RecognitionKind,
    Unknown,
)
from agent.core.recognition.card import new_card_number
from agent.core.recognition.items import Item, Price, price_on
from agent.core.recognition.means import (
    CodePass,
    CouponKey,
    Identifier,
    IdentifierType,
    ItemKey,
    Means,
    OrderKey,
    ReceiptKey,
    ReceiptSeal,
    SignedPass,
)
from agent.core.recognition.mentioned import mentions, without_addresses, without_mentions
from agent.core.recognition.one_time_codes import TotpKey
from agent.core.recognition.proofs import Keys, Mark, Proofs, Used, remember
from agent.core.recognition.resolve import resolve
from agent.core.recognition.rules import RecognitionRules
from agent.core.recognition.strength import (
    OPENS,
    Evidence,
    Part,
    Strength,
    opens,
    strength_of,
)
from agent.core.recognition.table import means_of, means_of_typed, normalise, reasons_of
from agent.core.recognition.wallet import new_pass_id

__all__ = [
    "OPENS",
    "Answer",
    "CodePass",
    "CouponKey",
    "Evidence",
    "Found",
    "Identifier",
    "IdentifierType",
    "Item",
    "ItemKey",
    "Keys",
    "KnownElsewhere",
    "Lookup",
    "Mark",
    "Means",
    "OrderKey",
    "Part",
    "Price",
    "Proofs",
    "ReceiptKey",
    "ReceiptSeal",
    "Recognition",
    "RecognitionKind",
    "RecognitionRules",
    "SignedPass",
    "Strength",
    "TotpKey",
    "Unknown",
    "Used",
    "means_of",
    "means_of_typed",
    "mentions",
    "name_postcode",
    "new_card_number",
    "new_pass_id",
    "normalise",
    "opens",
    "price_on",
    "reasons_of",
    "remember",
    "resolve",
    "strength_of",
    "without_addresses",
    "without_mentions",
]
