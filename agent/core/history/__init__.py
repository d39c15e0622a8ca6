"""One history per customer: `fold(card, entries)`, the same function at the till and at HQ."""

from __future__ import annotations

from agent.core.history.fold import LAST_SHOWN, Entry, fold, last, merge_consents
from agent.core.history.interactions import (
    STORE_CHANNEL,
    interaction_of,
    interaction_of_order,
    timeline,
)
from agent.core.history.model import Card, Interaction, Order, OrderLine
from agent.core.history.orders import OPEN, STATES, advance, rank, state_after, with_order

__all__ = [
    "LAST_SHOWN",
    "OPEN",
    "STATES",
    "STORE_CHANNEL",
    "Card",
    "Entry",
    "Interaction",
    "Order",
    "OrderLine",
    "advance",
    "fold",
    "interaction_of",
    "interaction_of_order",
    "last",
    "merge_consents",
    "rank",
    "state_after",
    "timeline",
    "with_order",
]
