"""What a till can be asked about orders; see `commands`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from agent.core.identifiers import ItemId, SaleId
from agent.core.orders import Part, Stage
from agent.till.commands import Command
from agent.till.orders import OrderSheet
from agent.till.replies import SaleView
from agent.till.requests import LINES_MAX, QUANTITY_MAX, UUID_PATTERN, CallerId, Words

OrderNo = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Pieces = Annotated[
    int, msgspec.Meta(gt=0, le=QUANTITY_MAX, description="In thousandths: 1000 is one.")
]
AT_A_TILL = (
    Stage.RESERVED,
    Stage.RELEASED,
    Stage.PICKED,
    Stage.SENT,
    Stage.ARRIVED,
    Stage.READY,
    Stage.COLLECTED,
    Stage.CANCELLED,
)
"""What can happen to an order's goods in a store."""


class WantedItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Some of an item that is to be ordered."""

    item_id: Annotated[ItemId, msgspec.Meta(min_length=1, max_length=64)]
    quantity: Pieces = 1000


class SpecialRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Orders for the customer of a sale what the store does not have."""

    items: Annotated[tuple[WantedItem, ...], msgspec.Meta(min_length=1, max_length=LINES_MAX)]
    order_id: Annotated[str, msgspec.Meta(pattern=UUID_PATTERN)] | None = None
    """UUIDv7 made by the caller; repeated, it orders nothing again."""
    ship: bool = False
    """Sent to the customer, instead of waiting for them here."""


class SpecialOrdered(msgspec.Struct, frozen=True):
    """The order, and the sale its deposit is paid in."""

    order: OrderSheet
    sale: SaleView


class Reordered(msgspec.Struct, frozen=True):
    """The sale with what was ordered before, as far as it can be sold here."""

    sale: SaleView
    missing: tuple[str, ...]
    """What is not in the catalogue, or has no price today."""


class OrderStep(Command[OrderSheet], frozen=True):
    """Something happens to an order's goods at this till."""

    order_no: str
    stage: Stage
    parts: tuple[Part, ...] = ()
    to: str = ""
    until: str = ""
    reason: str | None = None
    event: str | None = None


class CollectInSale(Command[SaleView], frozen=True):
    """Goods of an order are handed over, and paid, in a sale."""

    sale_id: SaleId
    order_no: str
    parts: tuple[Part, ...] = ()
    taxes: tuple[str, ...] | None = None


class GiveBack(Command[SaleView], frozen=True):
    """Goods of an order come back in a sale."""

    sale_id: SaleId
    order_no: str
    line: int
    quantity: int | None = None
    reason: Words | None = None
    damaged: bool = False
    taxes: tuple[str, ...] | None = None
    line_id: CallerId | None = None


class OrderSpecially(Command[SpecialOrdered], frozen=True):
    """What the store does not have is ordered for the customer."""

    sale_id: SaleId
    request: SpecialRequest


class Reorder(Command[Reordered], frozen=True):
    """What was ordered before is bought again; without a number, the customer's last order."""

    sale_id: SaleId
    order_no: str | None = None
