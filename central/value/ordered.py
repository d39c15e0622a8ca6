"""Points of web orders: booked once an order is paid for and nothing of it is open any more.

A sale's points are promised at its till; nobody promises those of an order, so HQ reckons them, by
the programme that was in force when it was placed. What was collected and paid for in a sale has
earned there, and only gives back here what comes back as goods of the order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from agent.core.history.interactions import Occasion, interaction_of_points
from agent.core.loyalty import (
    POINTS,
    Basis,
    EarnLine,
    Posting,
    Programme,
    Source,
    earn,
    owned,
    reverse,
)
from agent.core.loyalty.bookings import earned, goods
from agent.core.loyalty.ordered import kept_by, order_event, order_goods
from agent.core.orders import CustomerOrder, Purchase, purchase
from agent.core.orders.bought import Bought, InSale
from agent.core.quantities import Minor
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
_SOLD = select(_S.line, _S.item_id, _S.gtin, _S.name).where(
    _S.sale_id == bindparam("of_sale"), _S.quantity > 0, _S.voided.is_(False)
)


class _Heard(NamedTuple):
    """An order, and whose it is."""

    order: CustomerOrder
    owner: str | None
    bought: Purchase
    at: str
    """Of the last thing told of it: UTC, ISO 8601."""


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
    if bought.is_done and not any(_standing(books, heard, line) for line in bought.lines):
        booked += _written(conn, books, heard, _earned(conn, heard))
    for line in bought.lines:
        for postings in _of_line(conn, books, heard, line):
            booked += _written(conn, books, heard, postings)
    return _into_history(conn, heard, booked, now)


def _of_line(
    conn: Connection, books: SqlBooks, heard: _Heard, line: Bought
) -> Iterator[tuple[Posting, ...]]:
    """Give what follows for what a line has earned already, here or in sales."""
    event = order_event(heard.order.order_id)
    standing = _standing(books, heard, line)
    if standing and heard.owner is not None:
        yield kept_by(heard.owner, line.kept, standing, event=f"{event}/{_number(standing)}")
    for sold in line.in_sales:
        if source := _sold_as(conn, sold, line):
            standing = books.of(source)
            back = max(0, _measure(standing) - sold.kept)
            at = f"{event}/{sold.sale_id}/{_number(standing)}"
            yield reverse(standing, event=at, line=source.line, measure=back).postings


def _standing(books: SqlBooks, heard: _Heard, line: Bought) -> Sequence[Posting]:
    return books.of(order_goods(heard.order.order_id, line.line.line))


def _number(standing: Iterable[Posting]) -> int:
    """Number the next booking of it."""
    return len({each.event for each in standing})


def _measure(standing: Iterable[Posting]) -> int:
    """Tell how much of the goods it is for, in whatever units they earned."""
    of_unit: dict[str, int] = {}
    for each in standing:
        of_unit[each.account.unit] = of_unit.get(each.account.unit, 0) + each.measure
    return max(of_unit.values(), default=0)


def _sold_as(conn: Connection, sold: InSale, line: Bought) -> Source | None:
    """Find the line by which goods of an order were paid for in a sale; it names them alike."""
    named = (line.line.item, line.line.gtin, line.line.name)
    for row in conn.execute(_SOLD, {"of_sale": sold.sale_id}):
        if (row.item_id, row.gtin, row.name) == named:
            return goods(sold.sale_id, row.line)
    return None


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
