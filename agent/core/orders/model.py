"""An order (ARTS `CustomerOrder`): what was told of it, by whichever channel, store or till.

An order is the set of what was told of it, each thing once. Nothing in it is ever replaced: how it
stands is read from the set (`view.view`), so it is the same whatever came first or came twice, at
the till as well as at HQ.

No person is named here. As with a sale, a pseudonym stands for the customer, and only a fact that
can be erased ties it to a party (P9).
"""

from __future__ import annotations

from enum import StrEnum
from typing import NewType

import msgspec

from agent.core.identifiers import ActorId, CustomerRef, ItemId, SaleId, StoreId, TillId
from agent.core.quantities import Minor, Thousandths
from agent.core.sale.model import Stamp, TaxRate
from agent.core.stock.places import Bucket

OrderId = NewType("OrderId", str)
"""Made where the order was made: `channel/number` of a web store, a UUIDv7 of a till."""


class By(msgspec.Struct, frozen=True):
    """Who tells something, where and when; none of it decides anything."""

    at: str = ""
    """UTC, ISO 8601."""
    touch_point: str = ""
    """`store/till`, `webshop` …"""
    actor: ActorId | None = None


NOBODY = By()


class OrderLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line as it was ordered."""

    line: int
    """Number within the order from 1, never reused."""
    name: str
    quantity: Thousandths
    amount: Minor
    """What the whole line costs after every discount, tax as the order's prices have it."""
    tax: Minor = Minor(0)
    """On top of the amount, where prices do not include it."""
    unit_price: Minor | None = None
    """Per unit before discounts, as the customer saw it."""
    item: ItemId | None = None
    """None where no stock is kept of it."""
    gtin: str | None = None
    unit: str = "each"
    taxes: tuple[TaxRate, ...] = ()
    goods: bool = True
    """False for carriage, gift wrapping and the like: paid for, never picked nor handed over."""

    @property
    def cost(self) -> Minor:
        """What the customer pays for it."""
        return Minor(self.amount + self.tax)


class Placed(msgspec.Struct, frozen=True, omit_defaults=True, tag="order.placed"):
    """What was ordered. Told again with a higher revision, the order was changed."""

    event: str
    """Unique over all tills and channels, as of everything told."""
    order_id: OrderId
    number: str
    """As the customer reads it; two orders may have one, since nobody asks for it offline."""
    channel: str
    currency: str
    lines: tuple[OrderLine, ...]
    revision: int = 0
    """The channel's own count of changes, no time; the highest says what is ordered."""
    prices_include_tax: bool = True
    collect_at: str | None = None
    """The store where the customer collects; None where the order is sent to them."""
    draft: bool = False
    """Made where nobody could be asked: HQ has not accepted it yet."""
    deposit: Minor = Minor(0)
    """To be paid before anything is ordered."""
    customer_ref: CustomerRef | None = None
    at: str = ""
    """UTC, ISO 8601: shown, and decides nothing (P11); as of everything told."""
    touch_point: str = ""
    actor: ActorId | None = None
    echo: bool = False
    """Whoever tells it only heard of it; what was told at first hand counts."""


class Stage(StrEnum):
    """What happened to the goods of an order."""

    ACCEPTED = "accepted"
    """HQ took a draft up."""
    RESERVED = "reserved"
    RELEASED = "released"
    """No longer set aside at this location; the order goes on."""
    PICKED = "picked"
    SENT = "sent"
    """On the way from one location to another, `to`."""
    ARRIVED = "arrived"
    READY = "ready"
    SHIPPED = "shipped"
    """Handed to a carrier; where the customer collects, on the way to that store."""
    DELIVERED = "delivered"
    COLLECTED = "collected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    RETURNED = "returned"


class Part(msgspec.Struct, frozen=True):
    """Some of one line."""

    line: int
    quantity: Thousandths


class Step(msgspec.Struct, frozen=True, omit_defaults=True, tag="order.step"):
    """Something happened to the goods, or to some of them."""

    event: str
    order_id: OrderId
    stage: Stage
    parts: tuple[Part, ...] = ()
    """Which goods; none named means all that this can still be said of."""
    location: str = ""
    """Where: a store's id or a warehouse; nothing where it was not told."""
    to: str = ""
    """Of `SENT`: where the goods go."""
    sale_id: SaleId | None = None
    """Of goods collected or returned in a sale: that sale moved them, and took or gave money."""
    bucket: Bucket = Bucket.AVAILABLE
    """Of `RETURNED`: where the goods were put; refund and restock are two things."""
    until: str = ""
    """Of `READY`: the last day they are kept, a date; shown. Only an `EXPIRED` ends an order."""
    known_as: str = ""
    """Of `ACCEPTED`: the id of the same order in another system."""
    reason: str | None = None
    at: str = ""
    touch_point: str = ""
    actor: ActorId | None = None
    echo: bool = False


class PaymentState(StrEnum):
    """How far a payment or a refund is; a later one of this list is never left for an earlier."""

    PROMISED = "promised"
    """To be paid on collection or by invoice, or a refund under way: no money yet."""
    AUTHORIZED = "authorized"
    """Held for us, not taken."""
    DECLINED = "declined"
    VOIDED = "voided"
    SETTLED = "settled"


class Payment(msgspec.Struct, frozen=True, omit_defaults=True, tag="order.payment"):
    """Money for the order, whatever becomes of the goods."""

    event: str
    order_id: OrderId
    payment: str
    """Of one payment, through all its states: the channel's id, or the sale it was taken in."""
    amount: Minor
    """What it settles of the order, in the order's currency, without cash rounding."""
    state: PaymentState = PaymentState.SETTLED
    kind: str = ""
    """`cash`, `card`, `deposit` …"""
    sale_id: SaleId | None = None
    at: str = ""
    touch_point: str = ""
    actor: ActorId | None = None
    echo: bool = False


class Cause(StrEnum):
    """Why money is given back."""

    RETURN = "return"
    CANCEL = "cancel"
    GOODWILL = "goodwill"
    """The customer keeps the goods for less."""


class RefundPart(msgspec.Struct, frozen=True):
    """What is given back for one line."""

    line: int
    amount: Minor


class Refund(msgspec.Struct, frozen=True, omit_defaults=True, tag="order.refund"):
    """Money back, whatever becomes of the goods."""

    event: str
    order_id: OrderId
    refund: str
    """Of one refund, through all its states and whoever tells it: the first teller's id."""
    amount: Minor
    """Positive."""
    parts: tuple[RefundPart, ...] = ()
    """For which lines, as far as it is for lines."""
    cause: Cause = Cause.RETURN
    state: PaymentState = PaymentState.SETTLED
    kind: str = ""
    sale_id: SaleId | None = None
    reason: str | None = None
    at: str = ""
    touch_point: str = ""
    actor: ActorId | None = None
    echo: bool = False


Told = Placed | Step | Payment | Refund
"""Everything that can be told of an order."""


class CustomerOrder(msgspec.Struct, frozen=True, omit_defaults=True):
    """An order: all that was told of it, in one fixed order that says nothing about time."""

    order_id: OrderId
    told: tuple[Told, ...] = ()


class OrderNoted(msgspec.Struct, frozen=True, omit_defaults=True, tag="order.noted"):
    """What a till has to tell of orders, from one act at the counter. Journal `side`."""

    store: StoreId
    till: TillId
    at: Stamp
    told: tuple[Told, ...]
    actor: ActorId | None = None
