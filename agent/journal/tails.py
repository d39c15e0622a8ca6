"""Where each journal ends: the last seq and hash, and the numbers taken so far.

The tail says what the next entry must carry. What is taken by an entry (a receipt number, a Z
number) stands in its chain row, proven by the chain's own trigger: a number is never reserved and
never lost.
"""

from __future__ import annotations

import msgspec

from agent.core.entries.bodies import Body, SaleCompleted, TillClosed
from agent.core.entries.entry import Sealed
from agent.core.entries.kinds import SALES
from agent.core.faults import NotFoundFault, StateFault
from agent.core.identifiers import JournalId, ReceiptNo, StoreId, TillId, receipt_number
from agent.journal.connection import Connection
from agent.journal.memory import memory_of

SEQ_BITS = 40
"""`place` = journal number << 40 | seq: 10^12 entries per journal, 8 million journals."""
SEQ_MAX = 2**SEQ_BITS - 1


class Tail(msgspec.Struct, frozen=True):
    """The end of a till's open journal."""

    number: int
    """The journal's number in this file."""
    journal_id: JournalId
    store: StoreId
    till: TillId
    lane: str
    seq: int
    hash: bytes
    receipts: int
    """The last n of `store-till-J-n`."""
    z_number: int
    closed_seq: int
    """Seq of the last closing."""

    def next_receipt(self) -> ReceiptNo:
        """Give the number the journal's next sale carries."""
        return receipt_number(self.store, self.till, self.journal_id, self.receipts + 1)


def open_tail(conn: Connection, till: TillId, lane: str) -> Tail:
    """Give the end of the journal that a till's entries of a lane go to.

    Raises:
        NotFoundFault: `unknown-till`, no journals were made for this till.
    """
    known = memory_of(conn).tails
    tail = known.get((till, lane))
    if tail is None:
        tail = known[till, lane] = _read(conn, till, lane)
    return tail


def _read(conn: Connection, till: TillId, lane: str) -> Tail:
    row = conn.execute(
        "SELECT no, id, store, till, lane, tail_seq, tail_hash, receipts, z_number, closed_seq"
        " FROM head WHERE till = ? AND lane = ? AND sealed = 0",
        (till, lane),
    ).fetchone()
    if row is None:
        raise _unknown(till)
    return Tail(*row)


def moved(tail: Tail, sealed: Sealed, body: Body) -> Tail:
    """Give the end of a journal once an entry was written behind it."""
    closes = isinstance(body, TillClosed)
    return Tail(
        tail.number,
        tail.journal_id,
        tail.store,
        tail.till,
        tail.lane,
        sealed.seq,
        sealed.hash,
        tail.receipts + isinstance(body, SaleCompleted),
        tail.z_number + closes,
        sealed.seq if closes else tail.closed_seq,
    )


def next_receipt(conn: Connection, till: TillId) -> tuple[JournalId, int]:
    """Read which receipt number a till's next sale carries.

    Raises:
        NotFoundFault: `unknown-till`, no journals were made for this till.
    """
    tail = open_tail(conn, till, SALES)
    return tail.journal_id, tail.receipts + 1


def check_next(tail: Tail, body: Body) -> None:
    """Refuse an entry that carries a number which is not the next one.

    Raises:
        StateFault: `receipt-out-of-order` or `z-out-of-order`.
    """
    if isinstance(body, SaleCompleted):
        _check_receipt(tail, body)
    elif isinstance(body, TillClosed):
        _check_z_number(tail, body)


def _check_receipt(tail: Tail, body: SaleCompleted) -> None:
    expected = tail.next_receipt()
    if body.receipt_no != expected:
        raise StateFault(
            f"receipt number {body.receipt_no} is not the next one, {expected}",
            remedy="take the number from the journal in the transaction that completes the sale",
            name="receipt-out-of-order",
        )


def _check_z_number(tail: Tail, body: TillClosed) -> None:
    if body.z_number != tail.z_number + 1:
        raise StateFault(
            f"Z number {body.z_number} is not the next one, {tail.z_number + 1}",
            remedy="take the number from the journal in the transaction that closes the till",
            name="z-out-of-order",
        )


def _unknown(till: TillId) -> NotFoundFault:
    return NotFoundFault(
        f"till {till!r} has no journal on this agent",
        remedy="name a till of the settings, or add it there and restart the agent",
        name="unknown-till",
    )
