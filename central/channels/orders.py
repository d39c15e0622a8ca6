"""Orders of channels: one row per order as it stands, told to the tills it concerns."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select

from agent.core.faults import InputFault, StateFault
from agent.core.history import STATES, Order, OrderLine, advance, state_after
from agent.core.identifiers import PartyId
from agent.core.quantities import Minor
from central.channels.told import EventTold, LineTold, OrderTold, utc
from central.ledger.customer_tables import ORDERS
from central.ledger.outbox import GLOBAL, publish, store_scope
from central.ledger.upserts import upsert

_json = msgspec.json.Encoder(order="deterministic")
AMOUNT_MAX = 10**12
"""Minor units; more is a mistake of the shop's software."""
QUANTITY_MAX = 10**6
_CURRENCY_LETTERS = 3


def order_held(conn: Connection, order_no: str) -> Order | None:
    """Give an order as it stands, or None."""
    query = select(ORDERS.c.body).where(ORDERS.c.order_no == order_no)
    body = conn.execute(query).scalar_one_or_none()
    return None if body is None else msgspec.json.decode(body, type=Order)


def told_order(
    held: Order | None, channel: str, event: EventTold, told: OrderTold, party_id: str | None
) -> Order:
    """Make an order of what an event tells, with gaps where it tells nothing.

    Raises:
        InputFault: an unknown state, a bad amount or currency.
        StateFault: the order number belongs to another channel.
    """
    if held is not None and held.channel != channel:
        raise StateFault(
            f"order {told.order_no} is already known from channel {held.channel!r}",
            remedy="give each channel its own order numbers, for example by a prefix",
            name="order-of-another-channel",
        )
    lines = tuple(_line(line) for line in told.lines)
    order = Order(
        order_no=told.order_no,
        channel=channel,
        state=_state(told.state) or (held.state if held else STATES[0]),
        placed_at=_placed_at(event, told),
        total=_amount(sum(line.amount for line in lines) if told.total is None else told.total),
        currency=_currency(told.currency or (held.currency if held else "")),
        lines=lines,
        party_id=None if party_id is None else PartyId(party_id),
        collect_at=told.collect_at or (held.collect_at if held else None),
        paid=_paid(held, told),
    )
    return msgspec.structs.replace(order, state=state_after(event.type, order))


def keep_order(conn: Connection, held: Order | None, told: Order) -> Order:
    """Join what was told with what is held, keep it, and tell the tills it concerns."""
    order = advance(held, told)
    if order == held:
        return order
    scope = _scope(order)
    _withdraw(conn, held, scope)
    _put(conn, order, scope)
    publish(conn, scope, f"order:{order.order_no}", "put", _json.encode(order))
    return order


def _scope(order: Order) -> str:
    """Only the store where an order is collected needs it, else every till might be asked."""
    return store_scope(order.collect_at) if order.collect_at else GLOBAL


def _withdraw(conn: Connection, held: Order | None, scope: str) -> None:
    """Take the order back from where it is not to be collected any more."""
    if held is not None and _scope(held) != scope:
        publish(conn, _scope(held), f"order:{held.order_no}", "del", b"null")


def _put(conn: Connection, order: Order, scope: str) -> None:
    row = {
        "channel_id": order.channel,
        "state": order.state,
        "party_id": order.party_id,
        "collect_at": order.collect_at,
        "scope": scope,
        "body": _json.encode(order),
    }
    new = upsert(ORDERS).values(order_no=order.order_no, **row)
    conn.execute(new.on_conflict_do_update(index_elements=["order_no"], set_=row))


def _line(told: LineTold) -> OrderLine:
    if not 0 <= told.quantity <= QUANTITY_MAX:
        raise _bad(f"a quantity of {told.quantity} for {told.name or told.gtin!r}")
    amount = (told.unit_price or 0) * told.quantity if told.amount is None else told.amount
    return OrderLine(told.name or told.gtin or "item", told.quantity, _amount(amount), told.gtin)


def _amount(amount: int) -> Minor:
    if abs(amount) > AMOUNT_MAX:
        raise _bad(f"an amount of {amount}; amounts are in minor units")
    return Minor(amount)


def _state(state: str | None) -> str | None:
    if state is not None and state not in STATES:
        raise _bad(f"the state {state[:40]!r}; known: {', '.join(STATES)}")
    return state


def _currency(currency: str) -> str:
    if currency and not (
        len(currency) == _CURRENCY_LETTERS and currency.isascii() and currency.isalpha()
    ):
        raise _bad(f"the currency {currency[:10]!r}; write ISO 4217, for example EUR")
    return currency.upper()


def _placed_at(event: EventTold, told: OrderTold) -> str:
    if told.placed_at:
        return utc(told.placed_at)
    return event.occurred_at if event.type == "order.placed" else ""


def _paid(held: Order | None, told: OrderTold) -> bool:
    if told.paid is not None:
        return told.paid
    return held.paid if held else True


def _bad(what: str) -> InputFault:
    return InputFault(
        f"the order cannot have {what}",
        remedy="correct the order and send the event again under the same event_id",
        name="bad-order",
    )
