"""From means to one outcome: who or what it is, and why we think so.

`means_of` says what could be named, a look-up says what is held, and here one is chosen. The order
of the means decides: the strongest that is held wins, and what is not held says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from agent.core.barcode import Reason
from agent.core.identifiers import PartyId, SaleId
from agent.core.recognition.items import Item
from agent.core.recognition.means import (
    Identifier,
    ItemKey,
    Means,
    OrderKey,
    ReceiptKey,
)


class Found(msgspec.Struct, frozen=True, tag="found"):
    """The party is held here."""

    party_id: PartyId
    means: Identifier
    """By which it was found."""
    why: tuple[str, ...]


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


def resolve(means: Sequence[Means], look: Lookup, reasons: Sequence[Reason] = ()) -> Recognition:
    """Choose what a scan or a typed text names.

    The first means that is held decides. Where none is held, the strongest decides what it would
    have been, unless a person is known elsewhere: then that is the answer, so that nobody is
    asked to enrol twice.

    Args:
        means: strongest first, as of `means_of` or `means_of_typed`.
        look: what the caller holds.
        reasons: of `reasons_of`, told where nothing was found.
    """
    missed: list[Recognition] = []
    for one in means:
        outcome = _look_up(one, look)
        if outcome.held:
            return outcome
        missed.append(outcome)
    said = tuple(reason.detail for reason in reasons)
    if not missed:
        return Recognition(
            RecognitionKind.UNKNOWN, (*said, "nothing here has such a code"), held=False
        )
    chosen = next((m for m in missed if isinstance(m.answer, KnownElsewhere)), missed[0])
    others = tuple(why for m in missed if m is not chosen for why in m.why)
    return msgspec.structs.replace(chosen, why=(*said, *chosen.why, *others))


def _look_up(means: Means, look: Lookup) -> Recognition:
    if isinstance(means, ItemKey):
        return _item(means, look)
    if isinstance(means, Identifier):
        return _party(means, look)
    if isinstance(means, OrderKey):
        return _order(means, look)
    if isinstance(means, ReceiptKey):
        return _receipt(means, look)
    why = (f"{means.code} is a coupon",)
    return Recognition(RecognitionKind.COUPON, why, means, coupon=means.code)


def _item(key: ItemKey, look: Lookup) -> Recognition:
    item = look.item(key)
    name = f"GTIN {key.gtin}" if key.gtin else f"item {key.reference or key.item_id}"
    if item is None:
        why = (f"no item is listed under {name}",)
        return Recognition(RecognitionKind.UNKNOWN, why, key, held=False)
    return Recognition(RecognitionKind.ITEM, (f"{name} is {item.name}",), key, item)


def _party(identifier: Identifier, look: Lookup) -> Recognition:
    answer = look.party(identifier)
    held = isinstance(answer, Found)
    return Recognition(RecognitionKind.CUSTOMER, answer.why, identifier, answer=answer, held=held)


def _order(key: OrderKey, look: Lookup) -> Recognition:
    held = look.order(key.order_no)
    why = f"{key.order_no} is an order" + ("" if held else ", but it is not held here")
    return Recognition(
        RecognitionKind.ORDER, (why,), key, order_no=held or key.order_no, held=held is not None
    )


def _receipt(key: ReceiptKey, look: Lookup) -> Recognition:
    sale = look.receipt(key.receipt_no)
    why = f"{key.receipt_no} is a receipt" + ("" if sale else ", but its sale is not held here")
    return Recognition(
        RecognitionKind.RECEIPT,
        (why,),
        key,
        receipt_no=key.receipt_no,
        sale_id=sale,
        held=sale is not None,
    )
