"""An order as it stands: what is shown of it, kept, and told to the tills it concerns."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, select

from agent.core.exchange.wire import Moved
from agent.core.history import OPEN, Order, OrderLine
from agent.core.history.interactions import pieces_of
from agent.core.history.told_orders import card_order
from agent.core.identifiers import PartyId
from agent.core.orders import (
    CustomerOrder,
    OrderView,
    Payment,
    Placed,
    Told,
    counting,
    noted,
    view,
)
from central.ledger.customer_tables import ORDERS
from central.ledger.direct import Prepared
from central.ledger.due import ORDER, note_due
from central.ledger.outbox import GLOBAL, publish, store_scope
from central.ledger.upserts import upsert

_json = msgspec.json.Encoder(order="deterministic")
_HELD = Prepared(select(ORDERS.c.body).where(ORDERS.c.order_no == bindparam("of_number")))
_NEW = upsert(ORDERS)
_PUT = Prepared(
    _NEW.on_conflict_do_update(
        index_elements=["order_no"],
        set_={each.name: each for each in _NEW.excluded if each.name != "order_no"},
    )
)


def order_held(conn: Connection, order_no: str) -> Order | None:
    """Give an order as it stands, or None."""
    row = _HELD.one_or_none(conn, {"of_number": order_no})
    return None if row is None else msgspec.json.decode(row[0], type=Order)


def whole(order: CustomerOrder, *, paid: bool) -> CustomerOrder:
    """Give an order with the payment its channel only implies.

    A channel that never speaks of payments has been paid: nobody is asked for money twice.
    """
    return completed(order, view(order), paid=paid)


def completed(order: CustomerOrder, stands: OrderView, *, paid: bool) -> CustomerOrder:
    """Do what `whole` does, of an order whose view was made already."""
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


def summary(order: CustomerOrder, stands: OrderView, party_id: str | None, *, paid: bool) -> Order:
    """Give the little of an order that cards and lists show.

    Args:
        order: complete, with the payment its channel implies.
        stands: its view.
        party_id: whose it is.
        paid: whether it counts as paid, where no payment was told at first hand.
    """
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


def substance(order: CustomerOrder) -> list[Told]:
    """Give what counts of an order, without who told what was ordered and when."""
    plain = {"event": "", "at": "", "revision": 0, "touch_point": "", "echo": False}
    return [
        replace(each, **plain) if isinstance(each, Placed) else each for each in counting(order)
    ]


def put(conn: Connection, known: Order | None, order: Order, told: CustomerOrder) -> None:
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
