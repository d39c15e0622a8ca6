"""The journals themselves: how one is founded, and sealed for ever."""

from __future__ import annotations

import msgspec

from agent.core.entries.chain import genesis
from agent.core.faults import StateFault
from agent.core.identifiers import JournalId, StoreId, TillId
from agent.journal.connection import Connection
from agent.journal.memory import memory_of

OPEN, SEALED, FILLING = 0, 1, 2


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


def found(
    conn: Connection, founding: Founding, state: int = OPEN, number: int | None = None
) -> int:
    """Make a journal, under a number where it must keep one; gives its number in this file.

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
        "INSERT INTO journal (no, id, store, till, lane, device_key, predecessor, genesis, sealed)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING no",
        (
            number,
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
    memory_of(conn).forget()
    made: int = row[0]
    return made


def seal(conn: Connection, number: int) -> None:
    """Close a journal for ever: it is only verified and sent from now on."""
    conn.execute("UPDATE journal SET sealed = 1 WHERE no = ?", (number,))
    memory_of(conn).forget()
