"""One history: what a customer did on any channel, as the same few values at till and HQ."""

from __future__ import annotations

import msgspec

from agent.core.consent.record import Mark
from agent.core.entries.bodies import ConsentGiven
from agent.core.faults import InputFault
from agent.core.history.survivorship import Observation, Strength
from agent.core.identifiers import PartyId
from agent.core.loyalty.expiring import Expiring
from agent.core.orders.model import Told
from agent.core.prompts.ledger import Silence
from agent.core.quantities import Minor
from agent.core.suggest.model import Insight

Place = tuple[str, int]
"""Where a fact stands: journal and seq, or a channel and the number HQ gave its event."""
NAME = "name"
"""The field of an observation that is shown on a card."""
SHOWN = frozenset({NAME, "tier", "points"})
"""What a card says by itself: `Card.known` names the rest."""


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
    actor: str | None = None
    """Who did it, the kind first: `employee/eva`, `partner/acme`, `self`; None: nobody said."""
    about: str | None = None
    """The order or sale it belongs to, where `ref` is its own number: see `interactions.thread`."""


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
    order_id: str | None = None
    """`channel/number`, or the id a till gave it; not on a card."""
    told: tuple[Told, ...] = ()
    """Everything that counts of it (`core.orders`), for tills it concerns; not on a card."""


class Pass(msgspec.Struct, frozen=True, omit_defaults=True):
    """By what a till checks a pass in the customer's wallet; never shown to anybody."""

    pass_id: str
    secret: str = ""
    """Of its one-time codes (RFC 6238), hexadecimal; empty: it shows none."""
    key: str = ""
    """Ed25519 public key of the phone that signs for it, hexadecimal; empty: none does."""


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
    it with the same function as HQ. Of a channel: its id → the number HQ gave its last event."""
    ver: int = 0
    """HQ's version of the card, growing; 0 for a card made at this till."""
    name_strength: Strength = Strength.SAID
    """How much the name weighs: a till's own newer word does not replace a stronger one."""
    members: tuple[PartyId, ...] = ()
    """Of a merged person: every id they are known by, this one included. What is observed under
    any of them belongs to this card. Empty: this id only."""
    marks: tuple[Mark, ...] = ()
    """What was answered under any of them, as `consent.check` reads it: no clock and no order of
    arrival has a say in what may be done."""
    silences: tuple[Silence, ...] = ()
    """Per question the first day on which it may be asked again, on any channel."""
    known: tuple[str, ...] = ()
    """Names of what else is known of them (`email`, `birth_date`), never its values: nobody asks
    for it again."""
    passes: tuple[Pass, ...] = ()
    """Their wallet passes."""
    insight: Insight | None = None
    """What their buying says, where they agreed to that being looked at."""
    expiring: Expiring | None = None
    """Which of their points end next, where that is soon."""


class Happening(msgspec.Struct, frozen=True, omit_defaults=True):
    """The effect of one fact on one party's history.

    Raises:
        InputFault: `happening-without-place`: where it stands is what keeps it from counting twice.
    """

    event: str
    """Unique over all channels: the sale id, `journal/seq`, or `channel/event`."""
    party_id: PartyId
    """As observed; never re-keyed, whoever that turns out to be."""
    at: str
    """UTC, ISO 8601 with milliseconds and `Z`; chooses what is shown, and nothing else."""
    places: tuple[Place, ...]
    """Where its halves stand: a card has its effect once it goes through all of them."""
    interaction: Interaction | None = None
    """Its line on the timeline; None: it changes what is known, and is nothing the person did."""
    words: tuple[Observation, ...] = ()
    consents: tuple[ConsentGiven, ...] = ()
    order: Order | None = None
    """An order as this fact tells it; without lines it is a new state of one already known."""
    points: int = 0
    """What it adds to the person's points; negative takes off."""
    marks: tuple[Mark, ...] = ()
    """What was answered, as `consent.check` reads it."""
    passes: tuple[Pass, ...] = ()
    """Wallet passes that were made."""

    def __post_init__(self) -> None:
        """Refuse what could be counted twice."""
        if not self.places:
            raise InputFault(
                f"nobody says where {self.event} stands",
                remedy="give journal and seq, or the channel and the number of its event at HQ",
                name="happening-without-place",
            )
