"""Where each journal ends: the last seq and hash, and the numbers taken so far.

The tail says what the next entry must carry. What is taken by an entry (a receipt number, a Z
number) moves with it, in its transaction: a number is never reserved and never lost.
"""

from __future__ import annotations

import msgspec

from agent.core.entries.bodies import Body, SaleCompleted, TillClosed
from agent.core.entries.entry import Sealed
from agent.core.faults import NotFoundFault, StateFault
from agent.core.identifiers import JournalId, StoreId, TillId, receipt_number
from agent.journal.connection import Connection

SEQ_BITS = 40
"""`place` = journal number << 40 | seq: 10^12 entries per journal, 8 million journals."""


class Tail(msgspec.Struct, frozen=True):
    """The end of a till's open journal."""

    number: int
    """The journal's number in this file."""
    journal_id: JournalId
    store: StoreId
    till: TillId
    seq: int
    hash: bytes
    receipts: int
    """The last n of `store-till-J-n`."""
    z_number: int
    closed_seq: int
    """seq of the last `till.closed`."""


def open_tail(conn: Connection, till: TillId, lane: str) -> Tail:
    """Read the end of the journal that a till's entries of a lane go to.

    Raises:
        NotFoundFault: `unknown-till`, no journals were made for this till.
    """
    row = conn.execute(
        "SELECT no, id, store, till, tail_seq, tail_hash, receipts, z_number, closed_seq"
        " FROM journal WHERE till = ? AND lane = ? AND sealed = 0",
        (till, lane),
    ).fetchone()
    if row is None:
        raise NotFoundFault(
            f"till {till!r} has no journal on this agent",
            remedy="name a till of the settings, or add it there and restart the agent",
            name="unknown-till",
        )
    return Tail(*row)


def after(tail: Tail, sealed: Sealed, body: Body) -> Tail:
    """Give the tail as it is once an entry is written.

    Raises:
        StateFault: `receipt-out-of-order` or `z-out-of-order`, the entry carries a number that
            is not the next one.
    """
    moved = msgspec.structs.replace(tail, seq=sealed.seq, hash=sealed.hash)
    if isinstance(body, SaleCompleted):
        return msgspec.structs.replace(moved, receipts=_receipt(tail, body))
    if isinstance(body, TillClosed):
        return msgspec.structs.replace(moved, z_number=_z_number(tail, body), closed_seq=sealed.seq)
    return moved


def move(conn: Connection, tail: Tail) -> None:
    """Write a tail."""
    conn.execute(
        "UPDATE journal SET tail_seq = ?, tail_hash = ?, receipts = ?, z_number = ?,"
        " closed_seq = ? WHERE no = ?",
        (tail.seq, tail.hash, tail.receipts, tail.z_number, tail.closed_seq, tail.number),
    )


def _receipt(tail: Tail, body: SaleCompleted) -> int:
    n = tail.receipts + 1
    expected = receipt_number(tail.store, tail.till, tail.journal_id, n)
    if body.receipt_no != expected:
        raise StateFault(
            f"receipt number {body.receipt_no} is not the next one, {expected}",
            remedy="take the number from the journal in the transaction that completes the sale",
            name="receipt-out-of-order",
        )
    return n


def _z_number(tail: Tail, body: TillClosed) -> int:
    n = tail.z_number + 1
    if body.z_number != n:
        raise StateFault(
            f"Z number {body.z_number} is not the next one, {n}",
            remedy="take the number from the journal in the transaction that closes the till",
            name="z-out-of-order",
        )
    return n
