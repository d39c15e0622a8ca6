"""How an order stands, told to everybody it concerns: tills, card, history, stock, its channel.

What it earns is booked with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from agent.core.history import Order
from agent.core.history.interactions import STORE_CHANNEL
from agent.core.history.told_orders import interaction_of_told
from agent.core.orders import (
    CustomerOrder,
    OrderId,
    OrderView,
    Placed,
    Told,
    by_order,
    moved,
    noted,
    taken_up,
    view,
)
from agent.core.orders.states import DRAFT
from central.goods import stock, tasks
from central.goods.kept import completed, order_held, put, substance, summary, whole
from central.goods.told import HQ, Teller, add, held
from central.identity.interactions import record
from central.ledger.customer_tables import PSEUDONYMS
from central.value.ordered import book_order

SUPPLIER = "warehouse"
"""The location the goods of special orders are set aside at and sent from."""


class Said(NamedTuple):
    """What a channel says of an order beside what is told of it."""

    party_id: str | None = None
    """Whose it is."""
    paid: bool | None = None
    """Whether it counts as paid, where no payment is told one by one."""


class Outcome(NamedTuple):
    """What came of telling something."""

    order: Order | None
    """As it stands; None as long as nobody told what was ordered."""
    parties: frozenset[str]
    """Whose card changed."""


def tell_all(conn: Connection, told: Iterable[Told], teller: Teller, now: str) -> frozenset[str]:
    """Keep what a till tells of any orders; gives whose cards changed.

    Raises:
        OrderInput: something of it cannot be meant.
    """
    orders = by_order(told)
    return frozenset[str]().union(
        *(tell(conn, order.told, teller, now).parties for order in orders.values())
    )


def tell(
    conn: Connection, told: Sequence[Told], teller: Teller, now: str, said: Said | None = None
) -> Outcome:
    """Keep what is told of one order, and bring it to everybody it concerns.

    Args:
        conn: of `writing`.
        told: of one order, at least one thing.
        teller: who tells it.
        now: HQ's time.
        said: of a channel.

    Raises:
        OrderInput: something of it cannot be meant.
    """
    standing = Standing(conn, told[0].order_id)
    outcome = standing.tell(told, teller, now, said)
    return outcome._replace(parties=outcome.parties | standing.keep(now))


def reckoned_anew(conn: Connection, order_id: str, now: str) -> frozenset[str]:
    """Book the points of an order once more, where a sale of its goods is heard of after it.

    Returns:
        Whose card it changed.
    """
    order = held(conn, order_id)
    placed = view(order).placed
    known = order_held(conn, placed.number) if placed else None
    if known is None:
        return frozenset()
    return book_order(conn, whole(order, paid=known.paid), known.party_id, now)


class Standing:
    """One order while it is told of: read once, and brought to whom it concerns once, at the end.

    Who tells of it goes on telling in the same transaction; nobody else has a turn until then.
    """

    def __init__(self, conn: Connection, order_id: OrderId) -> None:
        """Read what was told of it so far."""
        self._conn = conn
        self._before = self._after = held(conn, order_id)
        self._known: dict[str, tuple[Order | None, Order | None]] = {}
        """Number → the order as it was, and as it stands."""
        self._shown = ""
        """The number it was told by; nothing as long as nobody told what was ordered."""
        self._new: list[Told] = []
        self._unheard: list[Told] = []
        """What its channel did not tell itself."""

    def known(self, order_no: str) -> Order | None:
        """Give the order of a number as it stands, or None."""
        if order_no not in self._known:
            known = order_held(self._conn, order_no)
            self._known[order_no] = known, known
        return self._known[order_no][1]

    def tell(
        self, told: Sequence[Told], teller: Teller, now: str, said: Said | None = None
    ) -> Outcome:
        """Add what is told, see `tell`; call `keep` after the last of it."""
        new = add(self._conn, self._after, told, teller, now)
        self._after = noted(self._after, *new)
        self._new += new
        stands, own = self._taken_up(view(self._after), now)
        if stands.placed is None:
            return Outcome(None, frozenset())
        return self._stand(stands, (*new, *own), teller, now, said or Said())

    def keep(self, now: str) -> frozenset[str]:
        """Write down what has come of it: stock moves, tills and its channel are told.

        Returns:
            Whose points it changed.
        """
        conn, before, after = self._conn, self._before, self._after
        if self._new:
            event = min(each.event for each in self._new)
            stock.book(conn, moved(before, after, event, now), now)
        known, order = self._known.get(self._shown, (None, None))
        if order is None:
            return frozenset()
        earners = frozenset[str]()
        if order != known or substance(before) != substance(after):
            complete = whole(after, paid=order.paid)
            put(conn, known, order, complete)
            earners = book_order(conn, complete, order.party_id, now)
        tasks.put(conn, order.channel, order.order_no, self._unheard, now)
        return earners

    def _taken_up(self, stands: OrderView, now: str) -> tuple[OrderView, tuple[Told, ...]]:
        """Accept a draft that may be; gives how the order stands then, and what was told for it."""
        own = taken_up(self._after, SUPPLIER, now) if stands.state == DRAFT else ()
        if not own:
            return stands, ()
        own = add(self._conn, self._after, own, HQ, now)
        self._after = noted(self._after, *own)
        return view(self._after), own

    def _stand(
        self, stands: OrderView, new: Sequence[Told], teller: Teller, now: str, said: Said
    ) -> Outcome:
        placed, after = stands.placed, self._after
        if placed is None:
            raise ValueError(after.order_id)
        known = self.known(placed.number)
        party_id = said.party_id or _who(self._conn, placed, known)
        paid = _is_paid(placed, known, said)
        complete = completed(after, stands, paid=paid)
        stands = stands if complete is after else view(complete)
        order = summary(complete, stands, party_id, paid=paid)
        self._known[placed.number] = self._known[placed.number][0], order
        self._shown = placed.number
        if placed.channel not in {STORE_CHANNEL, teller.source}:
            self._unheard += (x for x in new if not x.echo and not isinstance(x, Placed))
        if teller.source != placed.channel and party_id is not None:
            _into_history(self._conn, party_id, new, after, teller, now)
        parties = {party_id, known.party_id if known else None}
        return Outcome(order, frozenset(each for each in parties if each is not None))


def _is_paid(placed: Placed, known: Order | None, said: Said) -> bool:
    """Tell whether it counts as paid where no payment is told: a web store's does."""
    if said.paid is not None:
        return said.paid
    return known.paid if known else placed.channel != STORE_CHANNEL


def _who(conn: Connection, placed: Placed, known: Order | None) -> str | None:
    """Tell whose order it is: as held, or by the pseudonym a till gave the customer."""
    if known is not None and known.party_id is not None:
        return known.party_id
    if placed.customer_ref is None:
        return None
    query = select(PSEUDONYMS.c.party_id).where(PSEUDONYMS.c.customer_ref == placed.customer_ref)
    return conn.execute(query).scalar_one_or_none()


def _into_history(
    conn: Connection,
    party_id: str,
    new: Iterable[Told],
    order: CustomerOrder,
    teller: Teller,
    now: str,
) -> None:
    for each in new:
        line = interaction_of_told(each, order, channel=teller.channel)
        if line is not None:
            record(conn, party_id, line, now)
