"""Where each journal ends: the last seq and hash, and the numbers taken so far.

The tail says what the next entry must carry. What is taken by an entry (a receipt number, a Z
number) is counted by the chain's own trigger, in the entry's transaction: a number is never
reserved and never lost.
"""

from __future__ import annotations

import msgspec

from agent.core.entries.bodies import Body, SaleCompleted, TillClosed
from agent.core.entries.kinds import SALES
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
    seq: int
    hash: bytes
    receipts: int
    """The last n of `store-till-J-n`."""
    z_number: int


def open_tail(conn: Connection, till: TillId, lane: str) -> Tail:
    """Read the end of the journal that a till's entries of a lane go to.

    Raises:
        NotFoundFault: `unknown-till`, no journals were made for this till.
    """
    row = conn.execute(
        "SELECT no, id, store, tail_seq, tail_hash, receipts, z_number"
        " FROM journal WHERE till = ? AND lane = ? AND sealed = 0",
        (till, lane),
    ).fetchone()
    if row is None:
        raise _unknown(till)
    return Tail(*row)


def next_receipt(conn: Connection, till: TillId) -> tuple[JournalId, int]:
    """Read which receipt number a till's next sale carries.

    Raises:
        NotFoundFault: `unknown-till`, no journals were made for this till.
    """
    row = conn.execute(
        "SELECT id, receipts + 1 FROM journal WHERE till = ? AND lane = ? AND sealed = 0",
        (till, SALES),
    ).fetchone()
    if row is None:
        raise _unknown(till)
    return row[0], row[1]


def check_next(tail: Tail, till: TillId, body: Body) -> None:
    """Refuse an entry that carries a number which is not the next one.

    Raises:
        StateFault: `receipt-out-of-order` or `z-out-of-order`.
    """
    if isinstance(body, SaleCompleted):
        _check_receipt(tail, till, body)
    elif isinstance(body, TillClosed):
        _check_z_number(tail, body)


def _check_receipt(tail: Tail, till: TillId, body: SaleCompleted) -> None:
    expected = receipt_number(tail.store, till, tail.journal_id, tail.receipts + 1)
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
