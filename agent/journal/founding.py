"""The journals themselves: how one is founded, filled from elsewhere, and sealed for ever."""

from __future__ import annotations

import msgspec

from agent.core.entries.bodies import SaleCompleted, TillClosed
from agent.core.entries.chain import genesis
from agent.core.entries.kinds import KINDS
from agent.core.faults import StateFault
from agent.core.identifiers import JournalId, StoreId, TillId
from agent.journal.connection import Connection
from agent.journal.tails import SEQ_BITS

OPEN, SEALED, FILLING = 0, 1, 2
_SALE = KINDS[SaleCompleted].kind
_CLOSING = KINDS[TillClosed].kind


class Founding(msgspec.Struct, frozen=True):
    """What a journal is bound to from its genesis on."""

    journal_id: JournalId
    store: StoreId
    till: TillId
    lane: str
    device_key: bytes
    """Ed25519 public key, 32 bytes."""
    predecessor: bytes = b""
    """The hash of the entry it goes on from; empty of a till's first journals."""

    def genesis(self) -> bytes:
        """Give the hash at seq 0."""
        return genesis(
            self.journal_id, self.store, self.till, self.lane, self.device_key, self.predecessor
        )


class Entry(msgspec.Struct, frozen=True):
    """An entry as it stands in a chain, with whatever is left of its body."""

    seq: int
    kind: int
    version: int
    commitment: bytes
    hash: bytes
    salt: bytes | None = None
    body: bytes | None = None
    """None of one that was erased or pruned."""
    order_id: str | None = None
    """The erase order behind a missing body."""


def found(conn: Connection, founding: Founding, state: int = OPEN) -> int:
    """Make a journal; gives its number in this file.

    Raises:
        StateFault: `journal-here`: a journal of this id is here already.
    """
    known = conn.execute("SELECT 1 FROM journal WHERE id = ?", (founding.journal_id,)).fetchone()
    if known is not None:
        raise StateFault(
            f"journal {founding.journal_id} is here already",
            remedy="nothing needs to be done: `till-agent journal verify` shows it",
            name="journal-here",
        )
    row = conn.execute(
        "INSERT INTO journal (id, store, till, lane, device_key, predecessor, genesis, sealed)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING no",
        (
            founding.journal_id,
            founding.store,
            founding.till,
            founding.lane,
            founding.device_key,
            founding.predecessor,
            founding.genesis(),
            state,
        ),
    ).fetchall()[0]
    number: int = row[0]
    return number


def seal(conn: Connection, number: int) -> None:
    """Close a journal for ever: it is only verified and sent from now on."""
    conn.execute("UPDATE journal SET sealed = 1 WHERE no = ?", (number,))


class Filling:
    """Writes the entries of a journal that stands elsewhere, one after another."""

    def __init__(self, conn: Connection, founding: Founding) -> None:
        """Found the journal.

        Raises:
            StateFault: `journal-here`.
        """
        self.number = found(conn, founding, FILLING)
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
        self.seq = entry.seq
        self._put_body(entry, at)

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
