"""One interaction from one fact: what a sale, a return or an order looks like in a history."""

from __future__ import annotations

from collections.abc import Iterable

from agent.core.entries.bodies import SaleCompleted
from agent.core.history.model import Interaction, Order
from agent.core.quantities import ONE
from agent.core.sale.model import Line

STORE_CHANNEL = "store"
"""The channel id of everything sold over a counter."""
NAMES_SHOWN = 3
"""Names in a title: more than a cashier reads out is no help."""


def interaction_of(body: SaleCompleted) -> Interaction:
    """Tell a completed sale as one line of a history; a sale of returns only is a return.

    The event id is the sale id, so that the same sale is the same interaction wherever it is met.
    """
    sold = [line for line in body.lines if not line.voided]
    returned = bool(sold) and all(line.quantity < 0 for line in sold)
    return Interaction(
        event_id=body.sale_id,
        type="return.received" if returned else "sale.completed",
        channel=STORE_CHANNEL,
        touch_point=f"{body.store}/{body.till}",
        occurred_at=body.completed.wall,
        title=("Returned " if returned else "") + _title(_pieces(sold), [row.name for row in sold]),
        ref=body.receipt_no,
        total=body.total,
        currency=body.currency,
    )


def interaction_of_order(
    order: Order, *, event_id: str, event_type: str, touch_point: str, occurred_at: str
) -> Interaction:
    """Tell one event of an order as one line of a history, with the state it brought.

    Args:
        order: the order as it stood at this event.
        event_id: unique over all channels: `channel/event`.
        event_type: `order.placed`, `order.shipped` …
        touch_point: where it happened, for example `webshop`.
        occurred_at: UTC, ISO 8601.
    """
    pieces = sum(line.quantity for line in order.lines)
    return Interaction(
        event_id=event_id,
        type=event_type,
        channel=order.channel,
        touch_point=touch_point,
        occurred_at=occurred_at,
        title=_title(pieces, [line.name for line in order.lines]),
        ref=order.order_no,
        total=order.total,
        currency=order.currency,
        state=order.state,
    )


def timeline(interactions: Iterable[Interaction]) -> tuple[Interaction, ...]:
    """Put interactions newest first, each event once; equal times stand by event id.

    Only the eye is served by this order: nothing is decided by it (P11).
    """
    once = {interaction.event_id: interaction for interaction in interactions}
    return tuple(
        sorted(once.values(), key=lambda each: (each.occurred_at, each.event_id), reverse=True)
    )


def _pieces(lines: Iterable[Line]) -> int:
    """Count what was carried over the counter: a weighed line is one piece."""
    return sum(abs(row.quantity) // ONE if row.unit == "each" else 1 for row in lines)


def _title(pieces: int, names: list[str]) -> str:
    """Write `3 items: Coffee 250 g, Milk, …`: each name once, the first few of them."""
    names = list(dict.fromkeys(names))
    count = "1 item" if pieces == 1 else f"{pieces} items"
    shown = names[:NAMES_SHOWN] + (["…"] if len(names) > NAMES_SHOWN else [])
    return f"{count}: {', '.join(shown)}" if shown else count
