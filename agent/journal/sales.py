"""Finding completed sales again: by id, by receipt, the latest; and what was given back of them.

`sale_index` and `returned` follow from the chain; they move in the transaction of the sale.
"""

from __future__ import annotations

from pysqlite3 import dbapi2

from agent.core.entries.bodies import SaleCompleted
from agent.core.entries.canonical import decode
from agent.core.entries.kinds import KINDS, SALES
from agent.core.faults import StateFault
from agent.core.identifiers import ReceiptNo, SaleId, TillId, receipt_number
from agent.core.quantities import Thousandths
from agent.core.sale.model import ReturnOf
from agent.journal.connection import Connection

_SALES_MAX = 2**40 - 1
"""More than a journal can hold: a longer number on a slip of paper is none of ours."""


def index(conn: Connection, number: int, seq: int, sale: SaleCompleted) -> None:
    """Note where a sale stands and what it gave back; called by `chains.append` alone.

    Raises:
        StateFault: `already-recorded`, the sale is in a journal of this agent.
    """
    try:
        conn.execute(
            "INSERT INTO sale_index (sale_id, journal, seq) VALUES (?, ?, ?)",
            (sale.sale_id, number, seq),
        )
    except dbapi2.IntegrityError as known:
        raise StateFault(
            f"sale {sale.sale_id} is recorded already",
            remedy="read it by GET /v1/sales/{sale_id}; a new sale needs a new id",
            name="already-recorded",
        ) from known
    for line in sale.lines:
        if line.returns is not None and not line.voided:
            _give_back(conn, line.returns, line.quantity)


def completed(conn: Connection, sale_id: SaleId) -> SaleCompleted | None:
    """Read a completed sale of any till of this agent; None where there is none."""
    row = conn.execute(
        "SELECT c.kind, c.version, b.bytes FROM sale_index s"
        " JOIN chain c ON c.journal = s.journal AND c.seq = s.seq"
        " JOIN body b ON b.place = (s.journal << 40 | s.seq) WHERE s.sale_id = ?",
        (sale_id,),
    ).fetchone()
    return None if row is None else _sale(*row)


def by_receipt(conn: Connection, receipt_no: ReceiptNo) -> SaleCompleted | None:
    """Read the sale a receipt number stands for; None where it is not of this agent.

    Number n of a journal is its n-th sale, since numbers are contiguous from 1: a receipt is
    looked for so seldom that it is counted off instead of indexed at every sale.
    """
    _, _, last = receipt_no.rpartition("-")
    if not (last.isascii() and last.isdecimal() and 0 < int(last) <= _SALES_MAX):
        return None
    rows = conn.execute(
        "SELECT no, id, store, till FROM head WHERE lane = ? AND receipts >= ?",
        (SALES, int(last)),
    ).fetchall()
    for number, journal_id, store, till in rows:
        if receipt_no == receipt_number(store, till, journal_id, int(last)):
            return _nth(conn, number, int(last))
    return None


def recent(conn: Connection, till: TillId, limit: int) -> list[SaleCompleted]:
    """Read a till's latest sales, newest first."""
    rows = conn.execute(
        "SELECT c.kind, c.version, b.bytes FROM chain c"
        " JOIN body b ON b.place = (c.journal << 40 | c.seq)"
        " WHERE c.journal = (SELECT no FROM journal WHERE till = ? AND lane = ? AND sealed = 0)"
        " AND c.kind = ? ORDER BY c.seq DESC LIMIT ?",
        (till, SALES, KINDS[SaleCompleted].kind, limit),
    ).fetchall()
    return [sale for row in rows if (sale := _sale(*row))]


def returned(conn: Connection, sale_id: SaleId) -> dict[int, Thousandths]:
    """Tell how much of each line of a sale was given back so far, at this agent's tills.

    Returns:
        Line number → quantity in thousandths, positive; lines never returned are absent.
    """
    rows = conn.execute(
        "SELECT line, quantity FROM returned WHERE sale_id = ?", (sale_id,)
    ).fetchall()
    return {line: Thousandths(quantity) for line, quantity in rows}


def _give_back(conn: Connection, original: ReturnOf, quantity: Thousandths) -> None:
    conn.execute(
        "INSERT INTO returned (sale_id, line, quantity) VALUES (?, ?, ?)"
        " ON CONFLICT (sale_id, line) DO UPDATE SET quantity = quantity + excluded.quantity",
        (original.sale_id, original.line, -quantity),
    )


def _nth(conn: Connection, number: int, n: int) -> SaleCompleted | None:
    row = conn.execute(
        "SELECT c.kind, c.version, b.bytes FROM body b JOIN chain c ON c.journal = ?1 AND c.seq ="
        " (SELECT seq FROM chain WHERE journal = ?1 AND kind = ?2 ORDER BY seq LIMIT 1 OFFSET ?3)"
        " WHERE b.place = (c.journal << 40 | c.seq)",
        (number, KINDS[SaleCompleted].kind, n - 1),
    ).fetchone()
    return None if row is None else _sale(*row)


def _sale(kind: int, version: int, body: bytes) -> SaleCompleted | None:
    fact = decode(kind, version, body)
    return fact if isinstance(fact, SaleCompleted) else None
