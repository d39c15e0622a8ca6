"""Stock: movements with two ends, and the levels they add up to.

Every sale, return, reservation, pick-up, transfer, receipt and count is a movement from a place to
a place; stock is never written, only added up. A movement is known by `(event, line)`, so what is
told twice moves once, in whatever order it comes (P11). `movements.TYPES` is the table of what can
happen to goods.

Who moves what: a completed sale moves goods between shelf and customer (`of_sale`); an order moves
them between shelf, set aside, on the way and customer (`core.orders.goods`), and leaves to the sale
what a sale has moved; people book the rest (`booking`).
"""

from __future__ import annotations

from agent.core.stock.booking import (
    Goods,
    StockMoved,
    arrived,
    broken,
    counted,
    mended,
    received,
    sent,
    sent_back,
    written_off,
)
from agent.core.stock.levels import Balances, Level, balances, level_of, levels
from agent.core.stock.movements import (
    TYPES,
    Key,
    Movement,
    MovementType,
    StockFault,
    StockFork,
    checked,
    fresh,
)
from agent.core.stock.places import (
    CUSTOMER,
    NOWHERE,
    ON_HAND,
    OUTSIDE,
    SUPPLIER,
    Bucket,
    Place,
    available,
    damaged,
    reserved,
    transit,
)
from agent.core.stock.sales import item_of, of_sale

__all__ = [
    "CUSTOMER",
    "NOWHERE",
    "ON_HAND",
    "OUTSIDE",
    "SUPPLIER",
    "TYPES",
    "Balances",
    "Bucket",
    "Goods",
    "Key",
    "Level",
    "Movement",
    "MovementType",
    "Place",
    "StockFault",
    "StockFork",
    "StockMoved",
    "arrived",
    "available",
    "balances",
    "broken",
    "checked",
    "counted",
    "damaged",
    "fresh",
    "item_of",
    "level_of",
    "levels",
    "mended",
    "of_sale",
    "received",
    "reserved",
    "sent",
    "sent_back",
    "transit",
    "written_off",
]
