"""Points of goods of orders that were paid for in a sale: they have earned there.

Of these HQ only takes back what comes back as goods of the order, and gives it again where it did
not. Which lines of the sale they were, its rows do not say: they name the goods as the order does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, select

from agent.core.identifiers import SaleId
from agent.core.loyalty import Posting
from agent.core.loyalty.bookings import line_name
from agent.core.loyalty.ordered import is_of, is_of_any, sold_by, sold_event
from agent.core.orders import Purchase
from agent.core.orders.bought import Bought, InSale
from agent.core.quantities import ONE, Thousandths, divide_half_away
from central.ledger.customer_tables import SALE_LINES
from central.value.books import SqlBooks

_S = SALE_LINES.c
_SOLD = (
    select(_S.line, _S.item_id, _S.gtin, _S.name, _S.quantity, _S.unit_price)
    .where(_S.sale_id == bindparam("of_sale"), _S.quantity > 0, _S.voided.is_(False))
    .order_by(_S.line)
)
_Row = Row[*tuple[Any, ...]]
Standing = Mapping[str, Sequence[Posting]]
"""Line → every posting with that source, of one event."""


class _Sale(NamedTuple):
    """What a sale sold that has earned."""

    rows: Sequence[_Row]
    standing: Standing
    others: set[str]
    """Lines of which another order has taken something back."""


def given_back(
    conn: Connection, books: SqlBooks, order_id: str, bought: Purchase
) -> Iterator[tuple[Posting, ...]]:
    """Give the bookings after which sales gave back what came back of an order's goods.

    Args:
        conn: any open connection.
        books: of the same.
        order_id: of the order.
        bought: with it.
    """
    sales = defaultdict[SaleId, list[tuple[Bought, InSale]]](list)
    for line in bought.lines:
        for sold in line.in_sales:
            sales[sold.sale_id].append((line, sold))
    for sale_id, handed in sales.items():
        sale = _sale(conn, books, order_id, sale_id)
        for name, back in _back(sale, handed).items():
            standing = sale.standing[name]
            event = sold_event(order_id, sale_id, next_number(standing))
            yield sold_by(Thousandths(back), standing, event=event)


def standing_of(books: SqlBooks, event: str) -> Standing:
    """Read what stands for the lines of a sale or an order."""
    return by_line(books.caused_by(event))


def by_line(postings: Iterable[Posting]) -> Standing:
    """Put postings under the lines they are for."""
    found = defaultdict[str, list[Posting]](list)
    for each in postings:
        found[each.source.line if each.source else ""].append(each)
    return found


def next_number(standing: Iterable[Posting]) -> int:
    """Number the next booking of it."""
    return len({each.event for each in standing})


def _sale(conn: Connection, books: SqlBooks, order_id: str, sale_id: SaleId) -> _Sale:
    standing, event = standing_of(books, sale_id), sold_event(order_id, sale_id, 0)
    rows = conn.execute(_SOLD, {"of_sale": sale_id}).all() if standing else ()
    others = {
        name
        for name, stands in standing.items()
        if any(is_of_any(each.event) and not is_of(event, each.event) for each in stands)
    }
    return _Sale([row for row in rows if line_name(row.line) in standing], standing, others)


def _back(sale: _Sale, handed: Iterable[tuple[Bought, InSale]]) -> dict[str, int]:
    """Share out over the lines of a sale what came back of it as goods of an order."""
    left, back = {row.line: row.quantity for row in sale.rows}, dict[str, int]()
    for line, sold in handed:
        rest, comes = int(sold.handed), sold.handed - sold.kept
        for row in _alike(sale, line, sold):
            quantity = min(rest, left[row.line])
            if quantity:
                rest, left[row.line] = rest - quantity, left[row.line] - quantity
                taken, name = min(comes, quantity), line_name(row.line)
                comes, back[name] = comes - taken, back.get(name, 0) + taken
    return back


def _alike(sale: _Sale, line: Bought, sold: InSale) -> list[_Row]:
    """Find the lines by which goods of an order were paid for in a sale, the likeliest first.

    A sale names the goods as the order does, and at its price. What is alike and was sold beside
    them has earned as much apiece, unless it was at another price or is of another order.
    """
    named, whole = (line.line.item, line.line.gtin, line.line.name), line.line.quantity
    price = divide_half_away(line.line.amount * ONE, whole) if whole else 0

    def unlikely(row: _Row) -> tuple[bool, ...]:
        is_others = line_name(row.line) in sale.others
        return is_others, row.unit_price != price, row.quantity != sold.handed

    alike = (row for row in sale.rows if (row.item_id, row.gtin, row.name) == named)
    return sorted(alike, key=unlikely)
