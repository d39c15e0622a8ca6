"""Proving that the journals are what was written: every hash, every body, every number.

Nothing here trusts a count or a read model: all of it is recomputed from the chain and compared.
A body that was erased or pruned is proven by its commitment alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import msgspec

from agent.core.entries.bodies import Body, EntryCarried, SaleCompleted, TillClosed
from agent.core.entries.canonical import UnknownKind, decode
from agent.core.entries.carried import fact, holds, inner
from agent.core.entries.kinds import KINDS, SALES
from agent.core.faults import InputFault
from agent.core.identifiers import JournalId, ReceiptNo, TillId, receipt_number
from agent.journal import cursors, sales
from agent.journal.connection import Connection
from agent.journal.links import (
    Broken,
    EntryRow,
    JournalRow,
    check_genesis,
    check_succession,
    journals,
    walk,
)
from agent.journal.tails import SEQ_BITS

_SALE = KINDS[SaleCompleted].kind
_CLOSING = KINDS[TillClosed].kind
_CARRIED = KINDS[EntryCarried].kind


class JournalReport(msgspec.Struct, frozen=True):
    """What verification found of one journal."""

    journal_id: JournalId
    till: TillId
    lane: str
    tail_seq: int
    ok: bool
    fault: str | None = None
    """The first thing that is wrong, with the entry's number."""
    sealed: bool = False
    unacked: int = 0
    """Entries that HQ has not acknowledged: while there are any, this state directory must stay."""
    pruned_seq: int = 0
    """Up to here only the commitments are left, HQ has the rest."""


class _Numbers:
    """What the entries walked so far add up to."""

    def __init__(self, receipts: int = 0, z_number: int = 0, closed_seq: int = 0) -> None:
        self.receipts, self.z_number, self.closed_seq = receipts, z_number, closed_seq
        self.bodies = 0
        self.indexed = 0
        """Sales that the index finds here."""
        self.unread = 0
        """Sales without a body, which the index may find here."""

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
    held = journals(conn)
    reports = [
        _report(conn, journal, partial(_check_all, conn, returned=returned)) for journal in held
    ]
    reports += _strays(conn)
    if all(report.ok for report in reports):
        pruned = any(journal.pruned_seq for journal in held)
        reports += _miscounted(conn, returned, pruned=pruned)
    return reports


def verify_recent(conn: Connection, links: int) -> list[JournalReport]:
    """Check only the last links of every journal, with their bodies and where they end."""
    return [
        _report(conn, journal, partial(_check_recent, conn, links=links))
        for journal in journals(conn)
    ]


def _report(
    conn: Connection, journal: JournalRow, check: Callable[[JournalRow], None]
) -> JournalReport:
    fault = None
    try:
        check_genesis(journal)
        check_succession(conn, journal)
        check(journal)
    except Broken as broken:
        fault = str(broken)
    return JournalReport(
        journal.id,
        journal.till,
        journal.lane,
        journal.tail_seq,
        fault is None,
        fault,
        sealed=bool(journal.sealed),
        unacked=_unacked(conn, journal),
        pruned_seq=journal.pruned_seq,
    )


def _unacked(conn: Connection, journal: JournalRow) -> int:
    """Count what HQ has not acknowledged; what a successor carries is counted there."""
    row = conn.execute(
        "SELECT iif(?3, (SELECT min(seq) FROM succession WHERE predecessor = ?2), NULL),"
        " (SELECT seq FROM journal_end WHERE journal = ?1)",
        (journal.no, journal.id, journal.sealed),
    ).fetchall()[0]
    due = min([journal.tail_seq, *(int(seq) for seq in row if seq is not None)])
    return max(0, due - cursors.held_seq(conn, journal.id))


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
            _check_sale(conn, journal, row, numbers, returned)
        elif row.kind == _CLOSING:
            _check_closing(row, numbers.z_number)
        elif row.kind == _CARRIED:
            _check_carried(conn, journal, row, numbers, returned)
    _check_end(conn, journal)
    _check_pruned(conn, journal)
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
    conn: Connection, journal: JournalRow, row: EntryRow, numbers: _Numbers, returned: Returned
) -> None:
    """The sale carries the next receipt number, and the index finds it."""
    body = _body(row)
    if not isinstance(body, SaleCompleted):
        numbers.unread += 1
        return
    due = receipt_number(journal.store, journal.till, journal.id, numbers.receipts)
    _compare(row.seq, "receipt number", due, body.receipt_no)
    _check_indexed(conn, journal, row, body, numbers, returned)


def _check_carried(
    conn: Connection, journal: JournalRow, row: EntryRow, numbers: _Numbers, returned: Returned
) -> None:
    """What is carried is what its commitment says, unless it is marked as not proven."""
    carried = _body(row)
    if not isinstance(carried, EntryCarried):
        numbers.unread += 1
        return
    if carried.verified and not holds(carried):
        raise Broken(f"what entry {row.seq} carries is not what was sealed")
    try:
        body = inner(carried)
    except InputFault as problem:
        if carried.verified and problem.name != UnknownKind.name:
            raise Broken(f"what entry {row.seq} carries: {problem.detail}") from problem
        return
    if isinstance(body, SaleCompleted):
        found = sales.place(conn, body.sale_id)
        if carried.verified or found == (journal.no, row.seq):
            _check_indexed(conn, journal, row, body, numbers, returned)


def _check_indexed(
    conn: Connection,
    journal: JournalRow,
    row: EntryRow,
    body: SaleCompleted,
    numbers: _Numbers,
    returned: Returned,
) -> None:
    """The index finds the sale, here or in another entry that says the same."""
    found = sales.place(conn, body.sale_id)
    if found == (journal.no, row.seq):
        numbers.indexed += 1
        for line in body.lines:
            if line.returns is not None and not line.voided:
                returned[line.returns.sale_id, line.returns.line] -= line.quantity
    elif found is None or not _says(conn, found, body):
        raise Broken(f"the sale in entry {row.seq} is not indexed by its id {body.sale_id}")


def _says(conn: Connection, place: tuple[int, int], body: SaleCompleted) -> bool:
    """Tell whether the entry at a place says the same, as far as it can still be read."""
    row = conn.execute(
        "SELECT c.kind, c.version, b.bytes FROM chain c"
        " LEFT JOIN body b ON b.place = (c.journal << 40 | c.seq)"
        " WHERE c.journal = ? AND c.seq = ?",
        place,
    ).fetchone()
    if row is None or row[0] not in {_SALE, _CARRIED}:
        return False
    try:
        return row[2] is None or fact(decode(*row)) == body
    except InputFault:
        return False


def _check_pruned(conn: Connection, journal: JournalRow) -> None:
    """The mark is a position of this very chain."""
    if journal.pruned_seq:
        row = conn.execute(
            "SELECT hash FROM chain WHERE journal = ? AND seq = ?",
            (journal.no, journal.pruned_seq),
        ).fetchone()
        if row is None or row[0] != journal.pruned_hash:
            raise Broken(f"the journal was not pruned at entry {journal.pruned_seq} of this chain")


def _check_closing(row: EntryRow, z_number: int) -> None:
    body = _body(row)
    if isinstance(body, TillClosed):
        _compare(row.seq, "Z number", z_number, body.z_number)


def _check_counts(conn: Connection, journal: JournalRow, numbers: _Numbers) -> None:
    """No index row and no body stands beside the chain."""
    indexed = conn.execute(
        "SELECT count(*) FROM sale_index WHERE journal = ?", (journal.no,)
    ).fetchall()[0][0]
    held = numbers.indexed + numbers.unread
    if not numbers.indexed <= indexed <= held:
        raise Broken(f"{indexed} sales are indexed, the chain holds {held}")
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


def _miscounted(conn: Connection, returned: Returned, *, pruned: bool) -> list[JournalReport]:
    """Report what is noted as given back and was not, or the other way round.

    Of returns whose text was pruned nothing is left but the note: more may be noted then.
    """
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
        if noted[sale_id, line] < returned[sale_id, line]
        or (noted[sale_id, line] != returned[sale_id, line] and not pruned)
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
