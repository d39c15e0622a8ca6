"""Finding completed sales again: by id, by receipt, the latest; and what was given back of them.

`sale_index` and `returned` follow from the chain; they move in the transaction of the sale. A sale
that was carried into a successor journal is found where it was first written; by its carried copy
only where that is all there is of it (a journal salvaged from a damaged file).
"""

from __future__ import annotations

from pysqlite3 import dbapi2

from agent.core.entries.bodies import EntryCarried, SaleCompleted
from agent.core.entries.carried import inner, read
from agent.core.entries.kinds import KINDS, SALES
from agent.core.faults import Fault, StateFault
from agent.core.identifiers import ReceiptNo, SaleId, TillId, receipt_number
from agent.core.quantities import Thousandths
from agent.core.sale.model import ReturnOf
from agent.journal.connection import Connection
from agent.journal.faults import EntryPruned
from agent.journal.lineage import lineage

_SALE = KINDS[SaleCompleted].kind
_CARRIED = KINDS[EntryCarried].kind
_OF_SALE = f'"kind":{_SALE},'.encode()
"""In the canonical bytes of a carried entry: that a sale is carried."""
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


def index_carried(conn: Connection, number: int, seq: int, carried: EntryCarried) -> None:
    """Note where a carried sale stands, unless it is found where it was first written."""
    if carried.kind != _SALE:
        return
    try:
        sale = inner(carried)
    except Fault:
        return  # Of a newer program, or damaged: it is kept and travels, unread.
    if isinstance(sale, SaleCompleted) and place(conn, sale.sale_id) is None:
        index(conn, number, seq, sale)


def place(conn: Connection, sale_id: SaleId) -> tuple[int, int] | None:
    """Tell where a sale stands: the journal's number in this file, and the seq."""
    row = conn.execute(
        "SELECT journal, seq FROM sale_index WHERE sale_id = ?", (sale_id,)
    ).fetchone()
    return None if row is None else (row[0], row[1])


def completed(conn: Connection, sale_id: SaleId) -> SaleCompleted | None:
    """Read a completed sale of any till of this agent; None where there is none, or it was erased.

    Raises:
        EntryPruned: `sale-pruned`: it is so old that only HQ still has its text.
    """
    row = conn.execute(
        "SELECT c.kind, c.version, b.bytes, p.upto_seq FROM sale_index s"
        " JOIN chain c ON c.journal = s.journal AND c.seq = s.seq"
        " LEFT JOIN body b ON b.place = (s.journal << 40 | s.seq)"
        " LEFT JOIN pruned p ON b.place IS NULL AND p.journal = s.journal AND p.upto_seq >= s.seq"
        " WHERE s.sale_id = ?",
        (sale_id,),
    ).fetchone()
    if row is None or (row[2] is None and row[3] is None):
        return None
    if row[2] is None:
        raise EntryPruned(
            f"sale {sale_id} is so old that its text is no longer kept at this till",
            remedy="HQ has it; take its goods back by a return without a sale, with a reason",
            name="sale-pruned",
        )
    return _sale(row[0], row[1], row[2])


def by_receipt(conn: Connection, receipt_no: ReceiptNo) -> SaleCompleted | None:
    """Read the sale a receipt number stands for; None where it is not of this agent.

    Raises:
        EntryPruned: `sale-pruned`: it is so old that only HQ still has its text.
    """
    sale_id = id_of_receipt(conn, receipt_no)
    return None if sale_id is None else completed(conn, sale_id)


def id_of_receipt(conn: Connection, receipt_no: ReceiptNo) -> SaleId | None:
    """Tell which sale a receipt number stands for, pruned ones included.

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
    return _carried_receipt(conn, receipt_no)


def recent(conn: Connection, till: TillId, limit: int) -> list[SaleCompleted]:
    """Read a till's latest sales, newest first, those of predecessor journals included."""
    found: dict[SaleId, SaleCompleted] = {}
    for member in lineage(conn, till, SALES):
        for kind in (_SALE, _CARRIED) if member.carries else (_SALE,):
            for sale in _latest(conn, member.number, kind, limit):
                found.setdefault(sale.sale_id, sale)
            if len(found) >= limit:
                return list(found.values())[:limit]
    return list(found.values())


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


def _nth(conn: Connection, number: int, n: int) -> SaleId | None:
    row = conn.execute(
        "SELECT sale_id FROM sale_index WHERE journal = ?1 AND seq ="
        " (SELECT seq FROM chain WHERE journal = ?1 AND kind = ?2 ORDER BY seq LIMIT 1 OFFSET ?3)",
        (number, _SALE, n - 1),
    ).fetchone()
    return None if row is None else SaleId(row[0])


def _carried_receipt(conn: Connection, receipt_no: ReceiptNo) -> SaleId | None:
    """Look through what was salvaged: those sales stand in no journal of their own number."""
    rows = conn.execute(
        "SELECT c.kind, c.version, b.bytes FROM chain c"
        " JOIN body b ON b.place = (c.journal << 40 | c.seq)"
        " WHERE c.kind = ? AND c.journal IN (SELECT no FROM carrying)"
        " AND instr(b.bytes, ?) > 0",
        (_CARRIED, receipt_no.encode()),
    ).fetchall()
    sales = (_sale(*row) for row in rows)
    return next((each.sale_id for each in sales if each and each.receipt_no == receipt_no), None)


def _latest(conn: Connection, number: int, kind: int, limit: int) -> list[SaleCompleted]:
    """Read a journal's newest sales; carried ones stand beside other carried entries."""
    rows = conn.execute(
        "SELECT c.kind, c.version, b.bytes FROM chain c"
        " JOIN body b ON b.place = (c.journal << 40 | c.seq)"
        " WHERE c.journal = ? AND c.kind = ?"
        " AND (c.kind = 1 OR instr(b.bytes, ?) > 0)"
        " ORDER BY c.seq DESC LIMIT ?",
        (number, kind, _OF_SALE, limit),
    ).fetchall()
    return [sale for row in rows if (sale := _sale(*row))]


def _sale(kind: int, version: int, body: bytes) -> SaleCompleted | None:
    found = read(kind, version, body)
    return found if isinstance(found, SaleCompleted) else None
