"""What a channel tells: the shape of one event, read leniently, judged with a reason."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from agent.core.entries.bodies import ConsentGiven
from agent.core.faults import InputFault
from agent.core.orders import Cause, PaymentState
from agent.core.sale.model import TaxRate
from agent.core.stock import Bucket

ORDER_TYPES = (
    "order.placed",
    "order.changed",
    "order.paid",
    "order.reserved",
    "order.picked",
    "order.fulfilled",
    "order.shipped",
    "order.ready",
    "order.delivered",
    "order.collected",
    "order.expired",
    "order.cancelled",
)
OTHER_TYPES = (
    "return.received",
    "refund.settled",
    "service.contact",
    "party.enrolled",
    "party.observed",
    "consent.recorded",
    "lead.told",
    "party.left",
)
TYPES = ORDER_TYPES + OTHER_TYPES

LEAD_TOLD = "lead.told"
PARTY_LEFT = "party.left"
"""Somebody closed their account there: whether they are erased here a person decides."""
EVENT_BYTES_MAX = 64 << 10
"""Of one event; what it says of a person goes to every till."""
POINT_CHARACTERS = 200
_ID = re.compile(r"[\x21-\x7e]{1,120}")


class LineTold(msgspec.Struct, frozen=True):
    """One line of an order; amounts in minor units of the order's currency."""

    name: str = ""
    quantity: int = 1
    """Pieces."""
    amount: int | None = None
    """Of the whole line after every discount; else `unit_price` × `quantity`."""
    unit_price: int | None = None
    gtin: str | None = None
    item: str | None = None
    """The chain's own key of the item; else the one the GTIN names."""
    line: int | None = None
    """Number within the order, never reused; else its place in the list, from 1."""
    tax: int = 0
    """On top of the amount, where the order's prices do not include it."""
    taxes: tuple[TaxRate, ...] = ()
    """Rates that are in the amount: they stand on the receipt where goods are paid in a store."""
    goods: bool = True
    """False for carriage and the like: paid for, never picked nor handed over."""


class PartTold(msgspec.Struct, frozen=True):
    """Some of one line."""

    line: int
    quantity: int = 1
    """Pieces."""


class PaymentTold(msgspec.Struct, frozen=True):
    """Money for an order."""

    payment: str
    """Of one payment, through all its states."""
    amount: int
    state: PaymentState = PaymentState.SETTLED
    kind: str = ""


class RefundLineTold(msgspec.Struct, frozen=True):
    """What is given back for one line."""

    line: int
    amount: int


class RefundTold(msgspec.Struct, frozen=True):
    """Money back."""

    refund: str
    """Of one refund, through all its states; a till's own if the channel only heard of it."""
    amount: int
    lines: tuple[RefundLineTold, ...] = ()
    cause: Cause = Cause.RETURN
    state: PaymentState = PaymentState.SETTLED
    kind: str = ""


class OrderTold(msgspec.Struct, frozen=True):
    """An order as an event tells it; what is left out stays as it was told before."""

    order_no: str
    state: str | None = None
    lines: tuple[LineTold, ...] = ()
    total: int | None = None
    """Where it is more than its lines, the rest is carriage."""
    currency: str | None = None
    collect_at: str | None = None
    """The store id where the customer collects."""
    paid: bool | None = None
    """Of a channel that does not tell each payment; left out, the order counts as paid."""
    placed_at: str | None = None
    revision: int = 0
    """The channel's own count of changes; the highest says what is ordered."""
    prices_include_tax: bool | None = None
    """Whether amounts include tax; they do where nothing is said."""
    parts: tuple[PartTold, ...] = ()
    """Which goods the event is about; none named means all."""
    location: str = ""
    """Where it happened: a store's id or a warehouse."""
    until: str = ""
    """Of `order.ready`: the last day the goods are kept."""
    shelf: Bucket = Bucket.AVAILABLE
    """Of `return.received`: where the goods were put."""
    payment: PaymentTold | None = None
    refund: RefundTold | None = None
    echo: bool = False
    """The channel only heard of it: what was told at first hand counts."""
    reason: str | None = None


class PartyTold(msgspec.Struct, frozen=True):
    """Who it was: the id if the channel has it, else anything that names the person."""

    party_id: str | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    card: str | None = None
    web_account: str | None = None
    """The customer's id in this channel."""
    postcode: str | None = None
    country: str | None = None
    """ISO 3166-1 alpha-2, for phones without a country code."""
    consents: tuple[ConsentGiven, ...] = ()
    verified: tuple[str, ...] = ()
    """Which of `card`, `web_account`, `email`, `phone` the person has proved to be theirs: a code
    sent there came back, they were signed in. Anything else is passed over."""


class LeadItemTold(msgspec.Struct, frozen=True):
    """One thing a lead is about."""

    item: str = ""
    """The chain's own key of the item; else the one the GTIN names."""
    gtin: str = ""
    quantity: int = 1
    """Pieces."""


class LeadSaid(msgspec.Struct, frozen=True):
    """A cart, wish list or quote as it stands: told again whenever it changes."""

    lead_id: str
    """Unique within the channel."""
    kind: str = "cart"
    """`cart`, `wishlist`, `quote` …: credit rules go by it."""
    ver: int | None = None
    """The channel's own count of changes; else the time of the event says which came last."""
    items: tuple[LeadItemTold, ...] | None = None
    """What it is about; left out: whatever the customer buys next; empty: nothing any more."""
    valid_until: str | None = None
    """ISO 8601: its own end."""
    owner: str | None = None
    """The person or partner behind it, who is credited within the channel."""


class EventTold(msgspec.Struct, frozen=True):
    """One event of a channel."""

    event_id: str
    """Unique within the channel; the same id is the same event, however often it is sent."""
    type: str
    """One of `TYPES`."""
    occurred_at: str
    """ISO 8601; without an offset it is read as UTC."""
    party: PartyTold | str | None = None
    """A party id, or who it was."""
    order: OrderTold | None = None
    lead: LeadSaid | None = None
    touch_point: str | None = None
    """Where in the channel; the channel itself when left out."""
    title: str | None = None
    """One line for the timeline, of an event without an order."""
    ref: str | None = None


def read_event(body: bytes) -> EventTold:
    """Read one event and check what can be checked without looking anything up.

    Raises:
        InputFault: with what is wrong and where.
    """
    if len(body) > EVENT_BYTES_MAX:
        raise _refused(f"the event has {len(body)} bytes, at most {EVENT_BYTES_MAX} are taken")
    try:
        event = msgspec.json.decode(body, type=EventTold)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise _refused(f"the event cannot be read: {problem}", "unreadable-event") from problem
    if not _ID.fullmatch(event.event_id):
        raise _refused(f"{event.event_id[:40]!r} is no event id: 1 to 120 characters, no blanks")
    if event.type not in TYPES:
        known = ", ".join(TYPES)
        raise _refused(f"{event.type[:40]!r} is no type of event; known: {known}", "unknown-type")
    if len(event.touch_point or "") > POINT_CHARACTERS:
        raise _refused(f"the touch point has more than {POINT_CHARACTERS} characters")
    _check_order(event)
    _check_lead(event)
    return msgspec.structs.replace(event, occurred_at=utc(event.occurred_at))


def utc(text: str) -> str:
    """Write a time as UTC, ISO 8601 with milliseconds and `Z`.

    Raises:
        InputFault: no ISO 8601 time.

    >>> utc("2026-11-02T11:00:00+01:00")
    '2026-11-02T10:00:00.000Z'
    """
    try:
        when = datetime.fromisoformat(text)
        when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError) as problem:
        raise _refused(f"{text[:40]!r} is no time in ISO 8601", "bad-time") from problem
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _check_order(event: EventTold) -> None:
    if event.type in ORDER_TYPES and event.order is None:
        raise _refused(f"{event.type} says nothing without an `order`", "order-missing")
    if event.order is not None and not _ID.fullmatch(event.order.order_no):
        raise _refused(f"{event.order.order_no[:40]!r} is no order number", "bad-order")
    if event.type == "order.paid" and event.order is not None and event.order.payment is None:
        raise _refused("order.paid says nothing without a `payment`", "payment-missing")


def _check_lead(event: EventTold) -> None:
    if event.type == LEAD_TOLD and event.lead is None:
        raise _refused(f"{event.type} says nothing without a `lead`", "lead-missing")
    if event.lead is not None and not _ID.fullmatch(event.lead.lead_id):
        raise _refused(f"{event.lead.lead_id[:40]!r} is no id of a lead", "bad-lead")


def _refused(detail: str, name: str = "bad-event") -> InputFault:
    return InputFault(
        detail, remedy="correct the event and send it again under the same event_id", name=name
    )
