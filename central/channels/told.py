"""What a channel tells: the shape of one event, read leniently, judged with a reason."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from agent.core.entries.bodies import ConsentGiven
from agent.core.faults import InputFault

ORDER_TYPES = (
    "order.placed",
    "order.changed",
    "order.fulfilled",
    "order.shipped",
    "order.ready",
    "order.delivered",
    "order.collected",
    "order.cancelled",
)
OTHER_TYPES = (
    "return.received",
    "refund.settled",
    "service.contact",
    "party.enrolled",
    "party.observed",
    "consent.recorded",
)
TYPES = ORDER_TYPES + OTHER_TYPES

EVENT_BYTES_MAX = 64 << 10
"""Of one event; what it says of a person goes to every till."""
_ID = re.compile(r"[\x21-\x7e]{1,120}")


class LineTold(msgspec.Struct, frozen=True):
    """One line of an order; amounts in minor units of the order's currency."""

    name: str = ""
    quantity: int = 1
    """Pieces."""
    amount: int | None = None
    """Of the whole line; else `unit_price` × `quantity`."""
    unit_price: int | None = None
    gtin: str | None = None


class OrderTold(msgspec.Struct, frozen=True):
    """An order as an event tells it; what is left out stays as it was told before."""

    order_no: str
    state: str | None = None
    lines: tuple[LineTold, ...] = ()
    total: int | None = None
    currency: str | None = None
    collect_at: str | None = None
    """The store id where the customer collects."""
    paid: bool | None = None
    placed_at: str | None = None


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
    _check_order(event)
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


def _refused(detail: str, name: str = "bad-event") -> InputFault:
    return InputFault(
        detail, remedy="correct the event and send it again under the same event_id", name=name
    )
