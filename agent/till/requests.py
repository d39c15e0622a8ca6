"""What callers say about a line, a sale, a person: shapes shared by the commands and the API.

Limits are named here once. They are far above anything a shop sells, and keep one wrong key press
(or one hostile request) from filling the journal.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from agent.core.entries.bodies import ConsentGiven
from agent.core.entries.written import END
from agent.core.identifiers import ItemId, PartyId, SaleId
from agent.core.quantities import Minor, Thousandths
from agent.core.sale.model import ReturnOf

AMOUNT_MAX = 100_000_000_000
"""A thousand million in a currency of two decimals: 64-bit sums of a year of them still fit."""
QUANTITY_MAX = 1_000_000_000
"""A million pieces, in thousandths."""
UUID_PATTERN = f"^[0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}{END}"
LINES_MAX = 1000
"""Lines of one sale: a wholesale basket, and a receipt of three metres."""

_ACCOUNT = (
    "The terminal's PAR (EMVCo, 29 letters and digits), or `acquirer:alias`: weak evidence of the "
    "customer on the sale. It is closed for HQ as it comes in. What is none is left out, and the "
    "answer says so; no sale waits for it."
)
Amount = Annotated[
    Minor, msgspec.Meta(ge=-AMOUNT_MAX, le=AMOUNT_MAX, description="In minor units: 1999 is 19.99.")
]
Positive = Annotated[
    Minor, msgspec.Meta(ge=0, le=AMOUNT_MAX, description="In minor units, not negative.")
]
Quantity = Annotated[
    Thousandths,
    msgspec.Meta(ge=-QUANTITY_MAX, le=QUANTITY_MAX, description="In thousandths: 1000 is one."),
]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
ScanText = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]
Uuid = Annotated[str, msgspec.Meta(pattern=UUID_PATTERN, description="RFC 9562, lower case.")]
CallerId = Annotated[
    str, msgspec.Meta(min_length=1, max_length=64, description="Made by the caller.")
]


class ReturnedLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The line of an earlier sale that goods come back of."""

    sale_id: Annotated[SaleId, msgspec.Meta(pattern=UUID_PATTERN)]
    line: Annotated[int, msgspec.Meta(ge=1, le=LINES_MAX)]

    def as_recorded(self) -> ReturnOf:
        """Give it in the shape that facts keep."""
        return ReturnOf(self.sale_id, self.line)


class LineRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A line to add: by scan, GTIN, item, what it returns, or openly by name and price."""

    scan: ScanText | None = None
    """Text as a scanner sends it, with or without AIM id."""
    gtin: Annotated[str, msgspec.Meta(pattern=r"^([0-9]{8}|[0-9]{12,14})" + END)] | None = None
    """GTIN-8, -12, -13 or -14; the check digit is verified."""
    item_id: Annotated[ItemId, msgspec.Meta(min_length=1, max_length=64)] | None = None
    quantity: Quantity | None = None
    """Thousandths; one piece where it is absent. Negative only on a return. Of a label that
    carries its own weight or price, 1000 is that label, and -1000 is that label taken back."""
    unit_price: Positive | None = None
    """Replaces the catalogue's price (with a reason), or sets an open price."""
    name: Words | None = None
    """Of an open-price line."""
    taxes: tuple[Words, ...] | None = None
    """Names of rates of an open-price line; the only configured rate where it is absent."""
    unit: Annotated[str, msgspec.Meta(pattern=r"^(each|kg)" + END)] | None = None
    reason: Words | None = None
    """Why the price is overridden, or goods without a receipt are taken back."""
    returns: ReturnedLine | None = None
    """The line of an earlier sale that is given back."""
    gift_card: Annotated[str, msgspec.Meta(min_length=4, max_length=64)] | None = None
    """Of an item that is a gift card: the number of the card that is charged."""
    line_id: CallerId | None = None
    """Repeat the request with the same id, and the line is there once."""


class TenderRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Money put on the counter; negative where it is handed back for a return."""

    kind: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}" + END)]
    """`cash`, `card`, `voucher` …; `points` of the customer on the sale, `gift_card`."""
    amount: Amount
    reference: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    """The terminal's own reference; never a card number. Of `gift_card`: its number, which is not
    kept."""
    tender_id: CallerId | None = None
    """Repeat the request with the same id, and the tender is there once."""
    payment_account_reference: Annotated[Any, msgspec.Meta(description=_ACCOUNT)] = None


class ExternalLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One line as the POS software sold it."""

    name: Words
    quantity: Quantity
    """Thousandths; negative on a return."""
    unit_price: Positive
    taxes: tuple[Words, ...]
    """Names of rates in `[tax]`."""
    unit: Annotated[str, msgspec.Meta(pattern=r"^(each|kg)" + END)] = "each"
    extension: Amount | None = None
    """What the line came to, before `discount`; by our rounding rule where it is absent."""
    discount: Positive = Minor(0)
    item_id: Annotated[ItemId, msgspec.Meta(min_length=1, max_length=64)] | None = None
    gtin: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{14}" + END)] | None = None
    reason: Words | None = None
    returns: ReturnedLine | None = None
    gift_card: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None
    """Of one piece of an item that is a gift card: the number of the card that is charged, which
    is not kept."""


class ExternalSale(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A finished sale of POS software that keeps its own basket (`basket = "external"`)."""

    lines: Annotated[tuple[ExternalLine, ...], msgspec.Meta(min_length=1, max_length=LINES_MAX)]
    tenders: Annotated[tuple[TenderRequest, ...], msgspec.Meta(max_length=100)] = ()
    external_receipt_no: Words | None = None
    discount: Positive = Minor(0)
    discount_reason: Words | None = None
    party_id: Annotated[PartyId, msgspec.Meta(pattern=UUID_PATTERN)] | None = None
    total: Amount | None = None
    """What the POS software charged; compared with what the lines add up to, where given."""
    print: bool = False
    """Whether the agent prints the receipt too."""
    till: Words | None = None
    """Needed only with the admin token; a till's own token says which till it is."""


class EnrolRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person met for the first time."""

    name: Words
    party_id: Annotated[PartyId, msgspec.Meta(pattern=UUID_PATTERN)] | None = None
    """Repeat the request with the same id, and the person is there once."""
    phone: Annotated[str, msgspec.Meta(min_length=3, max_length=40)] | None = None
    email: Annotated[str, msgspec.Meta(min_length=3, max_length=254)] | None = None
    card: Annotated[str, msgspec.Meta(min_length=3, max_length=64)] | None = None
    """An unused card of the chain; a new number is made where it is absent."""
    postcode: Annotated[str, msgspec.Meta(min_length=2, max_length=16)] | None = None
    consents: Annotated[tuple[ConsentGiven, ...], msgspec.Meta(max_length=32)] = ()
    wallet: bool = False
    """Whether a pass for their phone is made, too; it is recognised here at once."""
    till: Words | None = None
    """Needed only with the admin token."""


class ConsentRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A yes or no of a customer who is here, to one use of their data."""

    purpose: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    """`marketing`, `profiling`, `sharing` …; `any` of a no to everything."""
    given: bool
    """Yes (to one purpose) or no."""
    contact: Annotated[str, msgspec.Meta(min_length=1, max_length=40)] = "any"
    """Over which kind of contact: `email`, `sms`, `phone`, `post` …, or `any`."""
    record_id: Uuid | None = None
    """Repeat the request with the same id, and the answer is there once."""
    objection: bool = False
    """Of a no: an objection (GDPR, Article 21), which outlives every merge of customers."""
    lifts_objection: bool = False
    """Of a yes: the customer has expressly taken an earlier objection back."""
    notice: Annotated[str, msgspec.Meta(max_length=64)] = ""
    """The notice they were shown, with its version: `privacy@3`."""
    method: Annotated[str, msgspec.Meta(min_length=1, max_length=40)] = "spoken"
    """How it was said: `spoken`, `form`, `screen` …"""
    valid_until: Annotated[str, msgspec.Meta(max_length=10)] = ""
    """Of a yes: the last day it is good for; empty: until it is taken back."""
    till: Words | None = None
    """Needed only with the admin token."""


class AnswerRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a customer says to a question: an answer, or that they would rather not say."""

    answer: Annotated[str, msgspec.Meta(min_length=1, max_length=500)] | None = None
    """`yes` or `no`, one of the choices, a number, a day, or words: as the question takes it."""
    refused: bool = False
    event_id: Uuid | None = None
    """Repeat the request with the same id, and the answer is there once."""
    about: Annotated[str, msgspec.Meta(max_length=64)] = ""
    """Which order, sale … it is about; of the question on the card it is known."""
    lifts_objection: bool = False
    """Of a yes to a use of their data: they have expressly taken an earlier objection back."""
    till: Words | None = None
    """Needed only with the admin token."""


class IdentifyRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a customer shows or says: a scan, or a value with or without its type."""

    scan: ScanText | None = None
    type: Annotated[str, msgspec.Meta(max_length=32)] | None = None
    """`loyalty_card`, `phone`, `email`, `wallet`, `web_account`, `name_postcode`, `order_no`,
    `receipt_no`; guessed where it is absent. A payment account reference needs its type: `par`."""
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=254)] | None = None
    till: Words | None = None
    """Needed only with the admin token."""
