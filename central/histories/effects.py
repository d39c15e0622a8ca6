"""What each kind of entry does at HQ: one function per type of body.

A function gets an open transaction and gives the ids of the parties whose card it changed.
"""

from __future__ import annotations

from typing import assert_never

from sqlalchemy import Connection, select

from agent.core.card_numbers import CardNumbersMasked
from agent.core.consent.record import ConsentRecord
from agent.core.consent.rights import SubjectRequest
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
from agent.core.entries.notes import NoteWritten, TaskClosed, TaskOpened
from agent.core.entries.payments import AccountSeen
from agent.core.exchange.orders import SignedOrder
from agent.core.faults import StateFault
from agent.core.leads.bodies import LeadRedeemed, LeadTold
from agent.core.loyalty.facts import (
    LeaseClosed,
    LoyaltyFact,
    ValueEarned,
    ValueLoaded,
    ValueRestored,
    ValueSpent,
    ValueUnspent,
)
from agent.core.orders.model import OrderNoted
from agent.core.prompts.ledger import PromptEvent
from agent.core.stock.booking import StockMoved
from agent.core.suggest.model import SuggestionAnswered
from central.histories import (
    answering,
    cash,
    goods,
    handing,
    leading,
    people,
    sales,
    sold,
    succession,
    valuing,
)
from central.histories.entry import Entry
from central.ledger.hq import TakeBack
from central.ledger.tables import JOURNALS

NOBODY: frozenset[str] = frozenset()
_OfCustomers = (
    AccountSeen
    | ConsentRecord
    | PromptEvent
    | SubjectRequest
    | CardNumbersMasked
    | LoyaltyFact
    | ValueUnspent
    | OrderNoted
    | StockMoved
    | LeadTold
    | LeadRedeemed
    | SuggestionAnswered
    | NoteWritten
    | TaskOpened
    | TaskClosed
)


def apply(conn: Connection, entry: Entry, take_back: TakeBack, body: Body) -> frozenset[str]:
    """Give an entry its effect.

    Raises:
        Fault: the entry contradicts what is held; the caller undoes the savepoint and sets it
            aside.
    """
    match body:
        case SaleCompleted():
            return sales.completed(conn, entry, body) | valuing.returned(conn, entry, body)
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
            return _of_journals(conn, entry, take_back, body)
        case PartyIdentified() | CashierSigned():
            pass  # evidence in the ledger; no view needs it yet
        case _:
            return _of_customers(conn, entry, body)
    return NOBODY


def _of_customers(conn: Connection, entry: Entry, body: _OfCustomers) -> frozenset[str]:
    """Give what a till says of customers beyond who they are its effect."""
    match body:
        case AccountSeen():
            return people.paid_from(conn, entry, body)
        case ConsentRecord() | PromptEvent() | SubjectRequest() | CardNumbersMasked():
            return answering.said(conn, entry, body)
        case (
            ValueEarned()
            | ValueLoaded()
            | ValueSpent()
            | ValueRestored()
            | LeaseClosed()
            | ValueUnspent()
        ):
            return valuing.applied(conn, entry, body)
        case OrderNoted() | StockMoved():
            return goods.told(conn, entry, body)
        case LeadTold() | LeadRedeemed() | SuggestionAnswered():
            return leading.told(conn, entry, body)
        case NoteWritten() | TaskOpened() | TaskClosed():
            return handing.told(conn, entry, body)
        case _:
            assert_never(body)


def _of_journals(
    conn: Connection,
    entry: Entry,
    take_back: TakeBack,
    body: JournalBegun | OrderReceived | EntryCarried,
) -> frozenset[str]:
    """Note what a journal says of itself and of HQ's orders."""
    if isinstance(body, JournalBegun):
        succession.begun(conn, entry, body)
        return NOBODY
    if isinstance(body, OrderReceived):
        return _take_back(conn, entry, take_back, body)
    raise _carried_twice(entry)


def _take_back(
    conn: Connection, entry: Entry, take_back: TakeBack, body: OrderReceived
) -> frozenset[str]:
    """Hand HQ's own order back to who issues them; a rewound HQ may have forgotten it."""
    query = select(JOURNALS.c.store, JOURNALS.c.till).where(JOURNALS.c.journal_id == entry.place[0])
    till = conn.execute(query).one()
    signed = SignedOrder(body.order, body.signature)
    take_back(conn, signed, till.store, till.till, entry.now, body.outcome)
    return valuing.lease_back(conn, entry, body.order)


def _carried_twice(entry: Entry) -> StateFault:
    journal_id, seq = entry.place
    return StateFault(
        f"entry {seq} of journal {journal_id} carries an entry that carries another one",
        remedy="compare the till's version of till-agent with the newest one: none writes this",
        name="carried-twice",
    )
