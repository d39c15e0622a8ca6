"""Appending to the journals and reading them back: the only way a fact is stored.

`append` writes the chain row (with it, its journal's new end), the body and the read models that
follow from the entry; the caller's transaction makes them one. Where a fact is read, a carried
entry gives the fact it carries.
"""

from __future__ import annotations

from itertools import takewhile
from typing import Any

import msgspec

from agent.core.entries.bodies import Body, EntryCarried, SaleCompleted
from agent.core.entries.carried import read
from agent.core.entries.chain import commits
from agent.core.entries.entry import Sealed, seal
from agent.core.entries.kinds import EITHER, LANES, SALES, kind_of
from agent.core.exchange.wire import WireRecord
from agent.core.faults import InputFault, NotFoundFault
from agent.core.identifiers import JournalId, TillId
from agent.journal import sales, tails
from agent.journal.connection import Connection
from agent.journal.faults import EntryPruned, JournalDamaged
from agent.journal.memory import memory_of
from agent.journal.tails import SEQ_BITS, SEQ_MAX, Tail

# FAIL instead of ABORT: one row is taken or not, there is nothing of the statement to take back.
_INSERT_ENTRY = (
    "INSERT OR FAIL INTO chain (journal, seq, kind, version, commitment, hash, receipts, z_number,"
    " closed_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_BODY = "INSERT OR FAIL INTO body (place, salt, bytes) VALUES (?, ?, ?)"


class Appended(msgspec.Struct, frozen=True):
    """Where an entry was written."""

    journal_id: JournalId
    seq: int
    hash: bytes
    lane: str


class Head(msgspec.Struct, frozen=True):
    """A journal and its last entry; seq 0 and the genesis while it has none."""

    journal_id: JournalId
    till: TillId
    lane: str
    genesis: bytes
    tail_seq: int
    tail_hash: bytes
    sealed: bool = False
    """Closed for ever: only to be sent and verified."""
    held_seq: int | None = None
    """Where the journal's successor goes on from: what is above is carried there. None while the
    journal has no successor in this file."""

    @property
    def due_seq(self) -> int:
        """Up to where HQ is to get this journal itself: `due_seq` − acked is its backlog."""
        return self.tail_seq if self.held_seq is None else min(self.held_seq, self.tail_seq)


def append(
    conn: Connection,
    till: TillId,
    body: Body,
    *,
    salt: bytes,
    tail: Tail | None = None,
    lane: str | None = None,
) -> Appended:
    """Write a fact at the end of the till's journal of its lane.

    Args:
        conn: within the writer's transaction.
        till: whose journal.
        body: the fact; its kind decides the lane.
        salt: 16 fresh random bytes.
        tail: where that journal ends, if this transaction has read it already.
        lane: of a body that may stand in either; any other decides by itself.

    Raises:
        InputFault: `lane-missing`: a body that may stand in either lane came without one.
        StateFault: `already-recorded`, the sale is in a journal; `receipt-out-of-order`, its
            receipt number is not the one `next_receipt` gave; `z-out-of-order` likewise.
        NotFoundFault: `unknown-till`, no journals were made for this till.
    """
    lane = _lane(body, lane)
    if tail is None or (tail.till, tail.lane) != (till, lane):
        tail = tails.open_tail(conn, till, lane)
    tails.check_next(tail, body)
    sealed = seal(tail.journal_id, tail.seq + 1, tail.hash, body, salt)
    _write(conn, tails.moved(tail, sealed, body), sealed)
    if isinstance(body, SaleCompleted):
        sales.index(conn, tail.number, sealed.seq, body)
    elif isinstance(body, EntryCarried):
        sales.index_carried(conn, tail.number, sealed.seq, body)
    return Appended(tail.journal_id, sealed.seq, sealed.hash, lane)


def sales_tail(conn: Connection, till: TillId) -> Tail:
    """Read where the till's `sales` journal ends, to number a sale and then append it.

    Raises:
        NotFoundFault: `unknown-till`, no journals were made for this till.
    """
    return tails.open_tail(conn, till, SALES)


def next_receipt(conn: Connection, till: TillId) -> tuple[JournalId, int]:
    """Give the journal and the n of the till's next receipt number.

    The number is taken by appending the sale that carries it, in the same transaction.
    """
    return tails.next_receipt(conn, till)


def heads(conn: Connection) -> list[Head]:
    """List all journals, sealed ones included, in the order they were made."""
    rows = conn.execute(
        "SELECT id, till, lane, genesis, tail_seq, tail_hash, sealed,"
        " iif(sealed, (SELECT min(seq) FROM succession WHERE predecessor = head.id), NULL),"
        " (SELECT seq FROM journal_end WHERE journal = head.no) FROM head ORDER BY no"
    ).fetchall()
    return [Head(*(*row[:6], bool(row[6]), _held(row[7], row[8]))) for row in rows]


def _held(goes_on: int | None, ends: int | None) -> int | None:
    """Give where a journal's own way to HQ ends: where it was succeeded, or even before."""
    if goes_on is None or ends is None:
        return goes_on
    return min(goes_on, ends)


def records(
    conn: Connection, journal_id: JournalId, base: int, limit: int, *, proven: bool = False
) -> list[WireRecord]:
    """Give up to `limit` entries from seq `base` on, as they travel; erased ones without body.

    Args:
        conn: any connection to the journal.
        journal_id: whose entries.
        base: the first of them.
        limit: how many at most.
        proven: give only those before the first whose body is not the one that was sealed: HQ would
            take it for another past.

    Raises:
        EntryPruned: `entry-pruned`: the bodies at `base` were pruned, because HQ had them safe.
        JournalDamaged: a body is missing that nothing allows to be, or, of `proven` ones, the
            first is torn.
    """
    rows = conn.execute(
        "SELECT c.seq, c.kind, c.version, b.salt, b.bytes, c.commitment, e.order_id FROM chain c"
        " LEFT JOIN body b ON b.place = (c.journal << 40 | c.seq)"
        " LEFT JOIN erase_order e ON b.place IS NULL AND e.place = (c.journal << 40 | c.seq)"
        " WHERE c.journal = (SELECT no FROM journal WHERE id = ?) AND c.seq >= ?"
        " ORDER BY c.seq LIMIT ?",
        (journal_id, base, limit),
    ).fetchall()
    if any(row[4] is None and row[6] is None for row in rows):
        raise _without_body(conn, journal_id, rows)
    if not proven:
        return [_wire(row) for row in rows]
    whole = list(takewhile(_is_sealed, rows))
    if rows and not whole:
        raise _torn(journal_id, base)
    return [_wire(row) for row in whole]


def hash_at(conn: Connection, journal_id: JournalId, seq: int) -> bytes:
    """Give the chain hash at a seq; the genesis at 0.

    Raises:
        NotFoundFault: there is no such journal or entry.
    """
    sql = "SELECT hash FROM chain WHERE journal = (SELECT no FROM journal WHERE id = ?) AND seq = ?"
    if seq == 0:
        sql = "SELECT genesis FROM journal WHERE id = ? AND ? = 0"
    row = conn.execute(sql, (journal_id, seq)).fetchone()
    if row is None:
        raise NotFoundFault(
            f"journal {journal_id} holds no entry {seq}",
            remedy="compare the journal with HQ by `till-agent status`",
            name="no-such-entry",
        )
    found: bytes = row[0]
    return found


def body_at(conn: Connection, journal_id: JournalId, seq: int) -> Body | None:
    """Read one fact; None where it was erased, pruned or never written, or cannot be read."""
    row = conn.execute(
        "SELECT c.kind, c.version, b.bytes FROM chain c"
        " JOIN body b ON b.place = (c.journal << 40 | c.seq)"
        " WHERE c.journal = (SELECT no FROM journal WHERE id = ?) AND c.seq = ?",
        (journal_id, seq),
    ).fetchone()
    return None if row is None else read(*row)


def entries(
    conn: Connection, till: TillId, lane: str, after_seq: int, limit: int = -1
) -> list[tuple[int, Body]]:
    """Read the facts of a till's open journal after a seq; erased ones are left out."""
    row = conn.execute(
        "SELECT no FROM journal WHERE till = ? AND lane = ? AND sealed = 0", (till, lane)
    ).fetchone()
    return [] if row is None else facts_of(conn, row[0], after_seq, limit=limit)


def facts_of(
    conn: Connection, number: int, after_seq: int, upto_seq: int = SEQ_MAX, limit: int = -1
) -> list[tuple[int, Body]]:
    """Read the facts of any journal of this file between two seqs, the first one left out.

    What cannot be read is passed over: see `core.entries.carried.read`.
    """
    rows = conn.execute(
        "SELECT c.seq, c.kind, c.version, b.bytes FROM chain c"
        " JOIN body b ON b.place = (c.journal << 40 | c.seq)"
        " WHERE c.journal = ? AND c.seq > ? AND c.seq <= ? ORDER BY c.seq LIMIT ?",
        (number, after_seq, upto_seq, limit),
    ).fetchall()
    found = ((seq, read(kind, version, body)) for seq, kind, version, body in rows)
    return [(seq, body) for seq, body in found if body is not None]


def _lane(body: Body, lane: str | None) -> str:
    own = kind_of(body).lane
    if own != EITHER:
        return own
    if lane is None or lane not in LANES:
        raise InputFault(
            f"an entry of kind {kind_of(body).kind} may stand in either lane, and none is named",
            remedy="name the lane of the journal it is about",
            name="lane-missing",
        )
    return lane


def _write(conn: Connection, tail: Tail, sealed: Sealed) -> None:
    """Write an entry, and remember that its journal ends with it now."""
    conn.execute(
        _INSERT_ENTRY,
        (
            tail.number,
            sealed.seq,
            sealed.kind,
            sealed.version,
            sealed.commitment,
            sealed.hash,
            tail.receipts,
            tail.z_number,
            tail.closed_seq,
        ),
    )
    place = tail.number << SEQ_BITS | sealed.seq
    conn.execute(_INSERT_BODY, (place, sealed.salt, sealed.body))
    memory = memory_of(conn)
    memory.tails[tail.till, tail.lane] = tail
    if memory.entries is not None:
        memory.entries += 1


def _is_sealed(row: tuple[Any, ...]) -> bool:
    salt, body, committed = row[3:6]
    return body is None or commits(committed, salt, body)


def _torn(journal_id: JournalId, seq: int) -> JournalDamaged:
    return JournalDamaged(
        f"the body of entry {seq} of journal {journal_id} is not the one that was sealed; this "
        "entry and those after it stay here",
        remedy="check the disk (`smartctl -a`, `dmesg`); after closing time stop the agent, then: "
        "till-agent journal salvage, and all that can be read goes to HQ",
    )


def _wire(row: tuple[Any, ...]) -> WireRecord:
    seq, kind, version, salt, body, commitment, erased_by = row
    if body is None:
        return WireRecord(seq, kind, version, b"", b"", commitment, erased_by or "")
    return WireRecord(seq, kind, version, salt, body)


def _without_body(
    conn: Connection, journal_id: JournalId, rows: list[tuple[Any, ...]]
) -> EntryPruned | JournalDamaged:
    """Say why the first body that is not there is missing."""
    seq = next(row[0] for row in rows if row[4] is None and row[6] is None)
    mark = conn.execute(
        "SELECT upto_seq FROM pruned WHERE journal = (SELECT no FROM journal WHERE id = ?)",
        (journal_id,),
    ).fetchone()
    if mark is not None and seq <= mark[0]:
        return EntryPruned(
            f"the bodies of journal {journal_id} up to entry {mark[0]} were pruned here, because "
            "HQ had declared them safe",
            remedy="HQ holds them in its backups: restore HQ from its newest one",
        )
    return JournalDamaged(
        f"the body of entry {seq} of journal {journal_id} is missing",
        remedy="stop the agent, then: till-agent journal salvage",
    )
