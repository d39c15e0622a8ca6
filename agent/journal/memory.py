"""What the writer knows without reading it again: where the journals end, and the newest numbers.

Nobody else writes, so what it wrote last is how things stand, until something is rolled back: then
all of this is forgotten. No promise rests on it: an entry that is not the next one of its journal,
and an event whose cursor is taken, are refused by the tables themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.journal.connection import Connection
from agent.journal.database import Database

if TYPE_CHECKING:
    from agent.core.identifiers import TillId
    from agent.journal.tails import Tail


class Memory:
    """What is remembered from one statement, and one transaction, to the next."""

    __slots__ = ("entries", "event", "tails", "turn")

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Read everything anew: something was rolled back, or written past this."""
        self.tails: dict[tuple[TillId, str], Tail] = {}
        """The end of each open journal, by till and lane."""
        self.entries: int | None = None
        """How many entries all journals hold together."""
        self.event: int | None = None
        """The newest event's cursor."""
        self.turn: int | None = None
        """The newest turn of the print queue."""


class Writing:
    """The writer's connection: one cursor for all statements, and a memory."""

    __slots__ = ("_conn", "execute", "memory")

    def __init__(self, conn: Database) -> None:
        self._conn = conn
        self.execute = conn.cursor().execute
        self.memory = Memory()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return bool(self._conn.in_transaction)


def memory_of(conn: Connection) -> Memory:
    """Give the writer's memory; any other connection remembers nothing."""
    return conn.memory if isinstance(conn, Writing) else Memory()
