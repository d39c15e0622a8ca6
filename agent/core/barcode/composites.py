"""EAN/UPC composites: an EAN symbol with elements in a small two-dimensional symbol above it.

GS1 General Specifications, 5.11.6: a scanner that sends both as one transmission puts `|]e0`
between the number and the elements. Most send two messages; then `packs` brings them together.
"""

from __future__ import annotations

from agent.core.barcode.contents import Contents, contents
from agent.core.barcode.elements import Element, elements_of, together
from agent.core.barcode.linear import Retail
from agent.core.barcode.reading import InStoreItem, Reason, TradeItem

COMPOSITE = "|]e0"


def composed(found: Retail, secondary: str, currency: str) -> Contents:
    """Join the number of the linear part with the elements of the other.

    Raises:
        Unreadable: as the elements, or `repeated-ai` where they name another GTIN.
    """
    joined: list[TradeItem | InStoreItem] = []
    notes: list[Reason] = []
    for item in found:
        if isinstance(item, InStoreItem):
            joined.append(item)
            continue
        elements = together((Element("01", item.gtin), *elements_of(secondary)))
        both = contents(elements, currency)
        joined += [one for one in both.meanings if isinstance(one, TradeItem)]
        notes += both.notes
    return Contents(tuple(joined), tuple(notes))
