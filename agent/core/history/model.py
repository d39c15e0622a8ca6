"""One history: what a customer did on any channel, as the same few values at till and HQ."""

from __future__ import annotations

import msgspec

from agent.core.entries.bodies import ConsentGiven
from agent.core.identifiers import PartyId
from agent.core.quantities import Minor


class Interaction(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing a customer did, on one touch point of one channel."""

    event_id: str
    """Unique over all channels: the sale id, or `channel/event`."""
    type: str
    """`sale.completed`, `order.placed`, `order.ready`, `order.collected`, `return.received` …"""
    channel: str
    """`store`, `web` …"""
    touch_point: str
    """`store-0001/till-1`, `webshop` …"""
    occurred_at: str
    """UTC, ISO 8601; shown, and used to sort for the eye only."""
    title: str
    """One line a cashier can read out: `3 items: Coffee 250 g, Milk, …`."""
    ref: str
    """The receipt or order number."""
    total: Minor | None = None
    currency: str | None = None
    state: str | None = None
    """Of an order: placed, shipped, delivered, ready, collected, cancelled."""


class OrderLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a web order."""

    name: str
    quantity: int
    """Pieces."""
    amount: Minor
    gtin: str | None = None


class Order(msgspec.Struct, frozen=True, omit_defaults=True):
    """An order of another channel (ARTS `CustomerOrder`) as it stands now."""

    order_no: str
    channel: str
    state: str
    placed_at: str
    total: Minor
    currency: str
    lines: tuple[OrderLine, ...] = ()
    party_id: PartyId | None = None
    collect_at: str | None = None
    """The store id where it waits or will wait to be collected."""
    paid: bool = True


class Card(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the till knows of a customer: small on purpose."""

    party_id: PartyId
    name: str
    tier: str | None = None
    points: int = 0
    consents: tuple[ConsentGiven, ...] = ()
    orders: tuple[Order, ...] = ()
    """Orders still open: on the way, or ready to be collected."""
    last: tuple[Interaction, ...] = ()
    """Newest first, at most `LAST_SHOWN`."""
    through: dict[str, int] = {}
    """Journal id → highest seq whose effect is in this card: the till folds its own entries above
    it with the same function as HQ."""
    ver: int = 0
    """HQ's version of the card, growing; 0 for a card made at this till."""
