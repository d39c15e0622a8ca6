"""Proving that the journals are what was written: every hash, every body, every number.

Nothing here trusts a count or a read model: all of it is recomputed from the chain and compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import msgspec

from agent.core.entries.bodies import Body, SaleCompleted, TillClosed
from agent.core.entries.canonical import decode
from agent.core.entries.kinds import KINDS, SALES
from agent.core.faults import InputFault
from agent.core.identifiers import JournalId, ReceiptNo, TillId, receipt_number
from agent.journal.connection import Connection
from agent.journal.links import Broken, EntryRow, JournalRow, check_genesis, journals, walk
from agent.journal.tails import SEQ_BITS

_SALE = KINDS[SaleCompleted].kind
_CLOSING = KINDS[TillClosed].kind


class JournalReport(msgspec.Struct, frozen=True):
    """What verification found of one journal."""

    journal_id: JournalId
    till: TillId
    lane: str
    tail_seq: int
    ok: bool
    fault: str | None = None
    """The first thing that is wrong, with the entry's number."""


class _Numbers:
    """What the entries walked so far add up to."""

    def __init__(self, receipts: int = 0, z_number: int = 0, closed_seq: int = 0) -> None:
        self.receipts, self.z_number, self.closed_seq = receipts, z_number, closed_seq
        self.bodies = 0

    def take(self, row: EntryRow) -> None:
        """Add one entry, which must say the same of itself."""
        self.bodies += row.body is not None
        self.receipts += row.kind == _SALE
        if row.kind == _CLOSING:
            self.z_number, self.closed_seq = self.z_number + 1, row.seq
        taken = (row.receipts, row.z_number, row.closed_seq)
        found = (self.receipts, self.z_number, self.closed_seq)
        if taken != found:
            raise Broken(
                f"entry {row.seq} says that receipts, Z number and last closing are {taken}, the "
                f"chain's are {found}"
            )


Returned = Counter[tuple[str, int]]
"""(sale, line) → thousandths given back."""


def verify(conn: Connection) -> list[JournalReport]:
    """Check every journal from its genesis to its tail, and all that is derived from it.

    One broken journal does not keep another from being checked.
    """
    returned: Returned = Counter()
    reports = [
        _report(journal, partial(_check_all, conn, returned=returned)) for journal in journals(conn)
    ]
    reports += _strays(conn)
    if all(report.ok for report in reports):
        reports += _miscounted(conn, returned)
    return reports


def verify_recent(conn: Connection, links: int) -> list[JournalReport]:
    """Check only the last links of every journal, with their bodies and where they end."""
    return [
        _report(journal, partial(_check_recent, conn, links=links)) for journal in journals(conn)
    ]


def _report(journal: JournalRow, check: Callable[[JournalRow], None]) -> JournalReport:
    fault = None
    try:
        check_genesis(journal)
        check(journal)
    except Broken as broken:
        fault = str(broken)
    return JournalReport(
        journal.id, journal.till, journal.lane, journal.tail_seq, fault is None, fault
    )


def _check_recent(conn: Connection, journal: JournalRow, *, links: int) -> None:
    base = max(0, journal.tail_seq - links)
    numbers = _Numbers(*_taken_at(conn, journal, base))
    for row in walk(conn, journal, base):
        numbers.take(row)
    _check_end(conn, journal)


def _taken_at(conn: Connection, journal: JournalRow, base: int) -> tuple[int, int, int]:
    """Believe what an entry says of itself that is not checked itself."""
    row = conn.execute(
        "SELECT receipts, z_number, closed_seq FROM chain WHERE journal = ? AND seq = ?",
        (journal.no, base),
    ).fetchone()
    return (0, 0, 0) if row is None else (row[0], row[1], row[2])


def _check_all(conn: Connection, journal: JournalRow, *, returned: Returned) -> None:
    numbers = _Numbers()
    for row in walk(conn, journal, 0):
        numbers.take(row)
        if row.kind == _SALE:
            _check_sale(conn, journal, row, numbers.receipts, returned)
        elif row.kind == _CLOSING:
            _check_closing(row, numbers.z_number)
    _check_end(conn, journal)
    _check_counts(conn, journal, numbers)
    _check_acked(conn, journal)


def _check_end(conn: Connection, journal: JournalRow) -> None:
    """No body and no erase order stands behind the last entry: every entry has one of them."""
    first, last = journal.no << SEQ_BITS, (journal.no + 1 << SEQ_BITS) - 1
    found = conn.execute(
        "SELECT max(coalesce((SELECT max(place) FROM body WHERE place BETWEEN ?1 AND ?2), ?1),"
        " coalesce((SELECT max(place) FROM erase_order WHERE place BETWEEN ?1 AND ?2), ?1)) - ?1",
        (first, last),
    ).fetchall()[0][0]
    if found > journal.tail_seq:
        raise Broken(
            f"the chain ends at entry {journal.tail_seq}, the bodies go on to entry {found}"
        )


def _check_sale(
    conn: Connection, journal: JournalRow, row: EntryRow, n: int, returned: Returned
) -> None:
    """The sale carries the next receipt number, and the index finds it."""
    body = _body(row)
    if not isinstance(body, SaleCompleted):
        return
    due = receipt_number(journal.store, journal.till, journal.id, n)
    _compare(row.seq, "receipt number", due, body.receipt_no)
    indexed = conn.execute(
        "SELECT journal, seq FROM sale_index WHERE sale_id = ?", (body.sale_id,)
    ).fetchone()
    if indexed != (journal.no, row.seq):
        raise Broken(f"the sale in entry {row.seq} is not indexed by its id {body.sale_id}")
    for line in body.lines:
        if line.returns is not None and not line.voided:
            returned[line.returns.sale_id, line.returns.line] -= line.quantity


def _check_closing(row: EntryRow, z_number: int) -> None:
    body = _body(row)
    if isinstance(body, TillClosed):
        _compare(row.seq, "Z number", z_number, body.z_number)


def _check_counts(conn: Connection, journal: JournalRow, numbers: _Numbers) -> None:
    """No index row and no body stands beside the chain."""
    sales = conn.execute(
        "SELECT count(*) FROM sale_index WHERE journal = ?", (journal.no,)
    ).fetchall()[0][0]
    if sales != numbers.receipts:
        raise Broken(f"{sales} sales are indexed, the chain holds {numbers.receipts}")
    first = journal.no << SEQ_BITS
    bodies = conn.execute(
        "SELECT count(*) FROM body WHERE place BETWEEN ? AND ?", (first, first + 2**SEQ_BITS - 1)
    ).fetchall()[0][0]
    if bodies != numbers.bodies:
        raise Broken(f"{bodies} bodies are stored, the chain has {numbers.bodies}")


def _check_acked(conn: Connection, journal: JournalRow) -> None:
    row = conn.execute("SELECT seq, hash FROM acked WHERE journal = ?", (journal.no,)).fetchone()
    if row is None or row[0] == 0:
        return
    seq, acked = row
    held = conn.execute(
        "SELECT hash FROM chain WHERE journal = ? AND seq = ?", (journal.no, seq)
    ).fetchone()
    if held is None:
        raise Broken(f"HQ acknowledged entry {seq}, which the journal does not hold")
    if held[0] != acked:
        raise Broken(f"HQ acknowledged another entry under number {seq}")


def _strays(conn: Connection) -> list[JournalReport]:
    """Report entries that belong to no journal at all."""
    rows = conn.execute(
        "SELECT journal, max(seq) FROM chain WHERE journal NOT IN (SELECT no FROM journal)"
        " GROUP BY journal"
    ).fetchall()
    return [
        JournalReport(
            JournalId(f"number {no}"),
            TillId("?"),
            "?",
            seq,
            ok=False,
            fault="the entries belong to no journal",
        )
        for no, seq in rows
    ]


def _miscounted(conn: Connection, returned: Returned) -> list[JournalReport]:
    """Report what is noted as given back and was not, or the other way round."""
    noted: Returned = Counter()
    for sale_id, line, quantity in conn.execute("SELECT * FROM returned").fetchall():
        noted[sale_id, line] = quantity
    return [
        JournalReport(
            JournalId("returned"),
            TillId("?"),
            SALES,
            0,
            ok=False,
            fault=f"of line {line} of sale {sale_id}, {noted[sale_id, line]} thousandths are noted "
            f"as returned, the sales say {returned[sale_id, line]}",
        )
        for sale_id, line in sorted(noted.keys() | returned.keys())
        if noted[sale_id, line] != returned[sale_id, line]
    ]


def _body(row: EntryRow) -> Body | None:
    if row.body is None:
        return None
    try:
        return decode(row.kind, row.version, row.body)
    except InputFault as problem:
        raise Broken(f"the body of entry {row.seq}: {problem.detail}") from problem


def _compare(seq: int, what: str, expected: ReceiptNo | str | int, found: object) -> None:
    if found != expected:
        raise Broken(f"entry {seq} carries the {what} {found}, {expected} is due")
