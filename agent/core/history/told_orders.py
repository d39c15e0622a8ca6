"""What is told of an order, as lines of a history and as the little a card shows of it.

The customer meets an order on many channels: placed on the web, collected over a counter, returned
in another store. Each line says where that was; the order's id holds them together.
"""

from __future__ import annotations

from msgspec.structs import replace

from agent.core.history.interactions import Occasion, employee, pieces_of, title_of
from agent.core.history.model import Happening, Interaction, Order, OrderLine, Place
from agent.core.identifiers import PartyId
from agent.core.orders import (
    CustomerOrder,
    OrderView,
    Payment,
    PaymentState,
    Placed,
    Refund,
    Stage,
    Step,
    Told,
    view,
)
from agent.core.orders.states import DRAFT, PLACED, STATES
from agent.core.quantities import Minor, decimal_text, exponent

_PAYMENTS = {
    PaymentState.SETTLED: ("order.paid", "paid"),
    PaymentState.DECLINED: ("order.payment_declined", "declined"),
}


def of_told(
    place: Place, party_id: PartyId, told: Told, order: CustomerOrder, *, channel: str
) -> Happening:
    """Take over one thing told of an order: its line, and how the order stands with it.

    Args:
        place: where it stands.
        party_id: whose order it is, as observed.
        told: something of this order.
        order: everything known of it here, this included.
        channel: by which it was told.
    """
    return Happening(
        event=told.event,
        party_id=party_id,
        at=told.at,
        places=(place,),
        interaction=interaction_of_told(told, order, channel=channel),
        order=card_order(view(order), party_id),
    )


def interaction_of_told(told: Told, order: CustomerOrder, *, channel: str) -> Interaction | None:
    """Tell one thing told of an order as one line of a history.

    Args:
        told: something of this order.
        order: as known: it says what the goods are called.
        channel: by which it was told, which need not be the order's.

    Returns:
        None where there is nothing to see: money that has not moved, and goods that came back, or
        money that moved, in a sale, which is a line of its own about this order.
    """
    placed = view(order).placed
    occasion = Occasion(
        event_id=told.event,
        channel=channel,
        touch_point=told.touch_point or channel,
        occurred_at=told.at,
        actor=_actor(told),
    )
    if isinstance(told, Placed):
        return _placed(told, occasion)
    if isinstance(told, Step):
        return _step(told, placed, occasion)
    if isinstance(told, Payment):
        return _paid(told, placed, occasion)
    return _refunded(told, placed, occasion)


def card_order(order: OrderView, party_id: PartyId | None = None) -> Order | None:
    """Take from an order the little that a card shows; None while nobody told what was ordered."""
    placed = order.placed
    if placed is None:
        return None
    return Order(
        order_no=placed.number,
        channel=placed.channel,
        state=order.state,
        placed_at=placed.at,
        total=order.money.ordered,
        currency=placed.currency,
        lines=tuple(
            OrderLine(line.name, pieces_of(line), line.amount, line.gtin) for line in placed.lines
        ),
        party_id=party_id,
        collect_at=placed.collect_at,
        paid=not order.money.unsecured,
    )


def _placed(told: Placed, occasion: Occasion) -> Interaction:
    state = DRAFT if told.draft else PLACED
    line = _line(occasion, "order.changed" if told.revision else f"order.{state}", told, told)
    return replace(
        line,
        title=title_of(told.lines),
        total=Minor(sum(each.amount for each in told.lines)),
        currency=told.currency,
        state=state,
    )


def _step(told: Step, placed: Placed | None, occasion: Occasion) -> Interaction | None:
    if told.stage is Stage.RETURNED:
        if told.sale_id is not None:
            return None
        line = _line(occasion, "return.received", told, placed)
        return replace(line, title=f"Returned {_moved(told, placed)}", state=told.stage.value)
    line = _line(occasion, f"order.{told.stage}", told, placed)
    state = told.stage.value if told.stage in STATES else None
    return replace(line, title=_moved(told, placed), state=state)


def _paid(told: Payment, placed: Placed | None, occasion: Occasion) -> Interaction | None:
    if told.state not in _PAYMENTS or told.sale_id is not None:
        return None
    event_type, word = _PAYMENTS[told.state]
    currency = placed.currency if placed else None
    return replace(
        _line(occasion, event_type, told, placed),
        title=f"{_money(told.amount, currency)} {word}",
        total=told.amount,
        currency=currency,
    )


def _refunded(told: Refund, placed: Placed | None, occasion: Occasion) -> Interaction | None:
    if told.state is not PaymentState.SETTLED or told.sale_id is not None:
        return None
    currency = placed.currency if placed else None
    return replace(
        _line(occasion, "refund.settled", told, placed),
        title=f"Refund of {_money(told.amount, currency)}",
        total=Minor(-told.amount),
        currency=currency,
    )


def _moved(told: Step, placed: Placed | None) -> str:
    """Name the goods a step was of; all of the order where it names none."""
    ordered = {line.line: line for line in placed.lines} if placed else {}
    if not told.parts:
        return title_of([line for line in ordered.values() if line.goods])
    known = [(part.quantity, ordered[part.line]) for part in told.parts if part.line in ordered]
    return title_of([replace(line, quantity=quantity) for quantity, line in known])


def _line(occasion: Occasion, event_type: str, told: Told, placed: Placed | None) -> Interaction:
    return Interaction(
        event_id=occasion.event_id,
        type=event_type,
        channel=occasion.channel,
        touch_point=occasion.touch_point,
        occurred_at=occasion.occurred_at,
        title="",
        ref=placed.number if placed else told.order_id,
        actor=occasion.actor,
        about=told.order_id,
    )


def _actor(told: Told) -> str | None:
    return employee(told.actor) if told.actor else None


def _money(amount: Minor, currency: str | None) -> str:
    """Write an amount; as long as nobody told what was ordered, its currency is not known."""
    return f"{decimal_text(amount, exponent(currency))} {currency}" if currency else "an amount"
