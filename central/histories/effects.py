"""What each kind of entry does at HQ: one function per type of body.

A function gets an open transaction and gives the ids of the parties whose card it changed.
"""

from __future__ import annotations

from typing import assert_never

from sqlalchemy import Connection, select

from agent.core.entries.bodies import (
    Body,
    CashierSigned,
    CashMoved,
    EntryCarried,
    JournalBegun,
    OrderReceived,
    PartyEnrolled,
    PartyIdentified,
    SaleAttributed,
    SaleCancelled,
    SaleCompleted,
    TillClosed,
    TillOpened,
)
from agent.core.exchange.orders import SignedOrder
from agent.core.faults import StateFault
from central.histories import cash, people, sales, sold, succession
from central.histories.entry import Entry
from central.ledger.hq import TakeBack
from central.ledger.tables import JOURNALS

NOBODY: frozenset[str] = frozenset()


def apply(conn: Connection, entry: Entry, take_back: TakeBack, body: Body) -> frozenset[str]:
    """Give an entry its effect.

    Raises:
        Fault: the entry contradicts what is held; the caller undoes the savepoint and sets it
            aside.
    """
    match body:
        case SaleCompleted():
            return sales.completed(conn, entry, body)
        case SaleAttributed():
            return people.attributed(conn, entry, body)
        case PartyEnrolled():
            return people.enrolled(conn, entry, body)
        case SaleCancelled():
            sold.insert_cancelled(conn, body)
        case TillOpened() | CashMoved():
            cash.moved(conn, entry, body)
        case TillClosed():
            cash.closed(conn, entry, body)
        case JournalBegun() | OrderReceived() | EntryCarried():
            _of_journals(conn, entry, take_back, body)
        case PartyIdentified() | CashierSigned():
            pass  # evidence in the ledger; no view needs it yet
        case _:
            assert_never(body)
    return NOBODY


def _of_journals(
    conn: Connection,
    entry: Entry,
    take_back: TakeBack,
    body: JournalBegun | OrderReceived | EntryCarried,
) -> None:
    """Note what a journal says of itself and of HQ's orders."""
    if isinstance(body, JournalBegun):
        succession.begun(conn, entry, body)
    elif isinstance(body, OrderReceived):
        _take_back(conn, entry, take_back, body)
    else:
        raise _carried_twice(entry)


def _take_back(conn: Connection, entry: Entry, take_back: TakeBack, body: OrderReceived) -> None:
    """Hand HQ's own order back to who issues them; a rewound HQ may have forgotten it."""
    query = select(JOURNALS.c.store, JOURNALS.c.till).where(JOURNALS.c.journal_id == entry.place[0])
    till = conn.execute(query).one()
    signed = SignedOrder(body.order, body.signature)
    take_back(conn, signed, till.store, till.till, entry.now, body.outcome)


def _carried_twice(entry: Entry) -> StateFault:
    journal_id, seq = entry.place
    return StateFault(
        f"entry {seq} of journal {journal_id} carries an entry that carries another one",
        remedy="compare the till's version of till-agent with the newest one: none writes this",
        name="carried-twice",
    )
