"""Recomputing everything: every chain from its genesis, bodies, cursors, receipt numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, Row, Select, bindparam, select

from agent.core.entries.bodies import SaleCompleted
from agent.core.entries.chain import commitment, genesis, link
from agent.core.entries.kinds import KINDS, SALES
from agent.core.exchange.credentials import key_id
from agent.core.faults import Fault
from agent.core.identifiers import JournalId, StoreId, TillId, receipt_number
from central.ledger.engine import reading
from central.ledger.tables import BODIES, CHAIN, CREDENTIALS, CURSORS, ERASE_ORDERS, JOURNALS

SLICE = 5000
"""Records of one transaction: short enough for the log of a serving HQ not to grow."""
VOUCHED_FOR = ""
"""In place of a journal's birth key: its genesis was taken from a credential of the root key."""


_BY_TILL = "numbered so by the till itself: "
"""How a fault begins that the chain vouches for: it was sealed like that, not changed here."""


def is_by_till(fault: str) -> bool:
    """Tell a fault the till made from one that was made here."""
    return fault.startswith(_BY_TILL)


def remedy_of(fault: str) -> str:
    """Say what to do about a fault of a journal, by who made it."""
    if is_by_till(fault):
        return (
            "nothing was changed here, and no backup has it otherwise: ask the store what became "
            "of these receipts (at the till: till-agent journal verify), and tell the maker"
        )
    return "keep a copy of the database, find out who changed it, restore a backup"


class JournalReport(msgspec.Struct, frozen=True):
    """What was found of one journal."""

    journal_id: str
    store: str
    till: str
    lane: str
    have_seq: int
    ok: bool
    fault: str | None = None
    """The first thing that does not hold, with its seq."""


class _Broken(Exception):
    """Something does not hold."""


class _Walk:
    """How far a journal was recomputed, between two slices."""

    def __init__(self, journal: Row[tuple[object, ...]]) -> None:
        """Stand at the genesis."""
        self.journal = journal
        self.seq = self.receipts = 0
        self.hash: bytes = journal.genesis
        self._stem = receipt_number(
            StoreId(journal.store), TillId(journal.till), JournalId(journal.journal_id), 0
        )[:-1]

    def step(self, conn: Connection, limit: int) -> bool:
        """Recompute the next records; False when the end was reached.

        Raises:
            _Broken: something does not hold.
        """
        count = 0
        for record in _records(conn, self.journal.journal_id, self.seq, limit):
            count += 1
            self._check(record)
        return count == limit

    def end(self, conn: Connection) -> None:
        """Hold what was recomputed against the cursor as it was found at the beginning.

        Raises:
            _Broken: the records end elsewhere.
        """
        journal_id, have_seq = self.journal.journal_id, self.journal.have_seq
        if (self.seq, self.hash) == (have_seq, self.journal.have_hash):
            return
        # Beside a serving HQ more may have come in since: then the cursor moved with it.
        now = conn.execute(
            select(CURSORS.c.have_seq, CURSORS.c.have_hash).where(
                CURSORS.c.journal_id == journal_id
            )
        ).one()
        if self.seq < have_seq or (self.seq, self.hash) != (now.have_seq, now.have_hash):
            raise _Broken(f"the cursor says seq {now.have_seq}, the records end with {self.seq}")

    def _check(self, record: _Record) -> None:
        if record.seq != self.seq + 1:
            raise _Broken(f"seq {self.seq + 1} is missing")
        self.seq = record.seq
        self.hash = _check_link(self.journal.journal_id, record, self.hash)
        if self.journal.lane == SALES and record.kind == _SALE.kind:
            self.receipts += 1
            _check_receipt(record, f"{self._stem}{self.receipts}")


class _Record(NamedTuple):
    """One record with its body, in the order of `_records`."""

    seq: int
    kind: int
    version: int
    commitment: bytes
    hash: bytes
    salt: bytes | None
    body: bytes | None
    erased_by: str | None


class _Numbered(msgspec.Struct, frozen=True):
    """All that is read of a sale."""

    receipt_no: str


def verify(conn: Connection) -> Iterator[JournalReport]:
    """Verify every journal, one report each; reads everything, so call it in `reading`."""
    for journal in _journals(conn):
        yield _report(journal, lambda walk: _in_one(conn, walk))


def verify_slices(engine: Engine, slice_: int = SLICE) -> Iterator[JournalReport]:
    """Verify every journal in many short transactions, beside an HQ that serves.

    A chain is insert-only: what was recomputed once stays recomputed, and the next transaction
    goes on behind it. What comes in meanwhile is verified too, as far as it is met.
    """
    with reading(engine) as conn:
        journals = _journals(conn)
    for journal in journals:
        yield _report(journal, lambda walk: _in_slices(engine, walk, slice_))


def _in_one(conn: Connection, walk: _Walk) -> None:
    while walk.step(conn, SLICE):
        pass
    walk.end(conn)


def _in_slices(engine: Engine, walk: _Walk, slice_: int) -> None:
    more = True
    while more:
        with reading(engine) as conn:
            more = walk.step(conn, slice_)
            if not more:
                walk.end(conn)


def _journals(conn: Connection) -> list[Row[tuple[object, ...]]]:
    query = select(JOURNALS, CURSORS.c.have_seq, CURSORS.c.have_hash, CREDENTIALS.c.device_key)
    rows = conn.execute(
        query.join_from(JOURNALS, CURSORS, JOURNALS.c.journal_id == CURSORS.c.journal_id)
        .outerjoin(CREDENTIALS, JOURNALS.c.keyid == CREDENTIALS.c.keyid)
        .order_by(JOURNALS.c.store, JOURNALS.c.till, JOURNALS.c.bound_at, JOURNALS.c.lane)
    )
    return list(rows)


def unbound(conn: Connection) -> list[str]:
    """List journals that hold records but belong to no till: someone wrote past the intake."""
    known = select(JOURNALS.c.journal_id)
    query = select(CHAIN.c.journal_id).where(CHAIN.c.journal_id.not_in(known)).distinct()
    return list(conn.execute(query).scalars())


def _report(journal: Row[tuple[object, ...]], recompute: Callable[[_Walk], None]) -> JournalReport:
    fault, have_seq = None, journal.have_seq
    try:
        _check_genesis(journal)
        walk = _Walk(journal)
        recompute(walk)
        have_seq = walk.seq
    except _Broken as broken:
        fault = str(broken)
    except (Fault, TypeError, ValueError) as error:
        # A column somebody filled with another type or size cannot even be recomputed.
        fault = f"the journal cannot be recomputed: {error}"
    return JournalReport(
        journal.journal_id,
        journal.store,
        journal.till,
        journal.lane,
        have_seq,
        fault is None,
        fault,
    )


def _check_genesis(journal: Row[tuple[object, ...]]) -> None:
    device_key = bytes.fromhex(journal.device_key or "")
    # The key it was begun under: its owner may have been given another one since.
    birth_key = bytes.fromhex(journal.birth_key) if journal.birth_key else device_key
    first = genesis(
        JournalId(journal.journal_id),
        StoreId(journal.store),
        TillId(journal.till),
        journal.lane,
        birth_key,
        journal.predecessor_hash or b"",
    )
    is_known = journal.birth_key == VOUCHED_FOR or first == journal.genesis
    # Of a journal that came as a file HQ knows the key it was begun under, and no device.
    owners = {key_id(device_key), key_id(birth_key)} if journal.birth_key else {key_id(device_key)}
    if journal.keyid not in owners or not is_known:
        raise _Broken("the genesis is not that of this store, till, lane and device key")


def _records(conn: Connection, journal_id: str, after: int, limit: int) -> Iterator[_Record]:
    rows = conn.execute(_RECORDS, {"of_journal": journal_id, "above": after, "at_most": limit})
    return map(_Record._make, rows)


def _check_link(journal_id: str, record: _Record, before: bytes) -> bytes:
    if record.body is None and record.erased_by is None:
        raise _Broken(f"the body of seq {record.seq} is gone without an order")
    if record.body is not None and commitment(record.salt or b"", record.body) != record.commitment:
        raise _Broken(f"the body of seq {record.seq} is not the one that was sealed")
    hash_ = link(
        JournalId(journal_id),
        record.seq,
        before,
        record.kind,
        record.version,
        record.commitment,
    )
    if hash_ != record.hash:
        raise _Broken(f"the chain breaks at seq {record.seq}")
    return hash_


def _check_receipt(record: _Record, expected: str) -> None:
    """Receipt numbers are contiguous from 1; an erased sale keeps its place."""
    if record.body is None or record.version != _SALE.version:
        return  # A newer till's sale: its place counts, its text is not ours to read.
    try:
        number = _NUMBERED.decode(record.body).receipt_no
    except (msgspec.DecodeError, UnicodeDecodeError):
        return  # Nobody can read it: it is in quarantine, and its place counts.
    if number != expected:
        raise _Broken(f"{_BY_TILL}seq {record.seq} has receipt {number}, not {expected}")


def _query() -> Select[tuple[object, ...]]:
    body = (BODIES.c.journal_id == CHAIN.c.journal_id) & (BODIES.c.seq == CHAIN.c.seq)
    order = (ERASE_ORDERS.c.journal_id == CHAIN.c.journal_id) & (ERASE_ORDERS.c.seq == CHAIN.c.seq)
    order &= ERASE_ORDERS.c.commitment == CHAIN.c.commitment
    held = CHAIN.c
    return (
        select(
            held.seq,
            held.kind,
            held.version,
            held.commitment,
            held.hash,
            BODIES.c.salt,
            BODIES.c.body,
            ERASE_ORDERS.c.erased_by,
        )
        .select_from(CHAIN)
        .outerjoin(BODIES, body)
        .outerjoin(ERASE_ORDERS, order)
        .where(held.journal_id == bindparam("of_journal"), held.seq > bindparam("above"))
        .order_by(held.seq)
        .limit(bindparam("at_most"))
    )


_RECORDS = _query()
_SALE = KINDS[SaleCompleted]
_NUMBERED = msgspec.json.Decoder(_Numbered)
