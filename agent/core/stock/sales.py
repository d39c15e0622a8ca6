"""What a completed sale moves: goods sold leave the shelf, goods returned come back to it.

Refund and restock are two things. A return line puts goods back on the shelf unless somebody says
that they are damaged, or that no goods came back at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agent.core.quantities import Thousandths
from agent.core.sale.bounds import live
from agent.core.sale.model import Line
from agent.core.stock.movements import Movement
from agent.core.stock.places import CUSTOMER, Bucket, Place, available


def item_of(line: Line) -> str | None:
    """Tell what is counted of a line: the chain's own key, else the GTIN; None of an open price."""
    return line.item_id or line.gtin


def of_sale(
    sale_id: str,
    location: str,
    lines: tuple[Line, ...],
    *,
    back: Mapping[int, Bucket | None] | None = None,
    uncounted: Iterable[str] = (),
    at: str = "",
) -> tuple[Movement, ...]:
    """Tell what a completed sale moved, under its own id and line numbers.

    Args:
        sale_id: of the sale; its movements are the same ones wherever it is met.
        location: the store that sold.
        lines: as completed; voided lines and lines without an item move nothing.
        back: line number → where returned goods were put: `AVAILABLE` if nothing is said, None
            where the customer kept them.
        uncounted: items no stock is kept of: services, deposits, gift cards.
        at: UTC, ISO 8601.
    """
    said, services = back or {}, frozenset(uncounted)
    moved = []
    for line in live(lines):
        item = item_of(line)
        bucket = said.get(line.line, Bucket.AVAILABLE) if line.quantity < 0 else Bucket.AVAILABLE
        if item is None or item in services or line.quantity == 0 or bucket is None:
            continue
        shelf = Place(bucket, location)
        ends = (available(location), CUSTOMER) if line.quantity > 0 else (CUSTOMER, shelf)
        moved.append(
            Movement(sale_id, line.line, item, Thousandths(abs(line.quantity)), *ends, at=at)
        )
    return tuple(moved)
