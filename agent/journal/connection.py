"""What the functions of this room ask of a database connection.

Just `execute`, so that the same functions run under pysqlite3 at the till and under apsw in the
power-cut simulator. The writer hands them a cursor: what a statement gives is fetched before the
next one is run. They never begin or commit: whoever calls them owns the transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class Cursor(Protocol):
    """The rows of one statement."""

    def fetchone(self) -> tuple[Any, ...] | None:
        """Give the next row, or None after the last."""
        ...

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Give all remaining rows."""
        ...


class Connection(Protocol):
    """A connection inside a transaction."""

    def execute(self, sql: str, parameters: Sequence[object] = (), /) -> Cursor:
        """Run one statement with its parameters."""
        ...
