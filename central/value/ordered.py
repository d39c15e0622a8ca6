"""Points of web orders: booked once an order is paid for and nothing of it is open any more.

A sale's points are promised at its till; nobody promises those of an order, so HQ reckons them, by
the programme that was in force when it was placed. What was collected and paid for in a sale has
earned there: see `sold`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Connection, select

from agent.core.history.interactions import Occasion, interaction_of_points
from agent.core.history.unified import TIER
from agent.core.loyalty import (
    POINTS,
    Basis,
    EarnLine,
    Posting,
    Programme,
    earn,
    owned,
)
from agent.core.loyalty.bookings import line_name
from agent.core.loyalty.ordered import (
    earned_by,
    is_earned,
    kept_by,
    kept_event,
    more_event,
    order_event,
    reckoned,
)
from agent.core.orders import CustomerOrder, Purchase, Refund, Stage, Step, Told, purchase
from agent.core.orders.bought import Bought
from agent.core.quantities import Minor, Thousandths
from central.identity.interactions import record
from central.identity.parties import canonical
from central.identity.persons import persons_of
from central.ledger.bulk import among
from central.ledger.customer_tables import ITEMS
from central.value.books import SqlBooks
from central.value.opening import open_books
from central.value.programme import in_force
from central.value.sold import Standing, by_line, given_back, next_number, standing_of


class _Heard(NamedTuple):
    """An order, and whose it is."""

    order: CustomerOrder
    owner: str | None
    bought: Purchase
    bought_at: str
    """When it was: UTC, ISO 8601. It decides when points end, so nothing that came back counts."""
    at: str
    """Of the last thing told of it."""


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
    out = (each for each in order.told if not _is_back(each))
    heard = _Heard(order, owner, bought, _last(out, now), _last(order.told, now))
    books, booked = SqlBooks(conn), list[Posting]()
    standing = standing_of(books, order_event(order.order_id))
    if bought.is_done and _differs(heard, standing, bought.lines):
        booked += _written(conn, books, heard, _earned(conn, heard, standing))
        standing = by_line((*chain(*standing.values()), *booked))
    for postings in (*_kept(heard, standing), *given_back(conn, books, order.order_id, bought)):
        booked += _written(conn, books, heard, postings)
    return _into_history(conn, heard, booked, now)


def _is_back(told: Told) -> bool:
    return isinstance(told, Refund) or (isinstance(told, Step) and told.stage is Stage.RETURNED)


def _last(told: Iterable[Told], now: str) -> str:
    # A clock that runs ahead makes no points that end later.
    return min(now, max((each.at for each in told if each.at), default=now))


def _differs(heard: _Heard, standing: Standing, lines: Iterable[Bought]) -> bool:
    """Tell whether something else was handed over than has earned by now."""
    return heard.owner is not None and any(
        quantity != reckoned(standing.get(name, ()))
        for name, quantity in _handed(standing, lines).items()
    )


def _handed(standing: Standing, lines: Iterable[Bought]) -> dict[str, Thousandths]:
    """Tell by line what was handed over, of those that have earned too."""
    handed = {line_name(line.line.line): line.handed for line in lines}
    return dict.fromkeys(standing, Thousandths(0)) | handed


def _kept(heard: _Heard, standing: Standing) -> Iterator[tuple[Posting, ...]]:
    """Give what follows for what lines have earned by themselves."""
    kept = {line_name(line.line.line): line.kept for line in heard.bought.lines}
    if heard.owner is None:
        return
    for name, stands in standing.items():
        # Of a line that is no longer in the order nothing is kept.
        back_to = kept.get(name, Thousandths(0))
        event = kept_event(heard.order.order_id, next_number(stands))
        yield kept_by(heard.owner, back_to, stands, event=event)


def _earned(conn: Connection, heard: _Heard, standing: Standing) -> tuple[Posting, ...]:
    placed = heard.bought.placed
    programme = in_force(conn, placed.at or heard.at)
    own = [line for line in heard.bought.lines if not _is_gift(programme, line)]
    if heard.owner is None or not programme.rules or not _differs(heard, standing, own):
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
    order_id, earnings = heard.order.order_id, earn(programme.rules, basis)
    stood = [*chain(*standing.values())]
    event = more_event(order_id, next_number(stood)) if stood else order_event(order_id)
    handed = _handed(standing, own)
    return earned_by(heard.owner, order_id, handed, earnings, stood, event=event)


def _earning(lines: Iterable[Bought], groups: dict[str, str]) -> Iterator[EarnLine]:
    for each in (line for line in lines if line.handed):
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
    tier = persons_of(conn, [chosen])[chosen].fields.get(TIER)
    return tier.value if tier else ""


def _is_gift(programme: Programme, line: Bought) -> bool:
    return not {line.line.item, line.line.gtin}.isdisjoint(programme.gift_items)


def _written(
    conn: Connection, books: SqlBooks, heard: _Heard, postings: Sequence[Posting]
) -> Sequence[Posting]:
    if postings:
        open_books(conn, sorted({each.account.owner for each in postings}))
        books.write(postings, heard.bought_at if is_earned(postings[0].event) else heard.at)
    return postings


def _into_history(
    conn: Connection, heard: _Heard, booked: Sequence[Posting], now: str
) -> frozenset[str]:
    """Tell what changed as one line in the history of each whom it concerns; gives who they are."""
    if not booked:
        return frozenset()
    placed, first = heard.bought.placed, booked[0]
    reverses = not is_earned(first.event)
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
