"""Which entries came as a file: told of those that are late, and in the export."""

from __future__ import annotations

from sqlalchemy import Connection, select

from central.ledger.archive_tables import ARCHIVE_IMPORTS, PART

IMPORTED = "imported"


def filed_of(conn: Connection, journal_id: str, first: int, last: int) -> tuple[range, ...]:
    """Give the numbers from `first` to `last` of a journal that came as a file."""
    held = ARCHIVE_IMPORTS.c
    query = select(held.before_seq, held.after_seq).where(
        held.journal_id == journal_id,
        held.outcome == PART,
        held.before_seq < last,
        held.after_seq >= first,
    )
    return tuple(range(row.before_seq + 1, row.after_seq + 1) for row in conn.execute(query))


def came_by(why: str, seq: int, filed: tuple[range, ...]) -> str:
    """Tell how an entry came; what is said of the whole slice goes first.

    >>> came_by("", 3, (range(1, 4),)), came_by("", 4, (range(1, 4),))
    ('imported', '')
    """
    return why or (IMPORTED if any(seq in numbers for numbers in filed) else "")
