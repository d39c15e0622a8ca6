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
_PUT = _NEW.on_conflict_do_update(
    index_elements=["order_no"],
    set_={each.name: each for each in _NEW.excluded if each.name != "order_no"},
)


class Said(NamedTuple):
    """What a channel says of an order beside what is told of it."""

    party_id: str | None = None
    """Whose it is."""
    paid: bool | None = None
    """Whether it counts as paid, where no payment is told one by one."""


class _Heard(NamedTuple):
    """What was told of an order, and what that made of it."""

    before: CustomerOrder
    after: CustomerOrder
    new: tuple[Told, ...]
    teller: Teller
    now: str


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
    order_id = told[0].order_id
    before = held(conn, order_id)
    new = add(conn, told, teller, now)
    after = noted(before, *new)
    own = add(conn, taken_up(after, SUPPLIER, now), HQ, now) if new else ()
    after = noted(after, *own)
    if new:
        event = min(each.event for each in new)
        stock.book(conn, moved(before, after, event, now), now)
    heard = _Heard(before, after, (*new, *own), teller, now)
    return _stand(conn, heard, said or Said())


def order_held(conn: Connection, order_no: str) -> Order | None:
    """Give an order as it stands, or None."""
    row = _HELD.one_or_none(conn, {"of_number": order_no})
    return None if row is None else msgspec.json.decode(row[0], type=Order)


def whole(order: CustomerOrder, *, paid: bool) -> CustomerOrder:
    """Give an order with the payment its channel only implies.

    A channel that never speaks of payments has been paid: nobody is asked for money twice.
    """
    if not paid or any(isinstance(each, Payment) for each in order.told):
        return order
    amount = view(order).money.ordered
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


def _stand(conn: Connection, heard: _Heard, said: Said) -> Outcome:
    after, teller = heard.after, heard.teller
    placed = view(after).placed
    if placed is None:
        return Outcome(None, frozenset())
    known = order_held(conn, placed.number)
    party_id = said.party_id or _who(conn, placed, known)
    paid = _is_paid(placed, known, said)
    order = _summary(whole(after, paid=paid), party_id, paid=paid)
    if order != known or _substance(heard.before) != _substance(after):
        _keep(conn, known, order, whole(after, paid=paid))
    _tell_channel(conn, placed, heard)
    if teller.source != placed.channel and party_id is not None:
        _into_history(conn, party_id, heard)
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


def _summary(order: CustomerOrder, party_id: str | None, *, paid: bool) -> Order:
    stands = view(order)
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


def _keep(conn: Connection, known: Order | None, order: Order, told: CustomerOrder) -> None:
    """Keep the order as it stands, and tell it to the tills it concerns with all that counts."""
    scope = _scope(order)
    if known is not None and _scope(known) != scope:
        moved = _json.encode(Moved(scope))
        publish(conn, _scope(known), f"order:{known.order_no}", "del", moved)
    row = {
        "channel_id": order.channel,
        "state": order.state,
        "party_id": order.party_id,
        "collect_at": order.collect_at,
        "scope": scope,
        "body": _json.encode(order),
    }
    conn.execute(_PUT, row | {"order_no": order.order_no})
    note_due(conn, ORDER, [order.order_no])
    body = replace(order, order_id=told.order_id, told=counting(told))
    publish(conn, scope, f"order:{order.order_no}", "put", _json.encode(body))


def _scope(order: Order) -> str:
    """Only the store where an order waits needs it; goods may come back to any store."""
    waits = order.collect_at if order.state in OPEN else None
    return store_scope(waits) if waits else GLOBAL


def _tell_channel(conn: Connection, placed: Placed, heard: _Heard) -> None:
    """Leave for the order's channel what it did not tell itself."""
    if placed.channel in {STORE_CHANNEL, heard.teller.source}:
        return
    unheard = (each for each in heard.new if not each.echo and not isinstance(each, Placed))
    tasks.put(conn, placed.channel, placed.number, unheard, heard.now)


def _into_history(conn: Connection, party_id: str, heard: _Heard) -> None:
    for each in heard.new:
        line = interaction_of_told(each, heard.after, channel=heard.teller.channel)
        if line is not None:
            record(conn, party_id, line, heard.now)
