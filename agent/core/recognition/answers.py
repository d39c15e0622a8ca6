"""What recognition asks and what it answers: look-ups, answers, and the one outcome."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

import msgspec

from agent.core.identifiers import PartyId, SaleId
from agent.core.recognition.items import Item
from agent.core.recognition.means import Identifier, ItemKey, Means, ReceiptSeal
from agent.core.recognition.proofs import Mark
from agent.core.recognition.strength import Strength


class Found(msgspec.Struct, frozen=True, omit_defaults=True, tag="found"):
    """The party is held here."""

    party_id: PartyId
    means: Identifier
    """By which it was found."""
    why: tuple[str, ...]
    strength: Strength | None = None
    """Of this identifier, where the look-up knows it (a number known to be handed out by this
    product, or to be imported; a card sealed for less); None: it is judged by its form alone."""


class KnownElsewhere(msgspec.Struct, frozen=True, tag="known_elsewhere"):
    """Somebody has this identifier, but this till cannot say who: do not enrol again."""

    why: tuple[str, ...]


class Unknown(msgspec.Struct, frozen=True, tag="unknown"):
    """Nobody known here has this identifier."""

    why: tuple[str, ...]


Answer = Found | KnownElsewhere | Unknown
"""What a look-up of a party says."""


class Lookup(Protocol):
    """What the caller holds, asked for one key at a time."""

    def item(self, key: ItemKey) -> Item | None:
        """Find an item, or None."""
        ...

    def party(self, identifier: Identifier) -> Answer:
        """Find a party by a normalised identifier."""
        ...

    def order(self, order_no: str) -> str | None:
        """Find an order: the number under which it is held, or None."""
        ...

    def receipt(self, receipt_no: str) -> SaleId | None:
        """Find the sale a receipt is of, or None."""
        ...


class RecognitionKind(StrEnum):
    """What it turned out to be."""

    ITEM = "item"
    CUSTOMER = "customer"
    ORDER = "order"
    RECEIPT = "receipt"
    COUPON = "coupon"
    UNKNOWN = "unknown"


class Recognition(msgspec.Struct, frozen=True, omit_defaults=True):
    """The outcome, with the field of its kind filled."""

    kind: RecognitionKind
    why: tuple[str, ...]
    """Sentences for a person, the deciding one first."""
    means: Means | None = None
    """What decided; of an unknown item, the key it was looked up by."""
    item: Item | None = None
    answer: Answer | None = None
    """Of a customer: found, known elsewhere or unknown."""
    order_no: str | None = None
    """Of an order, held here or not."""
    receipt_no: str | None = None
    """Of a receipt, held here or not."""
    sale_id: SaleId | None = None
    """Of a receipt that is held here."""
    coupon: str | None = None
    held: bool = True
    """False where the kind is certain, but nothing of it is held here."""
    strength: Strength | None = None
    """Of an order or receipt, and of a customer who was found: `strength.OPENS` says what opens."""
    ask: str | None = None
    """What the cashier asks for or does, where a presented identifier did not open everything."""
    mark: Mark | None = None
    """Of a wallet pass: `proofs.remember` it together with what this recognition brings about."""
    seal: ReceiptSeal | None = None
    """Of a receipt whose signature was checked: what the paper says of its sale."""
