"""The means by which something or someone presents itself at the till.

Recognition is two pure steps around one look-up: `means_of` says what a reading could name
(strongest first), the till looks each up in its directory and journal, and `resolve` chooses.
The same code runs at the till and at HQ, and says why it matched.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from agent.core.identifiers import ItemId


class IdentifierType(StrEnum):
    """The types of identifier that name a party (field-standard names)."""

    LOYALTY_CARD = "loyalty_card"
    PHONE = "phone"
    EMAIL = "email"
    WEB_ACCOUNT = "web_account"
    ORDER_NO = "order_no"
    RECEIPT_NO = "receipt_no"


class Identifier(msgspec.Struct, frozen=True, tag_field="means", tag="identifier"):
    """One normalised identifier of a party: what both sides compare."""

    type: IdentifierType
    value: str
    """Normalised: phone E.164, e-mail casefolded, card upper case without blanks."""


class ItemKey(msgspec.Struct, frozen=True, tag_field="means", tag="item"):
    """A way to find an item: exactly one of the three is set."""

    gtin: str | None = None
    reference: str | None = None
    item_id: ItemId | None = None


class ReceiptKey(msgspec.Struct, frozen=True, tag_field="means", tag="receipt"):
    """A receipt number as printed by this chain."""

    receipt_no: str


class OrderKey(msgspec.Struct, frozen=True, tag_field="means", tag="order"):
    """An order number of any channel."""

    order_no: str


class CouponKey(msgspec.Struct, frozen=True, tag_field="means", tag="coupon"):
    """A coupon (GS1 prefix 99 or 981-984, or a pattern of the settings)."""

    code: str


Means = Identifier | ItemKey | ReceiptKey | OrderKey | CouponKey
