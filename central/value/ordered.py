"""Points of web orders: booked once an order is paid for and nothing of it is open any more.

A sale's points are promised at its till; nobody promises those of an order, so HQ reckons them, by
the programme that was in force when it was placed. What was collected and paid for in a sale has
earned there, and only gives back here what comes back as goods of the order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, select

from agent.core.history.interactions import Occasion, interaction_of_points
from agent.core.identifiers import SaleId
from agent.core.loyalty import (
    POINTS,
    Basis,
    EarnLine,
    Posting,
    Programme,
    earn,
    owned,
)
from agent.core.loyalty.bookings import earned, line_name
from agent.core.loyalty.ordered import (
    is_of,
    is_of_any,
    kept_by,
    kept_event,
    order_event,
    sold_by,
    sold_event,
)
from agent.core.orders import CustomerOrder, Purchase, purchase
from agent.core.orders.bought import Bought, InSale
from agent.core.quantities import ONE, Minor, Thousandths, divide_half_away
from central.identity.interactions import record
from central.identity.parties import canonical
from central.identity.persons import persons_of
from central.ledger.bulk import among
from central.ledger.customer_tables import ITEMS, SALE_LINES
from central.value.books import SqlBooks
from central.value.opening import open_books
from central.value.programme import in_force

_TIER = "tier"
_S = SALE_LINES.c
_SOLD = (
    select(_S.line, _S.item_id, _S.gtin, _S.name, _S.quantity, _S.unit_price)
    .where(_S.sale_id == bindparam("of_sale"), _S.quantity > 0, _S.voided.is_(False))
    .order_by(_S.line)
)
_Row = Row[*tuple[Any, ...]]
_Standing = Mapping[str, Sequence[Posting]]
"""Line → every posting with that source, of one event."""


class _Heard(NamedTuple):
    """An order, and whose it is."""

    order: CustomerOrder
    owner: str | None
    bought: Purchase
    at: str
    """Of the last thing told of it: UTC, ISO 8601."""


class _Sale(NamedTuple):
    """What a sale sold that has earned."""

    rows: Sequence[_Row]
    standing: _Standing
    others: set[str]
    """Lines of which another order has taken something back."""


def book_order(
    conn: Connection, order: CustomerOrder, owner: str | None, now: str
) -> frozenset[str]:
    """Bring the points of an order to what is bought and kept by it; gives whose card it changes.

    Args:
        conn: of `writing`.
        order: everything told of it, with the payment its channel implies.
        owner: whose it is, as observed; one that is nobody's earns nothing.
        now: HQ's time.
    """
    bought = purchase(order)
    if bought is None or not bought.lines:
        return frozenset()
    at = max((each.at for each in order.told if each.at), default=now)
    heard = _Heard(order, owner, bought, at)
    books, booked = SqlBooks(conn), list[Posting]()
    standing = _standing(books, order_event(order.order_id))
    if bought.is_done and not standing:
        booked += _written(conn, books, heard, _earned(conn, heard))
        standing = _by_line(booked)
    for postings in (*_kept(heard, standing), *_in_sales(conn, books, heard)):
        booked += _written(conn, books, heard, postings)
    return _into_history(conn, heard, booked, now)


def _kept(heard: _Heard, standing: _Standing) -> Iterator[tuple[Posting, ...]]:
    """Give what follows for what lines have earned by themselves."""
    for line in heard.bought.lines:
        stands = standing.get(line_name(line.line.line), ())
        if stands and heard.owner is not None:
            event = kept_event(heard.order.order_id, _number(stands))
            yield kept_by(heard.owner, line.kept, stands, event=event)


def _in_sales(conn: Connection, books: SqlBooks, heard: _Heard) -> Iterator[tuple[Posting, ...]]:
    """Give what follows for what lines have earned in sales."""
    order_id, sales = heard.order.order_id, defaultdict[SaleId, list[tuple[Bought, InSale]]](list)
    for line in heard.bought.lines:
        for sold in line.in_sales:
            sales[sold.sale_id].append((line, sold))
    for sale_id, handed in sales.items():
        sale = _sale(conn, books, order_id, sale_id)
        for name, back in _back(sale, handed).items():
            standing = sale.standing[name]
            event = sold_event(order_id, sale_id, _number(standing))
            yield sold_by(Thousandths(back), standing, event=event)


def _standing(books: SqlBooks, event: str) -> _Standing:
    return _by_line(books.caused_by(event))


def _by_line(postings: Iterable[Posting]) -> _Standing:
    found = defaultdict[str, list[Posting]](list)
    for each in postings:
        found[each.source.line if each.source else ""].append(each)
    return found


def _number(standing: Iterable[Posting]) -> int:
    """Number the next booking of it."""
    return len({each.event for each in standing})


def _sale(conn: Connection, books: SqlBooks, order_id: str, sale_id: SaleId) -> _Sale:
    standing, event = _standing(books, sale_id), sold_event(order_id, sale_id, 0)
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


def _earned(conn: Connection, heard: _Heard) -> tuple[Posting, ...]:
    placed = heard.bought.placed
    programme = in_force(conn, placed.at or heard.at)
    own = [line for line in heard.bought.lines if line.handed and not _is_gift(programme, line)]
    if heard.owner is None or not programme.rules or not own:
        return ()
    basis = Basis(
        lines=tuple(_earning(own, _groups(conn, own))),
        business_date=(placed.at or heard.at)[:10],
        store=placed.collect_at or "",
        channel=placed.channel,
        tier=_tier(conn, programme, heard.owner),
        tenders=heard.bought.tenders,
        total=Minor(sum(heard.bought.tenders.values())),
    )
    event = order_event(heard.order.order_id)
    return earned(event, earn(programme.rules, basis), owner=heard.owner)


def _earning(lines: Iterable[Bought], groups: dict[str, str]) -> Iterator[EarnLine]:
    for each in lines:
        names = tuple(name for name in (each.line.item, each.line.gtin) if name)
        group = groups.get(each.line.item or "")
        yield EarnLine(each.line.line, each.handed, each.amount, names, (group,) if group else ())


def _groups(conn: Connection, lines: Iterable[Bought]) -> dict[str, str]:
    items = sorted({each.line.item for each in lines if each.line.item})
    held = ITEMS.c
    query = select(held.item_id, held.department).where(among(conn, held.item_id, items))
    return {row.item_id: row.department for row in conn.execute(query) if row.department}


def _tier(conn: Connection, programme: Programme, owner: str) -> str:
    """Tell the customer's tier, where a rule asks for it."""
    if not any(rule.tiers for rule in programme.rules):
        return ""
    chosen = canonical(conn, owner)
    tier = persons_of(conn, [chosen])[chosen].fields.get(_TIER)
    return tier.value if tier else ""


def _is_gift(programme: Programme, line: Bought) -> bool:
    return not {line.line.item, line.line.gtin}.isdisjoint(programme.gift_items)


def _written(
    conn: Connection, books: SqlBooks, heard: _Heard, postings: Sequence[Posting]
) -> Sequence[Posting]:
    if postings:
        open_books(conn, sorted({each.account.owner for each in postings}))
        books.write(postings, heard.at)
    return postings


def _into_history(
    conn: Connection, heard: _Heard, booked: Sequence[Posting], now: str
) -> frozenset[str]:
    """Tell what changed as one line in the history of each whom it concerns; gives who they are."""
    if not booked:
        return frozenset()
    placed, first = heard.bought.placed, booked[0]
    reverses = first.source is not None and first.source.event != first.event
    changes = {owner: amount for (owner, unit), amount in owned(booked).items() if unit == POINTS}
    for owner, amount in sorted(changes.items()):
        occasion = Occasion(
            f"{first.event}/{first.line}/{owner}",
            placed.channel,
            placed.touch_point or placed.channel,
            heard.at,
        )
        about = f"{placed.channel}/{placed.number}"
        line = interaction_of_points(occasion, points=amount, reverses=reverses, about=about)
        record(conn, owner, line, now)
    return frozenset(changes)
