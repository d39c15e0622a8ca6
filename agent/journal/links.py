"""Walking a journal's chain and recomputing every link of it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from agent.core.entries.chain import Link, commitment, genesis, linker
from agent.core.faults import InputFault
from agent.core.identifiers import JournalId, StoreId, TillId
from agent.journal.connection import Connection

PAGE = 500
"""Rows read at once: bounded memory on a journal of any length."""


class Broken(Exception):
    """Something is not what was written; the text says what, with the entry's number."""


class JournalRow(msgspec.Struct, frozen=True):
    """A journal as it stands in the file, not yet believed."""

    no: int
    id: JournalId
    store: StoreId
    till: TillId
    lane: str
    device_key: bytes
    predecessor: bytes
    genesis: bytes
    tail_seq: int
    """The newest entry; 0 while there is none."""
    sealed: int = 0
    pruned_seq: int = 0
    """Up to here bodies may be missing."""
    pruned_hash: bytes = b""


class EntryRow(msgspec.Struct, frozen=True):
    """An entry as it stands in the file."""

    seq: int
    kind: int
    version: int
    commitment: bytes
    hash: bytes
    receipts: int
    z_number: int
    closed_seq: int
    salt: bytes | None
    body: bytes | None
    order_id: str | None
    """The erase order behind a missing body."""


def journals(conn: Connection) -> list[JournalRow]:
    """Read all journals."""
    rows = conn.execute(
        "SELECT no, id, store, till, lane, device_key, predecessor, genesis, tail_seq, sealed,"
        " coalesce(p.upto_seq, 0), coalesce(p.upto_hash, x'')"
        " FROM head LEFT JOIN pruned p ON p.journal = no ORDER BY no"
    ).fetchall()
    return [JournalRow(*row) for row in rows]


def check_genesis(journal: JournalRow) -> None:
    """Recompute the hash that binds the journal to its till and device.

    Raises:
        Broken: it is another one.
    """
    try:
        expected = genesis(
            journal.id,
            journal.store,
            journal.till,
            journal.lane,
            journal.device_key,
            journal.predecessor,
        )
    except InputFault as problem:
        raise Broken(f"the head cannot be one: {problem.detail}") from problem
    if journal.genesis != expected:
        raise Broken("the genesis does not bind this journal to its store, till and device")


def check_succession(conn: Connection, journal: JournalRow) -> None:
    """Check that a successor goes on from where its genesis says, and a first journal from nowhere.

    Raises:
        Broken: it does not.
    """
    row = conn.execute(
        "SELECT s.hash, coalesce(c.hash, iif(s.seq = 0, j.genesis, NULL), s.hash), j.sealed"
        " FROM succession s LEFT JOIN journal j ON j.id = s.predecessor"
        " LEFT JOIN chain c ON c.journal = j.no AND c.seq = s.seq WHERE s.journal = ?",
        (journal.no,),
    ).fetchone()
    if row is None:
        if journal.predecessor and not journal.sealed:
            raise Broken("it goes on from another journal, and nothing says from which")
        return
    if row[0] != journal.predecessor:
        raise Broken("it does not go on from the entry its genesis names")
    if row[1] != row[0]:
        raise Broken("its predecessor holds another entry where it goes on from")
    if row[2] == 0 and not journal.sealed:
        raise Broken("its predecessor was not sealed")


def walk(conn: Connection, journal: JournalRow, base: int) -> Iterator[EntryRow]:
    """Give the entries after seq `base`, each once its link and its body are proven.

    Raises:
        Broken: a row is missing, or a hash is not that of its entry.
    """
    seq, previous, linked = base, _hash_at(conn, journal, base), _linker(journal)
    while page := _page(conn, journal, seq):
        for row in page:
            if row.seq != seq + 1:
                raise Broken(f"entry {seq + 1} is missing")
            _check_link(linked, row, previous)
            if row.body is None or row.order_id is not None:
                _check_absent(journal, row)
            else:
                _check_body(row)
            yield row
            seq, previous = row.seq, row.hash


def _page(conn: Connection, journal: JournalRow, after: int) -> list[EntryRow]:
    rows = conn.execute(
        "SELECT c.seq, c.kind, c.version, c.commitment, c.hash, c.receipts, c.z_number,"
        " c.closed_seq, b.salt, b.bytes, e.order_id"
        " FROM chain c LEFT JOIN body b ON b.place = (c.journal << 40 | c.seq)"
        " LEFT JOIN erase_order e ON e.place = (c.journal << 40 | c.seq)"
        " WHERE c.journal = ? AND c.seq > ? ORDER BY c.seq LIMIT ?",
        (journal.no, after, PAGE),
    ).fetchall()
    return [EntryRow(*row) for row in rows]


def _hash_at(conn: Connection, journal: JournalRow, seq: int) -> bytes:
    if seq == 0:
        return journal.genesis
    row = conn.execute(
        "SELECT hash FROM chain WHERE journal = ? AND seq = ?", (journal.no, seq)
    ).fetchone()
    if row is None:
        raise Broken(f"entry {seq} is missing")
    found: bytes = row[0]
    return found


def _linker(journal: JournalRow) -> Link:
    try:
        return linker(journal.id)
    except InputFault as problem:
        raise Broken(f"the head cannot be one: {problem.detail}") from problem


def _check_link(linked: Link, row: EntryRow, previous: bytes) -> None:
    try:
        expected = linked(row.seq, previous, row.kind, row.version, row.commitment)
    except InputFault as problem:
        raise Broken(f"entry {row.seq} cannot be one: {problem.detail}") from problem
    if row.hash != expected:
        raise Broken(f"the hash of entry {row.seq} is not that of its content and predecessor")


def _check_absent(journal: JournalRow, row: EntryRow) -> None:
    """A body is missing by an erase order or below the pruned mark, and by nothing else."""
    if row.body is not None:
        raise Broken(f"the body of entry {row.seq} is there in spite of erase order {row.order_id}")
    if row.order_id is None and row.seq > journal.pruned_seq:
        raise Broken(f"the body of entry {row.seq} is missing without an erase order")


def _check_body(row: EntryRow) -> None:
    try:
        expected = commitment(row.salt or b"", row.body or b"")
    except InputFault as problem:
        raise Broken(f"entry {row.seq} cannot be one: {problem.detail}") from problem
    if row.commitment != expected:
        raise Broken(f"the body of entry {row.seq} is not the one that was sealed")
