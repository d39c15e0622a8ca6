"""How an order stands, told to everybody it concerns: tills, card, history, stock, its channel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, select

from agent.core.exchange.wire import Moved
from agent.core.history import OPEN, Order, OrderLine
from agent.core.history.interactions import STORE_CHANNEL, pieces_of
from agent.core.history.told_orders import card_order, interaction_of_told
from agent.core.identifiers import PartyId
from agent.core.orders import (
    CustomerOrder,
    OrderId,
    OrderView,
    Payment,
    Placed,
    Told,
    by_order,
    counting,
    moved,
    noted,
    taken_up,
    view,
)
from agent.core.orders.states import DRAFT
from central.goods import stock, tasks
from central.goods.told import HQ, Teller, add, held
from central.identity.interactions import record
from central.ledger.customer_tables import ORDERS, PSEUDONYMS
from central.ledger.direct import Prepared
from central.ledger.due import ORDER, note_due
from central.ledger.outbox import GLOBAL, publish, store_scope
from central.ledger.upserts import upsert

_json = msgspec.json.Encoder(order="deterministic")
SUPPLIER = "warehouse"
"""The location the goods of special orders are set aside at and sent from."""


_HELD = Prepared(select(ORDERS.c.body).where(ORDERS.c.order_no == bindparam("of_number")))
_NEW = upsert(ORDERS)
_PUT = Prepared(
    _NEW.on_conflict_do_update(
        index_elements=["order_no"],
        set_={each.name: each for each in _NEW.excluded if each.name != "order_no"},
    )
)


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
    standing.keep(now)
    return outcome


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

    def keep(self, now: str) -> None:
        """Write down what has come of it: stock moves, tills and its channel are told."""
        conn, before, after = self._conn, self._before, self._after
        if self._new:
            event = min(each.event for each in self._new)
            stock.book(conn, moved(before, after, event, now), now)
        known, order = self._known.get(self._shown, (None, None))
        if order is None:
            return
        if order != known or _substance(before) != _substance(after):
            _put(conn, known, order, whole(after, paid=order.paid))
        tasks.put(conn, order.channel, order.order_no, self._unheard, now)

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
        complete = _whole(after, stands, paid=paid)
        stands = stands if complete is after else view(complete)
        order = _summary(complete, stands, party_id, paid=paid)
        self._known[placed.number] = self._known[placed.number][0], order
        self._shown = placed.number
        if placed.channel not in {STORE_CHANNEL, teller.source}:
            self._unheard += (x for x in new if not x.echo and not isinstance(x, Placed))
        if teller.source != placed.channel and party_id is not None:
            _into_history(self._conn, party_id, new, after, teller, now)
        parties = {party_id, known.party_id if known else None}
        return Outcome(order, frozenset(each for each in parties if each is not None))


def order_held(conn: Connection, order_no: str) -> Order | None:
    """Give an order as it stands, or None."""
    row = _HELD.one_or_none(conn, {"of_number": order_no})
    return None if row is None else msgspec.json.decode(row[0], type=Order)


def whole(order: CustomerOrder, *, paid: bool) -> CustomerOrder:
    """Give an order with the payment its channel only implies.

    A channel that never speaks of payments has been paid: nobody is asked for money twice.
    """
    return _whole(order, view(order), paid=paid)


def _whole(order: CustomerOrder, stands: OrderView, *, paid: bool) -> CustomerOrder:
    if not paid or any(isinstance(each, Payment) for each in order.told):
        return order
    amount = stands.money.ordered
    if not amount:
        return order
    taken = Payment(
        event=f"{order.order_id}/taken-as-paid",
        order_id=order.order_id,
        payment=order.order_id,
        amount=amount,
        echo=True,
    )
    return noted(order, taken)


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


def _summary(order: CustomerOrder, stands: OrderView, party_id: str | None, *, paid: bool) -> Order:
    shown = card_order(stands, PartyId(party_id) if party_id else None)
    if shown is None or stands.placed is None:
        raise ValueError(order.order_id)
    explicit = any(isinstance(each, Payment) and not each.echo for each in order.told)
    goods = tuple(
        OrderLine(line.name, pieces_of(line), line.amount, line.gtin)
        for line in stands.placed.lines
        if line.goods
    )
    return replace(shown, lines=goods, paid=shown.paid if explicit else paid)


def _substance(order: CustomerOrder) -> list[Told]:
    """Give what counts of an order, without who told what was ordered and when."""
    plain = {"event": "", "at": "", "revision": 0, "touch_point": "", "echo": False}
    return [
        replace(each, **plain) if isinstance(each, Placed) else each for each in counting(order)
    ]


def _put(conn: Connection, known: Order | None, order: Order, told: CustomerOrder) -> None:
    """Keep the order as it stands, and tell it to the tills it concerns with all that counts."""
    scope = _scope(order)
    if known is not None and _scope(known) != scope:
        moved = _json.encode(Moved(scope))
        publish(conn, _scope(known), f"order:{known.order_no}", "del", moved)
    row = {
        "order_no": order.order_no,
        "channel_id": order.channel,
        "state": order.state,
        "party_id": order.party_id,
        "collect_at": order.collect_at,
        "scope": scope,
        "body": _json.encode(order),
    }
    _PUT.run(conn, row)
    note_due(conn, ORDER, [order.order_no])
    body = replace(order, order_id=told.order_id, told=counting(told))
    publish(conn, scope, f"order:{order.order_no}", "put", _json.encode(body))


def _scope(order: Order) -> str:
    """Only the store where an order waits needs it; goods may come back to any store."""
    waits = order.collect_at if order.state in OPEN else None
    return store_scope(waits) if waits else GLOBAL


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
