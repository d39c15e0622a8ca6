"""What each kind of entry does at HQ: one function per type of body.

A function gets an open transaction and gives the ids of the parties whose card it changed.
"""

from __future__ import annotations

from typing import assert_never

from sqlalchemy import Connection

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
from agent.core.faults import Fault
from central.histories import cash, people, sales, sold
from central.histories.entry import Entry

NOBODY: frozenset[str] = frozenset()


class NotYetApplied(Fault):
    """An entry that this version of HQ keeps and cannot apply: it waits, nothing is lost."""

    name = "not-yet-applied"
    title = "This version of HQ cannot apply the entry"

    def __init__(self, body: Body) -> None:
        """Name the kind of entry."""
        super().__init__(
            f"entries of kind {body.__struct_config__.tag} are kept, not applied",
            remedy="update till-central; it applies what was set aside at its next start",
        )


def apply(conn: Connection, entry: Entry, body: Body) -> frozenset[str]:
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
        case PartyIdentified() | CashierSigned() | JournalBegun():
            pass  # evidence in the ledger; no view needs it yet
        case OrderReceived() | EntryCarried():
            raise NotYetApplied(body)
        case _:
            assert_never(body)
    return NOBODY
