"""What a sale is made of (ARTS `RetailTransaction`, `LineItem`, `Tender`): frozen values.

A sale is changed only by the functions of this room, each of which takes a sale and gives the next
one or raises `SaleFault`; states and transitions stand in one table in `states`.
"""

from __future__ import annotations

import msgspec

from agent.core.faults import StateFault
from agent.core.identifiers import ActorId, CustomerRef, ItemId, PartyId, ReceiptNo, SaleId, TillId
from agent.core.quantities import BasisPoints, Minor, Thousandths


class SaleFault(StateFault):
    """The sale is not in a state, or the value not in a range, that allows it; it is unchanged."""

    name = "sale-refused"
    title = "The sale does not allow this"


class Stamp(msgspec.Struct, frozen=True):
    """When something happened, by every clock the machine has; only ever shown (P11)."""

    wall: str
    """UTC, ISO 8601 with milliseconds and `Z`."""
    mono_ns: int
    """CLOCK_MONOTONIC in nanoseconds, meaningful within one boot."""
    boot_id: str
    offset_ms: int | None = None
    """HQ's clock minus ours, as last measured, or None."""


class TaxRate(msgspec.Struct, frozen=True):
    """A named tax rate as it stood when the line was sold."""

    name: str
    basis_points: BasisPoints


class ReturnOf(msgspec.Struct, frozen=True):
    """The line a return line gives back; absent on an unreferenced return."""

    sale_id: SaleId
    line: int


class OrderedAs(msgspec.Struct, frozen=True, omit_defaults=True):
    """The order a line belongs to: goods handed over or come back, or money for it."""

    order_id: str
    line: int = 0
    """Of the order; 0 where it is money alone: a deposit, carriage, what was paid before."""
    put: str = ""
    """Of goods that come back: `damaged`, where they do not go back on the shelf."""


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line item. A return has a negative quantity; a voided line stays, and counts nothing."""

    line: int
    """Number within the sale from 1, never reused."""
    name: str
    quantity: Thousandths
    unit_price: Minor
    extension: Minor
    """`unit_price` × `quantity` rounded half away from zero, less `discount`."""
    taxes: tuple[TaxRate, ...]
    unit: str = "each"
    item_id: ItemId | None = None
    gtin: str | None = None
    list_price: Minor | None = None
    """The catalogue's price, where a price override replaced it."""
    discount: Minor = Minor(0)
    """Off this line; has the sign of the quantity, so that a return gives it back."""
    reason: str | None = None
    """Why a price was overridden, a discount given, a line returned unreferenced or voided."""
    actor: ActorId | None = None
    """Who did that, where it is not the sale's own actor."""
    returns: ReturnOf | None = None
    voided: bool = False
    scanned: str | None = None
    """The raw scan (`Reading.raw`) behind the line."""
    lot: str | None = None
    expiry: str | None = None
    serial: str | None = None
    line_id: str | None = None
    """The caller's own id of the line: asked for twice, it is added once."""
    ordered: OrderedAs | None = None
    """Of an order that is paid, collected or given back in this sale."""


class Tender(msgspec.Struct, frozen=True, omit_defaults=True):
    """Money put on the counter (or, with a negative amount, given back as a refund)."""

    tender: int
    """Number within the sale from 1."""
    kind: str
    """`cash`, `card`, `voucher` …"""
    amount: Minor
    reference: str | None = None
    """The terminal's own reference; never a card number (P9)."""
    tender_id: str | None = None
    """The caller's own id of the tender: asked for twice, it is added once."""


class PaidFrom(msgspec.Struct, frozen=True):
    """The payment account behind a tender, which nobody but HQ can read."""

    tender: int
    sealed: bytes
    """See `core.privacy.seal_account`."""


class Sale(msgspec.Struct, frozen=True, omit_defaults=True):
    """A basket, and later a sale."""

    sale_id: SaleId
    till: TillId
    currency: str
    prices_include_tax: bool
    opened: Stamp
    business_date: str
    state: str
    """A key of `states.TRANSITIONS`: open, parked, completed, cancelled."""
    actor: ActorId | None = None
    party_id: PartyId | None = None
    customer_ref: CustomerRef | None = None
    lines: tuple[Line, ...] = ()
    tenders: tuple[Tender, ...] = ()
    paid_from: tuple[PaidFrom, ...] = ()
    """Of the basket alone: neither shown nor in the fact of the sale."""
    discount: Minor = Minor(0)
    """Off the whole receipt, positive; spread over the lines for tax."""
    discount_reason: str | None = None
    receipt_no: ReceiptNo | None = None
    external_receipt_no: str | None = None


class TaxAmount(msgspec.Struct, frozen=True):
    """Tax of one rate on the receipt total: `net` + `tax` = `gross`."""

    name: str
    basis_points: BasisPoints
    net: Minor
    tax: Minor
    gross: Minor


class Totals(msgspec.Struct, frozen=True):
    """What a sale adds up to."""

    total: Minor
    """To pay, tax included; negative on a refund. Without cash rounding."""
    net: Minor
    taxes: tuple[TaxAmount, ...]
    tendered: Minor
    cash_rounding: Minor
    """Added to the total when the rest is paid in cash (Swiss rounding and the like)."""
    due: Minor
    """Still to pay; negative is still to be given back, by a tender with a negative amount."""
    change: Minor
    """To hand back of the cash that was tendered."""
