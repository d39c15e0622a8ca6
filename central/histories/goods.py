"""Orders and stock in entries: what a till tells of orders, and the goods people moved there."""

from __future__ import annotations

from typing import assert_never

from sqlalchemy import Connection

from agent.core.history.interactions import STORE_CHANNEL
from agent.core.orders.model import OrderNoted
from agent.core.stock import StockMoved, checked
from central.goods import stock
from central.goods.standing import tell_all
from central.goods.told import Teller
from central.histories.entry import Entry
from central.identity.cards import reached


def told(conn: Connection, entry: Entry, body: OrderNoted | StockMoved) -> frozenset[str]:
    """Take over what happened to orders, or which goods were moved; gives whose cards changed.

    Raises:
        OrderInput: something of it cannot be meant.
        StockFault: goods cannot be moved like this.
        StockFork: another movement is held under this number.
    """
    match body:
        case OrderNoted():
            return _noted(conn, entry, body)
        case StockMoved():
            stock.book(conn, [checked(each) for each in body.movements], entry.now)
            return frozenset()
        case _:
            assert_never(body)


def _noted(conn: Connection, entry: Entry, body: OrderNoted) -> frozenset[str]:
    touched = tell_all(conn, body.told, Teller(entry.journal_id, STORE_CHANNEL), entry.now)
    for party_id in touched:
        reached(conn, party_id, entry.journal_id, entry.seq)
    return touched
