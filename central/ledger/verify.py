"""Recomputing everything: every chain from its genesis, bodies, cursors, receipt numbers."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, Row, select

from agent.core.entries.bodies import SaleCompleted
from agent.core.entries.canonical import decode
from agent.core.entries.chain import commitment, genesis, link
from agent.core.entries.kinds import KINDS, SALES
from agent.core.exchange.credentials import key_id
from agent.core.faults import Fault
from agent.core.identifiers import JournalId, StoreId, TillId, receipt_number
from central.ledger.tables import BODIES, CHAIN, CREDENTIALS, CURSORS, ERASE_ORDERS, JOURNALS

_FETCH = 1000
VOUCHED_FOR = ""
"""In place of a journal's birth key: its genesis was taken from a credential of the root key."""


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


def verify(conn: Connection) -> Iterator[JournalReport]:
    """Verify every journal, one report each; reads everything, so call it in `reading`."""
    query = select(JOURNALS, CURSORS.c.have_seq, CURSORS.c.have_hash, CREDENTIALS.c.device_key)
    rows = conn.execute(
        query.join_from(JOURNALS, CURSORS, JOURNALS.c.journal_id == CURSORS.c.journal_id)
        .outerjoin(CREDENTIALS, JOURNALS.c.keyid == CREDENTIALS.c.keyid)
        .order_by(JOURNALS.c.store, JOURNALS.c.till, JOURNALS.c.bound_at, JOURNALS.c.lane)
    ).all()
    for journal in rows:
        yield _report(conn, journal)


def unbound(conn: Connection) -> list[str]:
    """List journals that hold records but belong to no till: someone wrote past the intake."""
    known = select(JOURNALS.c.journal_id)
    query = select(CHAIN.c.journal_id).where(CHAIN.c.journal_id.not_in(known)).distinct()
    return list(conn.execute(query).scalars())


def _report(conn: Connection, journal: Row[tuple[object, ...]]) -> JournalReport:
    fault = None
    try:
        _check_genesis(journal)
        _check_records(conn, journal)
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
        journal.have_seq,
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


def _check_records(conn: Connection, journal: Row[tuple[object, ...]]) -> None:
    hash_, seq, receipts = journal.genesis, 0, 0
    for record in _records(conn, journal.journal_id):
        if record.seq != seq + 1:
            raise _Broken(f"seq {seq + 1} is missing")
        seq = record.seq
        hash_ = _check_link(journal, record, hash_)
        if journal.lane == SALES and record.kind == KINDS[SaleCompleted].kind:
            receipts += 1
            _check_receipt(journal, record, receipts)
    if (seq, hash_) != (journal.have_seq, journal.have_hash):
        raise _Broken(f"the cursor says seq {journal.have_seq}, the records end with {seq}")


def _records(conn: Connection, journal_id: str) -> Iterator[Row[tuple[object, ...]]]:
    body = (BODIES.c.journal_id == CHAIN.c.journal_id) & (BODIES.c.seq == CHAIN.c.seq)
    order = (ERASE_ORDERS.c.journal_id == CHAIN.c.journal_id) & (ERASE_ORDERS.c.seq == CHAIN.c.seq)
    query = (
        select(CHAIN, BODIES.c.salt, BODIES.c.body, ERASE_ORDERS.c.erased_by)
        .select_from(CHAIN)
        .outerjoin(BODIES, body)
        .outerjoin(ERASE_ORDERS, order)
        .where(CHAIN.c.journal_id == journal_id)
        .order_by(CHAIN.c.seq)
    )
    return iter(conn.execution_options(yield_per=_FETCH).execute(query))


def _check_link(
    journal: Row[tuple[object, ...]], record: Row[tuple[object, ...]], before: bytes
) -> bytes:
    if record.body is None and record.erased_by is None:
        raise _Broken(f"the body of seq {record.seq} is gone without an order")
    if record.body is not None and commitment(record.salt, record.body) != record.commitment:
        raise _Broken(f"the body of seq {record.seq} is not the one that was sealed")
    hash_ = link(
        JournalId(journal.journal_id),
        record.seq,
        before,
        record.kind,
        record.version,
        record.commitment,
    )
    if hash_ != record.hash:
        raise _Broken(f"the chain breaks at seq {record.seq}")
    return hash_


def _check_receipt(
    journal: Row[tuple[object, ...]], record: Row[tuple[object, ...]], n: int
) -> None:
    """Receipt numbers are contiguous from 1; an erased sale keeps its place."""
    if record.body is None:
        return
    try:
        body = decode(record.kind, record.version, record.body)
    except Fault:
        return  # A newer till's sale: its place counts, its text is not ours to read.
    expected = receipt_number(
        StoreId(journal.store), TillId(journal.till), JournalId(journal.journal_id), n
    )
    if isinstance(body, SaleCompleted) and body.receipt_no != expected:
        raise _Broken(f"seq {record.seq} has receipt {body.receipt_no}, not {expected}")
