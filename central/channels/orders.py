"""What an event of a channel tells of an order, in the words all channels and tills share.

An event may leave out what others told. What is ordered is therefore read from all events of the
order there are, whichever came first (P11): of each field the word of the furthest event that has
one. So the same events give the same order, in whatever sequence they arrived.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, select

from agent.core.faults import InputFault, StateFault
from agent.core.history import STATES, Order, rank, state_after
from agent.core.identifiers import ItemId
from agent.core.orders import (
    Cause,
    OrderId,
    OrderLine,
    Part,
    Payment,
    Placed,
    Refund,
    RefundPart,
    Stage,
    Step,
    Told,
)
from agent.core.orders.states import PLACED
from agent.core.quantities import ONE, Minor, Thousandths
from central.channels.told import EventTold, LineTold, OrderTold, PartTold, read_event, utc
from central.ledger.bulk import Keyed
from central.ledger.customer_tables import CHANNEL_EVENTS, ITEM_KEYS
from central.ledger.direct import Prepared

AMOUNT_MAX = 10**12
"""Minor units; more is a mistake of the shop's software."""
QUANTITY_MAX = 10**6
CARRIAGE = "Carriage"
"""What the rest of a total is called that no line explains."""
EVENTS_BITS = 20
"""Room for a million events of one order below its channel's own count of changes."""
_CURRENCY_LETTERS = 3
_CHANGES = ("order.placed", "order.changed")
_STAGES = {
    "reserved": Stage.RESERVED,
    "picked": Stage.PICKED,
    "shipped": Stage.SHIPPED,
    "ready": Stage.READY,
    "expired": Stage.EXPIRED,
    "cancelled": Stage.CANCELLED,
    "delivered": Stage.DELIVERED,
    "collected": Stage.COLLECTED,
    "returned": Stage.RETURNED,
}


_ACCEPTED = Prepared(
    select(CHANNEL_EVENTS.c.body).where(
        CHANNEL_EVENTS.c.channel_id == bindparam("of_channel"),
        CHANNEL_EVENTS.c.order_no == bindparam("of_order"),
        CHANNEL_EVENTS.c.outcome == "accepted",
    )
)


_ITEMS = Keyed(select(ITEM_KEYS.c.key, ITEM_KEYS.c.item_id), ITEM_KEYS.c.key)


class Events(NamedTuple):
    """All events of an order, the newest among them."""

    channel: str
    all: tuple[EventTold, ...]
    event: EventTold
    told: OrderTold
    items: dict[str, str]
    """GTIN → the chain's key of its item."""


def order_id_for(channel: str, order_no: str) -> OrderId:
    """Name an order of a channel over all channels and tills."""
    return OrderId(f"{channel}/{order_no}")


def accepted(conn: Connection, channel: str, order_no: str) -> dict[str, EventTold]:
    """Give what a channel told of an order so far, by the ids of the events."""
    rows = _ACCEPTED.all(conn, {"of_channel": channel, "of_order": order_no})
    return {each.event_id: each for each in (read_event(row.body) for row in rows)}


def events_of(
    conn: Connection, channel: str, event: EventTold, told: OrderTold, before: Iterable[EventTold]
) -> Events:
    """Collect what a channel told of an order, this event included.

    Args:
        conn: any transaction.
        channel: id of the channel.
        event: the newest.
        told: what it says of the order.
        before: what came before it, `accepted`.
    """
    every = {each.event_id: each for each in (*before, event)}
    gtins = {line.gtin.zfill(14) for line in told.lines if line.gtin}
    return Events(channel, tuple(every.values()), event, told, _items(conn, gtins))


def all_told(events: Events) -> tuple[Told, ...]:
    """Tell what the newest event says: what is ordered as it now reads, and what happened.

    Raises:
        InputFault: an unknown state, a bad amount or currency.
    """
    happened = (*_steps(events), *_money(events))
    return (*_placed(events), *happened)


def state_told(events: Events, held: Order | None) -> str:
    """Tell which state the newest event brings: as its type or its order says.

    Raises:
        InputFault: an unknown state.
    """
    told = events.told
    state = _state(told.state) or (held.state if held else PLACED)
    plain = Order(told.order_no, events.channel, state, "", Minor(0), "")
    return state_after(events.event.type, msgspec.structs.replace(plain, collect_at=_where(events)))


def paid_told(events: Events) -> bool | None:
    """Tell whether the channel calls the order paid; None: it says nothing."""
    said = {each.order.paid for each in events.all if each.order} - {None}
    return None if not said else True in said


def require_own(held: Order | None, channel: str, order_no: str) -> None:
    """Refuse an order number that another channel gave.

    Raises:
        StateFault: `order-of-another-channel`.
    """
    if held is not None and held.channel != channel:
        raise StateFault(
            f"order {order_no} is already known from channel {held.channel!r}",
            remedy="give each channel its own order numbers, for example by a prefix",
            name="order-of-another-channel",
        )


def _items(conn: Connection, gtins: set[str]) -> dict[str, str]:
    found = _ITEMS.rows(conn, sorted(gtins)) if gtins else ()
    return {row.key: row.item_id for row in found}


def _placed(events: Events) -> tuple[Placed, ...]:
    """Tell what is ordered, out of everything the channel said of it."""
    said = sorted((each for each in events.all if each.order), key=_weight, reverse=True)
    orders = [each.order for each in said if each.order]
    lines = _lines(next((order for order in orders if order.lines), events.told), events.items)
    total = next((order.total for order in orders if order.total is not None), None)
    currency = next((order.currency for order in orders if order.currency), "")
    includes = next(
        (o.prices_include_tax for o in orders if o.prices_include_tax is not None), True
    )
    return (
        Placed(
            event=f"{events.channel}/{events.event.event_id}",
            order_id=order_id_for(events.channel, events.told.order_no),
            number=events.told.order_no,
            channel=events.channel,
            currency=_currency(currency),
            lines=_whole(lines, total),
            revision=(max(order.revision for order in orders) << EVENTS_BITS) + len(said),
            prices_include_tax=includes,
            collect_at=_where(events),
            at=_placed_at(said),
            touch_point=events.event.touch_point or events.channel,
            echo=True,
        ),
    )


def _weight(event: EventTold) -> tuple[int, int, bool, str]:
    """Weigh an event's word on what is ordered: the furthest counts, whichever came first."""
    order = event.order or OrderTold("")
    stands = Order(order.order_no, "", order.state or PLACED, "", Minor(0), "")
    state = rank(state_after(event.type, stands))
    return (order.revision, state, event.type == "order.changed", event.event_id)


def _where(events: Events) -> str | None:
    said = sorted((each for each in events.all if each.order), key=_weight, reverse=True)
    return next(
        (each.order.collect_at for each in said if each.order and each.order.collect_at), None
    )


def _placed_at(said: Iterable[EventTold]) -> str:
    for each in said:
        if each.order and each.order.placed_at:
            return utc(each.order.placed_at)
    return next((each.occurred_at for each in said if each.type == "order.placed"), "")


def _lines(order: OrderTold, items: dict[str, str]) -> tuple[OrderLine, ...]:
    return tuple(_line(number, line, items) for number, line in enumerate(order.lines, 1))


def _line(number: int, told: LineTold, items: dict[str, str]) -> OrderLine:
    if not 0 <= told.quantity <= QUANTITY_MAX:
        raise _bad(f"a quantity of {told.quantity} for {told.name or told.gtin!r}")
    amount = (told.unit_price or 0) * told.quantity if told.amount is None else told.amount
    gtin = told.gtin.zfill(14) if told.gtin else None
    item = told.item or (items.get(gtin, told.gtin) if gtin else None)
    return OrderLine(
        line=told.line or number,
        name=told.name or told.gtin or told.item or "item",
        quantity=Thousandths(told.quantity * ONE),
        amount=_amount(amount),
        tax=_amount(told.tax),
        unit_price=None if told.unit_price is None else _amount(told.unit_price),
        item=ItemId(item) if item and told.goods else None,
        gtin=told.gtin,
        taxes=told.taxes,
        goods=told.goods,
    )


def _whole(lines: tuple[OrderLine, ...], total: int | None) -> tuple[OrderLine, ...]:
    """Explain a total that is more (or less) than its lines."""
    rest = 0 if total is None else _amount(total) - sum(line.cost for line in lines)
    if not rest:
        return lines
    number = max((line.line for line in lines), default=0) + 1
    return (*lines, OrderLine(number, CARRIAGE, Thousandths(ONE), Minor(rest), goods=False))


def _steps(events: Events) -> tuple[Step, ...]:
    """Tell what happened to the goods, if anything did."""
    told, event = events.told, events.event
    stage = _stage(events)
    if stage is None:
        return ()
    return (
        Step(
            event=f"{events.channel}/{event.event_id}",
            order_id=order_id_for(events.channel, told.order_no),
            stage=stage,
            parts=_parts(told.parts),
            location=told.location or _store(events, stage),
            bucket=told.shelf,
            until=told.until if stage is Stage.READY else "",
            reason=told.reason,
            at=event.occurred_at,
            touch_point=event.touch_point or events.channel,
            echo=told.echo,
        ),
    )


def _stage(events: Events) -> Stage | None:
    event = events.event
    if event.type == "return.received":
        return Stage.RETURNED
    state = state_told(events, None) if _says_state(event, events.told) else ""
    return _STAGES.get(state)


def _says_state(event: EventTold, told: OrderTold) -> bool:
    return told.state is not None or event.type.startswith("order.")


def _store(events: Events, stage: Stage) -> str:
    """Goods are set aside, wait and are handed over where the customer collects them."""
    at_counter = (Stage.READY, Stage.COLLECTED, Stage.PICKED, Stage.RESERVED)
    return (_where(events) or "") if stage in at_counter else ""


def _parts(told: Sequence[PartTold]) -> tuple[Part, ...]:
    return tuple(Part(each.line, Thousandths(each.quantity * ONE)) for each in told)


def _money(events: Events) -> tuple[Payment | Refund, ...]:
    """Tell which money came or went."""
    told, event = events.told, events.event
    order_id = order_id_for(events.channel, told.order_no)
    found: list[Payment | Refund] = []
    if told.payment is not None:
        found.append(
            Payment(
                event=f"{events.channel}/{event.event_id}/payment",
                order_id=order_id,
                payment=told.payment.payment,
                amount=_amount(told.payment.amount),
                state=told.payment.state,
                kind=told.payment.kind,
                at=event.occurred_at,
                touch_point=event.touch_point or events.channel,
                echo=told.echo,
            )
        )
    if told.refund is not None:
        found.append(_refund(events, order_id))
    return tuple(found)


def _refund(events: Events, order_id: OrderId) -> Refund:
    told, event = events.told, events.event
    refund = told.refund
    if refund is None:
        raise ValueError(event.event_id)
    return Refund(
        event=f"{events.channel}/{event.event_id}/refund",
        order_id=order_id,
        refund=refund.refund,
        amount=_amount(refund.amount),
        parts=tuple(RefundPart(each.line, _amount(each.amount)) for each in refund.lines),
        cause=Cause(refund.cause),
        state=refund.state,
        kind=refund.kind,
        reason=told.reason,
        at=event.occurred_at,
        touch_point=event.touch_point or events.channel,
        echo=told.echo,
    )


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


def _bad(what: str) -> InputFault:
    return InputFault(
        f"the order cannot have {what}",
        remedy="correct the order and send the event again under the same event_id",
        name="bad-order",
    )
