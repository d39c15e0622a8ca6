"""Filling a journal with what stands in another file: a damaged one, or an archive."""

from __future__ import annotations

from agent.core.entries.bodies import EntryCarried, SaleCompleted, TillClosed
from agent.core.entries.canonical import decode
from agent.core.entries.kinds import KINDS
from agent.core.faults import InputFault
from agent.journal import sales
from agent.journal.connection import Connection
from agent.journal.founding import FILLING, Entry, Founding, found, seal
from agent.journal.memory import memory_of
from agent.journal.tails import SEQ_BITS

_SALE = KINDS[SaleCompleted].kind
_CLOSING = KINDS[TillClosed].kind
_CARRIED = KINDS[EntryCarried].kind


class Filling:
    """Writes the entries of a journal that stands elsewhere, one after another."""

    def __init__(self, conn: Connection, founding: Founding, number: int | None = None) -> None:
        """Found the journal.

        Raises:
            StateFault: `journal-here`.
        """
        self.number = found(conn, founding, FILLING, number)
        self.seq = 0
        self._conn = conn
        self._receipts = self._z_number = self._closed_seq = 0
        self._pruned: Entry | None = None

    def add(self, entry: Entry, at: str) -> None:
        """Write the next entry; `at` is when, for an erase order."""
        self._count(entry)
        self._conn.execute(
            "INSERT INTO chain (journal, seq, kind, version, commitment, hash, receipts, z_number,"
            " closed_seq) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self.number,
                entry.seq,
                entry.kind,
                entry.version,
                entry.commitment,
                entry.hash,
                self._receipts,
                self._z_number,
                self._closed_seq,
            ),
        )
        memory_of(self._conn).entries = None
        self.seq = entry.seq
        self._put_body(entry, at)
        self._index(entry)

    def close(self) -> None:
        """Seal the journal, with the mark of what was pruned of it."""
        if self._pruned is not None:
            self._conn.execute(
                "INSERT INTO pruned (journal, upto_seq, upto_hash) VALUES (?, ?, ?)",
                (self.number, self._pruned.seq, self._pruned.hash),
            )
        seal(self._conn, self.number)

    def _count(self, entry: Entry) -> None:
        self._receipts += entry.kind == _SALE
        if entry.kind == _CLOSING:
            self._z_number, self._closed_seq = self._z_number + 1, entry.seq

    def _index(self, entry: Entry) -> None:
        """Let the sale be found, unless it is found elsewhere, in a copy or its original."""
        if entry.body is None or entry.kind not in {_SALE, _CARRIED}:
            return
        try:
            body = decode(entry.kind, entry.version, entry.body)
        except InputFault:
            return  # Of a newer program: it is kept and travels, unread.
        if isinstance(body, EntryCarried):
            sales.index_carried(self._conn, self.number, entry.seq, body)
        elif isinstance(body, SaleCompleted) and sales.place(self._conn, body.sale_id) is None:
            sales.index(self._conn, self.number, entry.seq, body)

    def _put_body(self, entry: Entry, at: str) -> None:
        place = self.number << SEQ_BITS | entry.seq
        if entry.order_id is not None:
            self._conn.execute(
                "INSERT INTO erase_order (place, order_id, ordered) VALUES (?, ?, ?)",
                (place, entry.order_id, at),
            )
        elif entry.body is None or entry.salt is None:
            self._pruned = entry
        else:
            self._conn.execute(
                "INSERT INTO body (place, salt, bytes) VALUES (?, ?, ?)",
                (place, entry.salt, entry.body),
            )
