"""The means by which something or someone presents itself at the till.

Recognition is two pure steps around one look-up: `means_of` says what a reading could name
(strongest first), the till looks each up in its directory and journal, and `resolve` chooses.
The same code runs at the till and at HQ, and says why it matched.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from agent.core.identifiers import ItemId, SaleId
from agent.core.recognition.signed_text import SignedText


class IdentifierType(StrEnum):
    """The types of identifier that name a party (field-standard names)."""

    LOYALTY_CARD = "loyalty_card"
    PHONE = "phone"
    EMAIL = "email"
    WEB_ACCOUNT = "web_account"
    ORDER_NO = "order_no"
    RECEIPT_NO = "receipt_no"
    WALLET = "wallet"
    """Of a pass in a phone's wallet; no card number, since it is shown with a proof beside it."""
    PAR = "par"
    """Payment account reference (EMVCo), or an acquirer's alias."""
    NAME_POSTCODE = "name_postcode"


class Identifier(msgspec.Struct, frozen=True, tag_field="means", tag="identifier", gc=False):
    """One normalised identifier of a party: what both sides compare."""

    type: IdentifierType
    value: str
    """Normalised: phone E.164, e-mail casefolded, card upper case without blanks."""


class ItemKey(msgspec.Struct, frozen=True, tag_field="means", tag="item"):
    """A way to find an item: exactly one of the three is set."""

    gtin: str | None = None
    reference: str | None = None
    item_id: ItemId | None = None


class ReceiptSeal(msgspec.Struct, frozen=True):
    """What a receipt's signed code says of its sale, so that any store can trust the paper."""

    sale_id: SaleId
    receipt_no: str
    business_date: str
    """ISO 8601."""
    currency: str
    total: int
    """Minor units."""
    digest: bytes
    """Of the sale as it was sealed, by which HQ, or who holds the lines, compares them."""
    text: SignedText


class ReceiptKey(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="means", tag="receipt"):
    """A receipt number as printed by this chain."""

    receipt_no: str
    seal: ReceiptSeal | None = None
    """Of a signed code, not yet checked."""


class CodePass(msgspec.Struct, frozen=True, tag_field="means", tag="code_pass"):
    """A wallet pass with a one-time code (RFC 6238), not yet checked."""

    pass_id: str
    code: str


class SignedPass(msgspec.Struct, frozen=True, tag_field="means", tag="signed_pass"):
    """A wallet pass with a signed time (RFC 8032), not yet checked."""

    pass_id: str
    at: int
    """Unix seconds at which it was signed."""
    text: SignedText


class OrderKey(msgspec.Struct, frozen=True, tag_field="means", tag="order"):
    """An order number of any channel."""

    order_no: str


class CouponKey(msgspec.Struct, frozen=True, tag_field="means", tag="coupon"):
    """A coupon (GS1 prefix 99 or 981-984, or a pattern of the settings)."""

    code: str


WalletPass = CodePass | SignedPass

Means = Identifier | ItemKey | ReceiptKey | OrderKey | CouponKey | CodePass | SignedPass
