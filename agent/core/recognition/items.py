"""The item as the shop sells it: names, tax, unit, and prices with effective dates."""

from __future__ import annotations

import msgspec

from agent.core.identifiers import ItemId
from agent.core.quantities import Minor


class Price(msgspec.Struct, frozen=True):
    """A price per unit, valid from one business date up to and including another."""

    amount: Minor
    valid_from: str | None = None
    """ISO 8601 business date, or None for always."""
    valid_until: str | None = None


class Item(msgspec.Struct, frozen=True):
    """One row of the shop's catalogue, the same at HQ, in the feed and in the till's directory."""

    item_id: ItemId
    name: str
    taxes: tuple[str, ...]
    """Names of rates in `[tax]`."""
    gtins: tuple[str, ...] = ()
    """GTIN-14."""
    reference: str | None = None
    """Key of in-store codes, see `InStoreItem.reference`."""
    unit: str = "each"
    """`each` or `kg`."""
    prices: tuple[Price, ...] = ()
    department: str | None = None


def price_on(item: Item, business_date: str) -> Minor | None:
    """Find the item's price on a business date: of the prices valid then, the latest to begin.

    Returns None where no price is valid: the line then needs a price of its own.
    """
    valid = [
        price
        for price in item.prices
        if (price.valid_from or "") <= business_date <= (price.valid_until or "9999-12-31")
    ]
    return max(valid, key=lambda price: price.valid_from or "").amount if valid else None
