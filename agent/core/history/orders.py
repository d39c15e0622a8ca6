"""Orders of other channels: how their state moves, and which of them a card shows.

Events of an order arrive twice, late, and out of order. A state therefore only ever moves forward
along one line (`orders.states.STATES`: goods that left us stand above a cancellation), so that any
arrival order ends in the same state, without asking a clock (P11).
"""

from __future__ import annotations

import msgspec

from agent.core.history.model import Card, Order
from agent.core.orders.states import OPEN, READY, SHIPPED, STATES

__all__ = ["OPEN", "STATES", "advance", "rank", "state_after", "with_order"]

_OF_EVENT = {f"order.{state}": state for state in STATES}


def state_after(event_type: str, order: Order) -> str:
    """Tell the state an event brings: its type says it, else the order itself.

    `order.fulfilled` means packed: it waits where it is to be collected, or is on its way.

    >>> state_after("order.ready", Order("W1", "web", "placed", "", 0, "EUR"))
    'ready'
    """
    if event_type == "order.fulfilled":
        return READY if order.collect_at else SHIPPED
    return _OF_EVENT.get(event_type, order.state)


def advance(held: Order | None, told: Order) -> Order:
    """Join what is held of an order with what was just told of it.

    The later state wins; what was told earlier in the order's life fills only gaps.
    """
    if held is None:
        return told
    newer, older = (told, held) if rank(told.state) >= rank(held.state) else (held, told)
    return msgspec.structs.replace(
        newer,
        lines=newer.lines or older.lines,
        total=newer.total or older.total,
        currency=newer.currency or older.currency,
        party_id=newer.party_id or older.party_id,
        collect_at=newer.collect_at or older.collect_at,
        placed_at=newer.placed_at or older.placed_at,
    )


def rank(state: str) -> int:
    """Tell how far along its life an order in this state is; a word not known here is first."""
    return STATES.index(state) if state in STATES else -1


def with_order(card: Card, order: Order) -> Card:
    """Show the order on the card while it is open, and take it off when it is not."""
    others = [each for each in card.orders if each.order_no != order.order_no]
    shown = [*others, order] if order.state in OPEN else others
    return msgspec.structs.replace(
        card, orders=tuple(sorted(shown, key=lambda each: each.order_no))
    )
