"""A movement: goods that go from one place to another (ARTS `InventoryControlDocument` line).

Each movement names both ends, so nothing comes from nowhere unnamed: over all places, outside
included, the movements of an item add up to nothing, and over one place to its stock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec

from agent.core.faults import InputFault, StateFault
from agent.core.quantities import Thousandths
from agent.core.sale.bounds import QUANTITY_MAX, pieces
from agent.core.stock.places import OUTSIDE, Bucket, Place


class StockFault(InputFault):
    """This movement of goods cannot be meant; nothing was moved."""

    name = "stock-refused"
    title = "The goods cannot be moved like this"


class StockFork(StateFault):
    """Two different movements carry one number; neither is overwritten (P4)."""

    name = "stock-fork"
    title = "Another movement is kept under this number"


class MovementType(StrEnum):
    """What a movement is called; its two ends decide."""

    SALE = "sale"
    RETURN = "return"
    RESERVATION = "reservation"
    RELEASE = "release"
    PICK_UP = "pick-up"
    """Goods that were set aside go to the customer, over the counter or by parcel."""
    TRANSFER_OUT = "transfer-out"
    TRANSFER_IN = "transfer-in"
    RECEIPT = "receipt"
    """Goods come in from a supplier."""
    SUPPLIER_RETURN = "supplier-return"
    DAMAGE = "damage"
    REPAIR = "repair"
    """Looked at again, and to be sold after all."""
    WRITE_OFF = "write-off"
    FOUND = "found"
    """Counted, and more than was known."""


_A, _R, _D, _T = Bucket.AVAILABLE, Bucket.RESERVED, Bucket.DAMAGED, Bucket.TRANSIT
_C, _S, _N = Bucket.CUSTOMER, Bucket.SUPPLIER, Bucket.NOWHERE

TYPES: dict[tuple[Bucket, Bucket], MovementType] = {
    (_A, _C): MovementType.SALE,
    (_R, _C): MovementType.PICK_UP,
    (_C, _A): MovementType.RETURN,
    (_C, _D): MovementType.RETURN,
    (_A, _R): MovementType.RESERVATION,
    (_R, _A): MovementType.RELEASE,
    (_A, _T): MovementType.TRANSFER_OUT,
    (_R, _T): MovementType.TRANSFER_OUT,
    (_T, _A): MovementType.TRANSFER_IN,
    (_T, _R): MovementType.TRANSFER_IN,
    (_S, _A): MovementType.RECEIPT,
    (_A, _S): MovementType.SUPPLIER_RETURN,
    (_D, _S): MovementType.SUPPLIER_RETURN,
    (_A, _D): MovementType.DAMAGE,
    (_D, _A): MovementType.REPAIR,
    (_A, _N): MovementType.WRITE_OFF,
    (_D, _N): MovementType.WRITE_OFF,
    (_T, _N): MovementType.WRITE_OFF,
    (_N, _A): MovementType.FOUND,
}
"""From bucket to bucket → type: the one table of what can happen to goods."""

Key = tuple[str, int]
"""Event and number within it: what makes a movement the same one, however often it is told."""


class Movement(msgspec.Struct, frozen=True, omit_defaults=True):
    """Some of one item goes from one place to another, once."""

    event: str
    """Of what caused it: unique over all tills and channels."""
    line: int
    """Number within the event, from 1; of a sale its line."""
    item: str
    """The chain's key of the item."""
    quantity: Thousandths
    """Negative where a later fact takes back what the movement of an earlier one said."""
    source: Place
    target: Place
    at: str = ""
    """UTC, ISO 8601; shown, and decides nothing."""

    @property
    def key(self) -> Key:
        """What makes it this movement."""
        return (self.event, self.line)

    @property
    def type(self) -> MovementType:
        """What it is called."""
        return TYPES[self.source.bucket, self.target.bucket]


def checked(movement: Movement) -> Movement:
    """Give a movement back that can be meant.

    Raises:
        StockFault: `zero-quantity`, `quantity-too-large`, `item-missing`, `no-such-movement`
            (not a way of the table), `location-missing`.
    """
    if movement.quantity == 0:
        raise StockFault(
            "a movement of 0 moves nothing",
            remedy="enter how much was moved",
            name="zero-quantity",
        )
    if abs(movement.quantity) > QUANTITY_MAX:
        raise StockFault(
            f"{pieces(movement.quantity)} is more than {pieces(QUANTITY_MAX)}",
            remedy="check that no bar code was scanned into the quantity field",
            name="quantity-too-large",
        )
    if not movement.item:
        raise StockFault(
            f"movement {movement.line} of {movement.event} names no item",
            remedy="scan the item, or type its number",
            name="item-missing",
        )
    _require_way(movement)
    return movement


def fresh(held: Mapping[Key, Movement], told: Iterable[Movement]) -> tuple[Movement, ...]:
    """Give those that are not held yet; sent again, a movement moves nothing.

    Raises:
        StockFork: another movement is held (or was told here) under the same key.
    """
    new: dict[Key, Movement] = {}
    for movement in told:
        known = held.get(movement.key) or new.setdefault(movement.key, movement)
        if known != movement:
            raise StockFork(
                f"movement {movement.line} of {movement.event} is kept as "
                f"{pieces(known.quantity)} of {known.item} from {_shown(known.source)} to "
                f"{_shown(known.target)}, and was told differently now",
                remedy="find out who gave one number to two movements; the first one stays",
            )
    return tuple(new.values())


def _require_way(movement: Movement) -> None:
    ends = (movement.source, movement.target)
    if (movement.source.bucket, movement.target.bucket) not in TYPES:
        raise StockFault(
            f"goods do not go from {_shown(movement.source)} to {_shown(movement.target)}",
            remedy="book it in two steps, over the shelf of the location",
            name="no-such-movement",
        )
    if any((end.bucket in OUTSIDE) == bool(end.location) for end in ends):
        raise StockFault(
            f"from {_shown(movement.source)} to {_shown(movement.target)} does not say which "
            "location",
            remedy="name the store or warehouse, and none for what is outside",
            name="location-missing",
        )


def _shown(place: Place) -> str:
    return f"{place.bucket} at {place.location}" if place.location else place.bucket
